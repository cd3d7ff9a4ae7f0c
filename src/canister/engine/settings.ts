import type { Authorize } from "./access.js";
import type { Quota } from "./accounts.js";
import type { RoomSettings } from "./room.js";

/** What an application may set about its store; each has a default. */
export interface Settings {
	/** The application's own rule of who may do what. */
	readonly authorize?: Authorize;
	/** The quota of those to whom no administrator gave another. Default: 1,000 open uploads, else no bound. */
	readonly quota?: Partial<Quota>;
	/** Changes that the feed keeps. Default 100,000. */
	readonly feedEntries?: number;
	/** Memory and cycles. */
	readonly room?: Partial<RoomSettings>;
}

export const DEFAULT_FEED_ENTRIES = 100_000;
