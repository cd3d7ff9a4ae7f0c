/** One object in a sink. */
export interface SinkObject {
	/** Its name. */
	readonly name: string;
	/** Its size in bytes. */
	readonly size: number;
}

/**
 * Where a repository lies: named objects of 1 byte to 32 MiB. Names consist of segments of `a-z 0-9 . -`, separated
 * by `/`. `checkSink` judges an implementation.
 *
 * Every method rejects where it could not do its work; none resolves for work that is half done.
 */
export interface Sink {
	/** Shown to people. Must hold no secret. */
	readonly name: string;
	/**
	 * Reads at most `length` bytes from `start` on; fewer, or none, where the object ends before.
	 * @returns undefined where there is no such object
	 */
	get(name: string, start: number, length: number): Promise<Uint8Array | undefined>;
	/** Size of an object in bytes; undefined where there is none. */
	size(name: string): Promise<number | undefined>;
	/**
	 * Writes an object, in the place of one that is there. It is durable and whole once this resolves; until then, and
	 * if the process dies, readers see what was there before.
	 */
	put(name: string, bytes: Uint8Array): Promise<void>;
	/**
	 * Writes an object only if there is none of this name, like `put`. Of any number of processes that create the same
	 * name, exactly one is told true.
	 * @returns false where there is one, which stays as it is
	 */
	create(name: string, bytes: Uint8Array): Promise<boolean>;
	/** Deletes an object; that there is none is no error. */
	delete(name: string): Promise<void>;
	/** Objects whose names begin so, in byte order of their names. Shows all that was written before the call. */
	list(prefix: string): AsyncIterable<SinkObject>;
	/** Removes what processes that died left behind. Called by prune. */
	tidy?(): Promise<void>;
}

/** Largest object that a repository writes. */
export const MAX_OBJECT_BYTES = 32 * 2 ** 20;

const SEGMENT = /^[a-z0-9][a-z0-9.-]*$/;

/** Whether a sink must take this name. */
export const isObjectName = (name: string): boolean =>
	name.length <= 200 && name.split("/").every((segment) => SEGMENT.test(segment));
