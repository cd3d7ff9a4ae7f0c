/**
 * Bytes that can be read from anywhere, and so again: a file, a buffer. The same range must give the same bytes. An
 * object that can be iterated (`Symbol.asyncIterator`) or has a reader (`getReader`) counts as a stream, even if it has
 * these names too, as entries of archives do.
 */
export interface RandomAccessSource {
	/** Bytes in all: a whole number, which stays. */
	readonly size: number;
	/** Exactly the bytes from `start` (included) to `end` (excluded). */
	read(start: number, end: number): Promise<Uint8Array> | Uint8Array;
	/**
	 * Fills `target` with the bytes from `start` on, in place of `read`: for a source that has to copy them in any case.
	 * An upload then makes its message around them, and holds a third less.
	 */
	readInto?(start: number, target: Uint8Array): Promise<void> | void;
	/** Throws `source_changed` if the source is no longer what it was when it was opened. Called at the end. */
	check?(): Promise<void>;
	/** Called once, when nobody reads any more. */
	close?(): Promise<void>;
	/** The media type, where the source knows it. */
	readonly contentType?: string | undefined;
	/** Of the file that it is, where it is one: in Node the media type is guessed from its ending. */
	readonly name?: string | undefined;
}

/**
 * What can be uploaded. Buffers may be shared, and of another realm; a stream must not have been read from before. A
 * `{ size, read }` object may be any storage that can be read at random.
 */
export type BlobSource =
	| ArrayBufferView
	| ArrayBufferLike
	| Blob
	| ReadableStream<Uint8Array>
	| AsyncIterable<Uint8Array>
	| RandomAccessSource;

/**
 * A source cut into chunks, read from the first to the last, one at a time. Every chunk has the full length but the
 * last, which is shorter or missing.
 */
export interface ChunkReader {
	/** The next chunk; undefined at the end. The bytes belong to the caller until the next call at least. */
	next(): Promise<Uint8Array | undefined>;
	/** Gives back what it holds; what was not read stays unread. */
	close(): Promise<void>;
}

/** A source as an upload uses it. */
export interface OpenSource {
	/** Bytes in all, where they are known beforehand. */
	readonly size: number | undefined;
	readonly contentType: string | undefined;
	/** Of the file that it is, or its path. */
	readonly name: string | undefined;
	/** Whether no byte at all may mean that there was nothing to read from, and not that the source is empty. */
	readonly mayBeUnread: boolean;
	/** Whether `chunks` may be called again, and `chunk` at all. */
	readonly isRepeatable: boolean;
	chunks(chunkBytes: number): ChunkReader;
	/** One chunk by its index, of a repeatable source. */
	chunk(index: number, chunkBytes: number): Promise<Uint8Array>;
	/** Takes back a chunk that nobody needs any more: its buffer may be filled again. */
	giveBack(chunk: Uint8Array): void;
	/** Throws `source_changed` where the source can tell that it is no longer the same. */
	check(): Promise<void>;
	close(): Promise<void>;
}
