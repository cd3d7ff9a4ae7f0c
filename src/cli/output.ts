import { whyNotWritten } from "./disk.js";
import { interrupt } from "./interrupted.js";

/** The exit code of a process that SIGPIPE ends, as in shells. */
const EXIT_OUTPUT_CLOSED = 141;
const EXIT_OUTPUT_FAILED = 1;

let exitCode: number | undefined;

/**
 * The exit code of a command whose output is closed: the reader of stdout or stderr has ended, as `head` in
 * `canister-blobs ls | head`, or its disk is full. Undefined while the output is open.
 */
export const outputExitCode = (): number | undefined => exitCode;

/**
 * Ends the process when its output cannot be written, without Node's stack trace: silently if the reader has ended, as
 * SIGPIPE ends Unix tools, and with the reason otherwise. Interrupts commands that must first undo something, such as a
 * store in maintenance.
 */
export function endWithOutput(): void {
	for (const stream of [process.stdout, process.stderr])
		stream.on("error", (error: NodeJS.ErrnoException) => {
			if (exitCode !== undefined) return;
			exitCode = error.code === "EPIPE" ? EXIT_OUTPUT_CLOSED : EXIT_OUTPUT_FAILED;
			if (error.code !== "EPIPE" && stream === process.stdout)
				process.stderr.write(`canister-blobs: ${whyNotWritten(error, "stdout") ?? error.message}\n`);
			if (!interrupt("the end of what takes the output")) process.exit(exitCode);
		});
}
