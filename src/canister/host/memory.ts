/**
 * Which stable map holds what. A number is frozen once a release has used it: the data of a deployed canister
 * is found by it. All of them can be moved together by `memoryOffset`, to make room for an application's maps.
 */
export const MEMORY = {
	meta: 0,
	slots: 1,
	freeSlots: 2,
	pages: 3,
	uploads: 4,
	blobs: 5,
	catalog: 6,
	accounts: 7,
	receipts: 8,
	queues: 9,
	chunks: 10,
	contents: 11,
	feed: 12,
	responses: 13,
	grants: 14,
	ends: 15,
	bin: 16,
	batches: 17,
	staged: 18,
	leases: 19,
	owners: 21,
} as const;

/** One past the highest number in use. */
export const MEMORIES = 22;

/** Version of everything that is written to these maps; docs/STORAGE.md describes it. */
export const LAYOUT_VERSION = 6;
