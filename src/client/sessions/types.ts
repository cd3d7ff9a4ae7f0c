/** What is noted about an upload while it is open in the canister. */
export interface SessionNote {
	/** Of the upload: 16 bytes. */
	readonly id: string;
	/** In text. */
	readonly canisterId: string;
	/** Whose upload it is: the principal in text. */
	readonly owner: string;
	/** Where it will be published. */
	readonly key: string;
	/** Bytes in all; undefined for a stream. */
	readonly size: number | undefined;
	/** Bytes of each chunk but the last. */
	readonly chunkBytes: number;
	/** Milliseconds since 1970. */
	readonly startedAt: number;
	/**
	 * By what the application finds the source again, as it gave it to `upload`: a FileSystemFileHandle, a path.
	 * Whatever the store can keep.
	 */
	readonly handle?: unknown | undefined;
}

/**
 * Where uploads under way are noted, to be found again after a reload or a crash. Only a hint: what it says is held
 * against the canister, and if it fails, hangs, or loses everything, uploads go on all the same.
 */
export interface SessionStore {
	/** Keeps a note, in place of one with the same canister and id. */
	put(note: SessionNote): Promise<void>;
	/** Forgets a note; that there is none is no error. */
	remove(note: Pick<SessionNote, "canisterId" | "id">): Promise<void>;
	/** All notes, of every canister, in any order. */
	list(): Promise<SessionNote[]>;
}
