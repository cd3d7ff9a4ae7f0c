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

/** The options and the other arguments of a command. What there is no option for is refused, as a UsageError is. */
export const parsed = <const Options extends NonNullable<ParseArgsConfig["options"]>>(
	args: readonly string[],
	options: Options,
): ReturnType<typeof parseArgs<{ args: string[]; allowPositionals: true; options: Options }>> =>
	parseArgs({ args: [...args], allowPositionals: true, options });
