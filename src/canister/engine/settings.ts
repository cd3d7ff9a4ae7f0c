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
	/**
	 * Cycles that all principals without role, quota or blob may cause together in a day of UTC, as estimated on a subnet
	 * of 13 nodes: their updates are let in no more where they are spent; queries go on. Default no bound.
	 */
	readonly strangersCyclesPerDay?: number;
	/** Memory and cycles. */
	readonly room?: Partial<RoomSettings>;
}

export const DEFAULT_FEED_ENTRIES = 100_000;

/** Bounds as they are stored and sent; where an application says Infinity there is none. Throws at what is no bound. */
export function checkSettings(settings: Settings): void {
	const {
		quota = {},
		feedEntries = DEFAULT_FEED_ENTRIES,
		strangersCyclesPerDay = Number.POSITIVE_INFINITY,
		room = {},
	} = settings;
	for (const [name, value] of Object.entries({ ...quota, feedEntries, strangersCyclesPerDay }))
		if (value !== Number.POSITIVE_INFINITY && (!Number.isSafeInteger(value) || value < 0))
			throw new RangeError(`${name} must be a whole number from 0 on, or Infinity`);
	const { costSchedule = "auto", ...amounts } = room;
	if (!["auto", "paid", "free"].includes(costSchedule))
		throw new RangeError("room.costSchedule must be auto, paid or free");
	for (const [name, value] of Object.entries(amounts))
		if (!Number.isFinite(value) || value < 0) throw new RangeError(`${name} must be a number from 0 on`);
}
