/** The record of an open upload. */
export interface SessionNote {
	/** Id of the upload: 32 hex digits. */
	readonly id: string;
	/** Canister id as text. */
	readonly canisterId: string;
	/** The owner's principal as text. */
	readonly owner: string;
	/** The key to publish under. */
	readonly key: string;
	/** Size in bytes; undefined for a stream. */
	readonly size: number | undefined;
	/** Bytes of each chunk except the last. */
	readonly chunkBytes: number;
	/** When the upload began, in milliseconds since 1970. */
	readonly startedAt: number;
	/**
	 * The `handle` given to `upload`, by which the application finds the source again: a FileSystemFileHandle, a path,
	 * or any other value that the session store can keep.
	 */
	readonly handle?: unknown | undefined;
}

/**
 * Records open uploads, so that an application finds them after a reload or a crash. The records are only hints: the
 * client checks them against the canister, and uploads work even if the store fails, hangs or loses them.
 */
export interface SessionStore {
	/** Stores a record; replaces one with the same canister and id. */
	put(note: SessionNote): Promise<void>;
	/** Removes a record. Succeeds if it does not exist. */
	remove(note: Pick<SessionNote, "canisterId" | "id">): Promise<void>;
	/** All records, of every canister, in any order. */
	list(): Promise<SessionNote[]>;
}
