import { ClientError } from "../errors.js";
import { RandomAccess } from "./random-access.js";
import { Sequential } from "./sequential.js";
import type { BlobSource, OpenSource, RandomAccessSource } from "./types.js";

/**
 * Makes a source of what a caller gave. `size` is only for streams, which do not know theirs.
 * @throws ClientError `source_invalid`
 */
export function openSource(source: BlobSource, size?: number): OpenSource {
	if (ArrayBuffer.isView(source)) return new RandomAccess(fromBytes(viewBytes(source)));
	if (source instanceof ArrayBuffer) return new RandomAccess(fromBytes(new Uint8Array(source)));
	if (isBlob(source)) return new RandomAccess(fromBlob(source));
	if (isObject(source)) {
		if ("read" in source && typeof source.read === "function" && typeof source.size === "number")
			return new RandomAccess(source as RandomAccessSource);
		// A stream first: those of Node are iterable too, but then cannot be cancelled while a read is under way.
		if ("getReader" in source)
			return new Sequential(fromStream(source as unknown as ReadableStream<Uint8Array>), size);
		if (Symbol.asyncIterator in source) return new Sequential(source as AsyncIterable<Uint8Array>, size);
	}
	throw new ClientError("source_invalid", { got: source === null ? "null" : typeof source });
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

const viewBytes = (view: ArrayBufferView): Uint8Array =>
	new Uint8Array(view.buffer, view.byteOffset, view.byteLength);

function fromBytes(bytes: Uint8Array): RandomAccessSource {
	return { size: bytes.length, read: (start, end) => bytes.subarray(start, end) };
}

/** By shape: a Blob of another realm or of a polyfill is a Blob too. */
const isBlob = (value: unknown): value is Blob =>
	isObject(value) && "slice" in value && "arrayBuffer" in value && "size" in value && "type" in value;

function fromBlob(blob: Blob): RandomAccessSource {
	const read = async (start: number, end: number): Promise<Uint8Array> => {
		try {
			return new Uint8Array(await blob.slice(start, end).arrayBuffer());
		} catch (error) {
			// Browsers refuse to read a File whose file was changed on disk.
			const reason = error instanceof Error ? error.message : String(error);
			throw new ClientError("source_changed", { reason }, error);
		}
	};
	return { size: blob.size, read, ...(blob.type && { contentType: blob.type }) };
}

/**
 * Not every browser's ReadableStream is an async iterable. Nor is a generator used here: to end one waits for what it
 * is waiting for, while to cancel a reader ends a read that is under way.
 */
function fromStream(stream: ReadableStream<Uint8Array>): AsyncIterable<Uint8Array> {
	const reader = stream.getReader();
	return {
		[Symbol.asyncIterator]: () => ({
			next: () => reader.read() as Promise<IteratorResult<Uint8Array>>,
			return: async () => {
				await reader.cancel().catch(() => {});
				return { done: true, value: undefined };
			},
		}),
	};
}
