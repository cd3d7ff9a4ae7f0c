/** A signature to be verified by the worker, under a number of its own. */
export interface Question {
	readonly number: number;
	readonly key: Uint8Array;
	readonly signature: Uint8Array;
	readonly message: Uint8Array;
}

/** What the worker says: first that it is there, then an answer to each question. */
export type Answer =
	| "ready"
	| { readonly number: number; readonly isGood: boolean }
	/** The key or the signature is none. */
	| { readonly number: number; readonly reason: string };
