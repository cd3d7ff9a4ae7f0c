import { ClientError, messageOf, sourceInvalid } from "../errors/errors.js";
import { asBytes, describe, unshared } from "./bytes.js";
import { nameOf } from "./name.js";
import { RandomAccess } from "./random-access.js";
import { Sequential } from "./sequential.js";
import { partsOfIterable, partsOfStream } from "./streams.js";
import type { BlobSource, OpenSource, RandomAccessSource } from "./types.js";

/**
 * Opens a source. An iterable is a stream even if it has `size` and `read`, as archive entries and Node streams do.
 * `size` applies to streams only, which do not know their own.
 * @throws ClientError `source_invalid`
 */
export function openSource(source: BlobSource, size?: number): OpenSource {
	const given: unknown = source;
	if (asBytes(given)) return new RandomAccess(fromBytes(given as ArrayBufferView | ArrayBufferLike));
	if (typeof given === "string") throw sourceInvalid(TEXT);
	if (!isObject(given)) throw sourceInvalid(describe(given));
	const described = { size, name: nameOf(given) };
	if (isBlob(given)) {
		// Some runtimes have Blobs of remote data with unknown size.
		if (!isSize(given.size)) return new Sequential(partsOfStream(given.stream()), described);
		// A Blob of size 0 may represent a file whose size the system does not report.
		return new RandomAccess(fromBlob(given), given.size > 0);
	}
	if ("getReader" in given)
		return new Sequential(partsOfStream(given as unknown as ReadableStream<Uint8Array>), described);
	if (Symbol.asyncIterator in given)
		return new Sequential(partsOfIterable(given as AsyncIterable<Uint8Array>), described);
	return new RandomAccess(checkRandomAccess(given));
}

/** A string could be a path, in Node only, or a text of unknown encoding. */
const TEXT =
	"a string: give new TextEncoder().encode(text), or a path to the BlobClient of canister-blobs/node";

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;
const isSize = (size: unknown): size is number => Number.isSafeInteger(size) && (size as number) >= 0;

/** @throws ClientError `source_invalid` if the members have other types */
function checkRandomAccess(given: object): RandomAccessSource {
	const { size, read, pipe, on } = given as Record<string, unknown>;
	if (typeof read !== "function" || size === undefined) throw sourceInvalid(describe(given));
	if (typeof pipe === "function" || typeof on === "function")
		throw sourceInvalid(`${describe(given)}, a stream that cannot be iterated`);
	if (!isSize(size))
		throw sourceInvalid(`{ size, read } with a size that is no whole number (${String(size)})`);
	return given as RandomAccessSource;
}

/** Read the view's length each time: the buffer may be transferred or shrunk meanwhile. */
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

/** By shape, so that Blobs of other realms and polyfills are recognised. */
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
			// Browsers and Node refuse to read a File after its file changed on disk.
			throw changed(`cannot be read: ${messageOf(error)}`, error);
		}
	};
	return {
		size: blob.size,
		read: (start, end) => bytesOf(blob.slice(start, end)),
		check: async () => {
			// No other read checks an empty Blob, so it may have grown unnoticed.
			if (blob.size === 0 && (await bytesOf(blob)).length > 0) throw changed("is not empty any more");
		},
		...(blob.type && { contentType: blob.type }),
		...(name && { name }),
	};
}
