import { interrupt } from "./interrupted.js";

/** The exit code of a process that SIGPIPE ends, as shells show it. */
export const EXIT_OUTPUT_CLOSED = 141;

let isClosed = false;

/** Whether what read stdout or stderr has ended, as `head` does in `canister-blobs ls | head`. */
export const isOutputClosed = (): boolean => isClosed;

/**
 * Ends the process quietly when nothing reads its output any more, as SIGPIPE ends Unix tools: Node ignores that signal
 * and would print a stack. What must be undone first, such as a store in maintenance, is: that command is interrupted.
 */
export function endWithReader(): void {
	for (const stream of [process.stdout, process.stderr])
		stream.on("error", (error: NodeJS.ErrnoException) => {
			if (error.code !== "EPIPE") throw error;
			if (isClosed) return;
			isClosed = true;
			if (!interrupt("the end of what read the output")) process.exit(EXIT_OUTPUT_CLOSED);
		});
}
