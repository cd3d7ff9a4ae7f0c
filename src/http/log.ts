/** The error of a failed request. */
export interface LoggedError {
	/** Code of the error. */
	readonly code: string;
	/** Message of the error. */
	readonly reason?: string;
}

/** Record of a finished request. It omits the query, which may contain a link's signature. */
export interface LogRecord {
	/** Time of arrival, in ISO 8601. */
	readonly time: string;
	/** HTTP method. */
	readonly method: string;
	/** The path as it arrived, without the query; at most 1,024 characters. */
	readonly path: string;
	/** HTTP status; 499 if the reader left before the response. */
	readonly status: number;
	/** Bytes of the body that were handed to the reader. */
	readonly bytes: number;
	/** Duration in milliseconds. */
	readonly ms: number;
	/**
	 * `done`: all was sent. `gone`: the reader left. `stalled`: it took nothing for too long. `failed`: see `error`.
	 */
	readonly end: "done" | "gone" | "stalled" | "failed";
	/** Address of the requester, if known. */
	readonly from?: string;
	/** The error, if the request failed. */
	readonly error?: LoggedError;
}

const MAX_LOGGED_PATH = 1_024;

/** The path of a request target in its logged form. */
export const loggedPath = (target: string): string =>
	target.replace(/[?#].*$/s, "").slice(0, MAX_LOGGED_PATH);
