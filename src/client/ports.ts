/** SHA-256 of bytes, at once or later: node:crypto answers at once, WebCrypto does not. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>;

/** What the client takes from the platform it runs on. */
export interface Ports {
	/** The platform's fastest. */
	readonly sha256: Sha256;
	/** Cryptographically strong random bytes. */
	readonly randomBytes: (count: number) => Uint8Array;
	/** Milliseconds since 1970. */
	readonly now: () => number;
	/** From 0 (included) to 1 (excluded); only jitter depends on it. */
	readonly random: () => number;
	/** Resolves after this time; rejects with an `aborted` error as soon as the signal fires. */
	readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
}
