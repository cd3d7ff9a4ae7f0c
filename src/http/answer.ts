import type { Header } from "./core/headers.js";
import type { Body } from "./core/reader.js";
import type { LoggedError } from "./log.js";

/** A request, independent of the kind of server. */
export interface Asked {
	readonly method: string;
	/** Path and query, or a URL. */
	readonly target: string;
	/** A header by its lower-case name. Several headers of one name are joined by commas. */
	header(name: string): string | undefined;
}

/** A response, independent of the kind of server. */
export interface Answer {
	readonly status: number;
	readonly headers: readonly Header[];
	readonly body: Body | Uint8Array | undefined;
	/** The error, if the request failed. */
	readonly error?: LoggedError;
}
