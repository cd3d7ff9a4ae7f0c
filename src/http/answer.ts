import type { Header } from "./core/headers.js";
import type { Body } from "./core/reader.js";
import type { LoggedError } from "./log.js";

/** A request, of whichever kind of server. */
export interface Asked {
	readonly method: string;
	/** Path and query, or a URL. */
	readonly target: string;
	/** By its name in lower case; several of one name joined by commas. */
	header(name: string): string | undefined;
}

/** An answer, for whichever kind of server. */
export interface Answer {
	readonly status: number;
	readonly headers: readonly Header[];
	readonly body: Body | Uint8Array | undefined;
	/** Where something failed. */
	readonly error?: LoggedError;
}
