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
