import { ClientError, messageOf, sourceInvalid } from "../errors/errors.js";
import { asBytes, describe, unshared } from "./bytes.js";
import { nameOf } from "./name.js";
import { RandomAccess } from "./random-access.js";
import { Sequential } from "./sequential.js";
import { partsOfIterable, partsOfStream } from "./streams.js";
import type { BlobSource, OpenSource, RandomAccessSource } from "./types.js";

/**
 * Makes a source of what a caller gave. What can be iterated is a stream, whatever else it can do: entries of archives
 * and streams of Node may have a `size` and a `read` too. `size` is only for streams, which do not know theirs.
 * @throws ClientError `source_invalid`
 */
export function openSource(source: BlobSource, size?: number): OpenSource {
	const given: unknown = source;
	if (asBytes(given)) return new RandomAccess(fromBytes(given as ArrayBufferView | ArrayBufferLike));
	if (typeof given === "string") throw sourceInvalid(TEXT);
	if (!isObject(given)) throw sourceInvalid(describe(given));
	const described = { size, name: nameOf(given) };
	if (isBlob(given)) {
		// Some runtimes have Blobs of what is elsewhere, whose size is not known.
		if (!isSize(given.size)) return new Sequential(partsOfStream(given.stream()), described);
		// One without bytes may be of a file whose size its system does not tell.
		return new RandomAccess(fromBlob(given), given.size > 0);
	}
	if ("getReader" in given)
		return new Sequential(partsOfStream(given as unknown as ReadableStream<Uint8Array>), described);
	if (Symbol.asyncIterator in given)
		return new Sequential(partsOfIterable(given as AsyncIterable<Uint8Array>), described);
	return new RandomAccess(checkRandomAccess(given));
}

/** A path is one in Node alone, and which encoding a text is meant in nobody says. */
const TEXT =
	"a string: give new TextEncoder().encode(text), or a path to the BlobClient of canister-blobs/node";

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;
const isSize = (size: unknown): size is number => Number.isSafeInteger(size) && (size as number) >= 0;

/** @throws ClientError `source_invalid` for what has other things behind the same names */
function checkRandomAccess(given: object): RandomAccessSource {
	const { size, read, pipe, on } = given as Record<string, unknown>;
	if (typeof read !== "function" || size === undefined) throw sourceInvalid(describe(given));
	if (typeof pipe === "function" || typeof on === "function")
		throw sourceInvalid(`${describe(given)}, a stream that cannot be iterated`);
	if (!isSize(size))
		throw sourceInvalid(`{ size, read } with a size that is no whole number (${String(size)})`);
	return given as RandomAccessSource;
}

/** The buffer is looked at each time: it may be transferred away or cut off meanwhile. */
function fromBytes(given: ArrayBufferView | ArrayBufferLike): RandomAccessSource {
	const size = given.byteLength;
	return {
		size,
		read: (start, end) => {
			if (given.byteLength !== size)
				throw new ClientError("source_changed", {
					reason: "its buffer was detached or has another length now",
				});
			const bytes = asBytes(given) as Uint8Array;
			return unshared(bytes.subarray(start, end));
		},
	};
}

/** By shape: a Blob of another realm or of a polyfill is a Blob too. */
const isBlob = (value: object): value is Blob =>
	"slice" in value && "arrayBuffer" in value && "size" in value && "type" in value;

function fromBlob(blob: Blob): RandomAccessSource {
	const { name } = blob as Partial<File>;
	const changed = (what: string, cause?: unknown) =>
		new ClientError("source_changed", { reason: `${name ? `the file ${name}` : "the Blob"} ${what}` }, cause);
	const bytesOf = async (part: Blob): Promise<Uint8Array> => {
		try {
			return new Uint8Array(await part.arrayBuffer());
		} catch (error) {
			// Browsers and Node refuse to read a File whose file was changed on disk.
			throw changed(`cannot be read: ${messageOf(error)}`, error);
		}
	};
	return {
		size: blob.size,
		read: (start, end) => bytesOf(blob.slice(start, end)),
		check: async () => {
			// Of an empty one nothing else is ever read, so that it may have grown unnoticed.
			if (blob.size === 0 && (await bytesOf(blob)).length > 0) throw changed("is not empty any more");
		},
		...(blob.type && { contentType: blob.type }),
		...(name && { name }),
	};
}
