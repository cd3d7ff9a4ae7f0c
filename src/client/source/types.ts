/**
 * Bytes that can be read at any position, repeatedly: a file, a buffer. The same range must always give the same bytes.
 * An object that is iterable (`Symbol.asyncIterator`) or has a reader (`getReader`) is treated as a stream, even if it
 * also has these members, as archive entries do.
 */
export interface RandomAccessSource {
	/** Size in bytes: an integer that must not change. */
	readonly size: number;
	/** Exactly the bytes from `start` (included) to `end` (excluded). */
	read(start: number, end: number): Promise<Uint8Array> | Uint8Array;
	/**
	 * Fills `target` with the bytes from `start`; used instead of `read`. For a source that has to copy its bytes
	 * anyway: the upload then builds its message around them and needs less memory.
	 */
	readInto?(start: number, target: Uint8Array): Promise<void> | void;
	/** Throws `source_changed` if the source has changed since it was opened. Called at the end. */
	check?(): Promise<void>;
	/** Called once, after the last read. */
	close?(): Promise<void>;
	/** The media type, if the source knows it. */
	readonly contentType?: string | undefined;
	/** File name, if the source is a file: in Node the media type follows from its extension. */
	readonly name?: string | undefined;
}

/**
 * A source for an upload. Buffers may be shared or from another realm. A stream must not have been read from. A `{
 * size, read }` object may represent any storage with random access.
 */
export type BlobSource =
	| ArrayBufferView
	| ArrayBufferLike
	| Blob
	| ReadableStream<Uint8Array>
	| AsyncIterable<Uint8Array>
	| RandomAccessSource;

/**
 * Reads a source in chunks, in order, one at a time. All chunks have the full length except the last, which is shorter
 * or missing.
 */
export interface ChunkReader {
	/** The next chunk; undefined at the end. The bytes are valid at least until the next call. */
	next(): Promise<Uint8Array | undefined>;
	/** Releases the source; unread bytes stay unread. */
	close(): Promise<void>;
}

/** An opened source, as uploads use it. */
export interface OpenSource {
	/** Size in bytes, if known in advance. */
	readonly size: number | undefined;
	readonly contentType: string | undefined;
	/** File name or path, if the source is a file. */
	readonly name: string | undefined;
	/** Whether an empty result may mean a failed producer rather than an empty source. */
	readonly mayBeUnread: boolean;
	/** Whether `chunks` may be called repeatedly and `chunk` at all. */
	readonly isRepeatable: boolean;
	chunks(chunkBytes: number): ChunkReader;
	/** One chunk by its index, from a repeatable source. */
	chunk(index: number, chunkBytes: number): Promise<Uint8Array>;
	/** Returns a chunk that is no longer used, so that its buffer can be refilled. */
	giveBack(chunk: Uint8Array): void;
	/** Throws `source_changed` if the source can detect that it has changed. */
	check(): Promise<void>;
	close(): Promise<void>;
}
