/** What is noted about an upload while it is open in the canister. */
export interface SessionNote {
	/** Of the upload: 16 bytes. */
	readonly id: Uint8Array;
	/** In text. */
	readonly canisterId: string;
	readonly key: string;
	/** Bytes in all; undefined for a stream. */
	readonly size: number | undefined;
	readonly chunkBytes: number;
	/** Milliseconds since 1970. */
	readonly startedAt: number;
	/**
	 * By what the application finds the source again, as it gave it to `upload`: a FileSystemFileHandle, a path.
	 * Whatever the store can keep.
	 */
	readonly handle?: unknown;
}

/**
 * Where uploads under way are noted, to be found again after a reload or a crash. Only a hint: what it says is held
 * against the canister, and if it fails, hangs, or loses everything, uploads go on all the same.
 */
export interface SessionStore {
	put(note: SessionNote): Promise<void>;
	remove(note: Pick<SessionNote, "canisterId" | "id">): Promise<void>;
	list(): Promise<SessionNote[]>;
}
