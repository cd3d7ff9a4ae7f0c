import { type ParseArgsConfig, parseArgs } from "node:util";

/** A command of main.ts, one file each. */
export interface Command {
	/** Output of `--help`. */
	readonly help: string;
	/**
	 * Runs the command. A UsageError ends the program with exit code 2, any other error with 1.
	 * @returns the exit code; undefined for 0
	 */
	// biome-ignore lint/suspicious/noConfusingVoidType: most commands return nothing
	run(args: readonly string[]): Promise<number | void>;
}

export const EXIT_FAILURE = 1;
export const EXIT_USAGE = 2;

/** The command line itself is wrong. */
export class UsageError extends Error {
	override readonly name = "UsageError";
}

/** A refusal or a failure of the command itself, with a code for readers of JSON. */
export class CommandError extends Error {
	override readonly name = "CommandError";
	readonly code: string;

	constructor(code: string, message: string) {
		super(message);
		this.code = code;
	}
}

/** The arguments that may be options: those before `--`. */
export function optionsIn(args: readonly string[]): readonly string[] {
	const end = args.indexOf("--");
	return end < 0 ? args : args.slice(0, end);
}

type Options = NonNullable<ParseArgsConfig["options"]>;

/** Parses options and other arguments. @throws {UsageError} for an unknown option */
export const parsed = <const Given extends Options>(
	args: readonly string[],
	options: Given,
): ReturnType<typeof parseArgs<{ args: string[]; allowPositionals: true; options: Given }>> =>
	suggesting(options, () => parseArgs({ args: [...args], allowPositionals: true, options }));

/** Like `parsed`, for a command with options only. */
export const parsedOptions = <const Given extends Options>(
	args: readonly string[],
	options: Given,
): ReturnType<typeof parseArgs<{ args: string[]; options: Given }>>["values"] =>
	suggesting(options, () => parseArgs({ args: [...args], options }).values);

function suggesting<T>(options: Options, parse: () => T): T {
	try {
		return parse();
	} catch (error) {
		const { code, message } = error as NodeJS.ErrnoException;
		const given = code === "ERR_PARSE_ARGS_UNKNOWN_OPTION" ? /'(-[^' ]*)/.exec(message)?.[1] : undefined;
		if (given === undefined) throw error;
		throw new UsageError(
			`there is no option ${given}${suggestion(
				given,
				Object.keys(options).map((name) => `--${name}`),
			)}`,
		);
	}
}

/** Suggests a similar name, as the end of a sentence; empty if there is none. */
export function suggestion(given: string, names: readonly string[]): string {
	const near = names
		.map((name) => ({ name, edits: editsBetween(given, name) }))
		.filter(({ edits }) => edits <= 2)
		.sort((a, b) => a.edits - b.edits)[0];
	return near === undefined ? "" : `; did you mean ${near.name}?`;
}

/** Number of letters to insert, delete, replace or swap with the next one (optimal string alignment distance). */
function editsBetween(a: string, b: string): number {
	const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
	for (let i = 1; i <= a.length; i++) {
		const row = [i];
		for (let j = 1; j <= b.length; j++) {
			const isSame = a[i - 1] === b[j - 1];
			row[j] = Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, rows[i - 1]![j - 1]! + (isSame ? 0 : 1));
			if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
				row[j] = Math.min(row[j]!, rows[i - 2]![j - 2]! + 1);
		}
		rows.push(row);
	}
	return rows[a.length]![b.length]!;
}
