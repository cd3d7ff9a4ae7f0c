/** What went wrong. */
export interface LoggedError {
	/** Code of the error. */
	readonly code: string;
	/** What it says. */
	readonly reason?: string;
}

/** What is known of a request when it has ended: nothing of its query, which may be a link's. */
export interface LogRecord {
	/** When it came, in ISO 8601. */
	readonly time: string;
	/** How it was made. */
	readonly method: string;
	/** The path as it came, without the query, at most 1,024 characters of it. */
	readonly path: string;
	/** What was answered; 499 where the reader left before there was an answer. */
	readonly status: number;
	/** Bytes of the body that were handed to the reader. */
	readonly bytes: number;
	/** Until it ended, in milliseconds. */
	readonly ms: number;
	/** done: all was sent. gone: the reader left. stalled: it took nothing for too long. failed: see `error`. */
	readonly end: "done" | "gone" | "stalled" | "failed";
	/** The address of who asked, where it is known. */
	readonly from?: string;
	/** Where something failed. */
	readonly error?: LoggedError;
}

const MAX_LOGGED_PATH = 1_024;

/** The path of a request target, as logs have it. */
export const loggedPath = (target: string): string =>
	target.replace(/[?#].*$/s, "").slice(0, MAX_LOGGED_PATH);
