import { type ParseArgsConfig, parseArgs } from "node:util";

/** What a command is to main.ts: one file a command. */
export interface Command {
	/** What `--help` prints. */
	readonly help: string;
	/**
	 * Does it. What it throws ends the program: a UsageError with 2, anything else with 1.
	 * @returns the exit code, where it is not 0
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

/** Something that the command itself refuses or misses, with a code for readers of JSON. */
export class CommandError extends Error {
	override readonly name = "CommandError";
	readonly code: string;

	constructor(code: string, message: string) {
		super(message);
		this.code = code;
	}
}

/** What may be options: what stands after `--` is not. */
export function optionsIn(args: readonly string[]): readonly string[] {
	const end = args.indexOf("--");
	return end < 0 ? args : args.slice(0, end);
}

type Options = NonNullable<ParseArgsConfig["options"]>;

/** The options and the other arguments of a command. @throws {UsageError} for an option that the command does not have */
export const parsed = <const Given extends Options>(
	args: readonly string[],
	options: Given,
): ReturnType<typeof parseArgs<{ args: string[]; allowPositionals: true; options: Given }>> =>
	suggesting(options, () => parseArgs({ args: [...args], allowPositionals: true, options }));

/** The same for a command that takes options alone. */
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

/** Names what may have been meant, as the end of a sentence; nothing where no name is near. */
export function suggestion(given: string, names: readonly string[]): string {
	const near = names
		.map((name) => ({ name, edits: editsBetween(given, name) }))
		.filter(({ edits }) => edits <= 2)
		.sort((a, b) => a.edits - b.edits)[0];
	return near === undefined ? "" : `; did you mean ${near.name}?`;
}

/** Letters to insert, delete, replace or swap with the next one (optimal string alignment distance). */
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
