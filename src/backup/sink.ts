/** One object in a sink. */
export interface SinkObject {
	/** Its name. */
	readonly name: string;
	/** Its size in bytes. */
	readonly size: number;
}

/**
 * A place for a repository: named objects of 1 byte to 32 MiB. Names consist of segments of `a-z 0-9 . -`, separated by
 * `/`. `checkSink` tests an implementation.
 *
 * Every method rejects if it fails. None resolves for work that is half done.
 */
export interface Sink {
	/** Shown to people. Must not contain a secret. */
	readonly name: string;
	/**
	 * Reads at most `length` bytes from `start` on; fewer or none if the object ends before.
	 * @returns undefined if the object does not exist
	 */
	get(name: string, start: number, length: number): Promise<Uint8Array | undefined>;
	/** Size of an object in bytes; undefined if it does not exist. */
	size(name: string): Promise<number | undefined>;
	/**
	 * Writes or replaces an object. Once this resolves the object is durable and whole. Until then, and if the process
	 * dies, readers see the previous object.
	 */
	put(name: string, bytes: Uint8Array): Promise<void>;
	/**
	 * Writes an object like `put`, but only if the name is free. If several processes create the same name, exactly one
	 * gets `true`.
	 * @returns false if the object exists, which stays unchanged
	 */
	create(name: string, bytes: Uint8Array): Promise<boolean>;
	/** Deletes an object. Succeeds if it does not exist. */
	delete(name: string): Promise<void>;
	/**
	 * Objects whose names begin with `prefix`, in byte order of their names. Includes everything written before the
	 * call.
	 */
	list(prefix: string): AsyncIterable<SinkObject>;
	/** Removes remains of killed processes. Called by `prune`. */
	tidy?(): Promise<void>;
}

/** Largest object that a repository writes. */
export const MAX_OBJECT_BYTES = 32 * 2 ** 20;

const SEGMENT = /^[a-z0-9][a-z0-9.-]*$/;

/** Whether a sink must accept this name. */
export const isObjectName = (name: string): boolean =>
	name.length <= 200 && name.split("/").every((segment) => SEGMENT.test(segment));
