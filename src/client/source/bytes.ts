import { sourceInvalid } from "../errors/errors.js";

/** By what every realm's own objects are told: `instanceof` knows those of one page or context only. */
const kindOf = (value: unknown): string => Object.prototype.toString.call(value);
const isBuffer = (value: unknown): value is ArrayBufferLike =>
	kindOf(value) === "[object ArrayBuffer]" || kindOf(value) === "[object SharedArrayBuffer]";

const lost = () => sourceInvalid("bytes whose buffer was detached or cut off");

/**
 * The bytes of a buffer or a view, of whatever realm, not copied; undefined for anything else.
 * @throws ClientError `source_invalid` where the buffer was transferred away, or cut off before the view
 */
export function asBytes(value: unknown): Uint8Array | undefined {
	if (!ArrayBuffer.isView(value) && !isBuffer(value)) return undefined;
	try {
		if (!ArrayBuffer.isView(value)) return new Uint8Array(value);
		// A typed array says that it is empty where its buffer is gone; only some of its methods throw.
		if (!(kindOf(value) === "[object DataView]")) Uint8Array.prototype.slice.call(value, 0, 0);
		return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
	} catch {
		throw lost();
	}
}

/**
 * The same bytes, in memory that no other thread can write to: what is hashed must be what is sent, and neither
 * WebCrypto nor fetch takes shared memory.
 */
export const unshared = (bytes: Uint8Array): Uint8Array =>
	kindOf(bytes.buffer) === "[object SharedArrayBuffer]" ? new Uint8Array(bytes) : bytes;

/** What a value is, for a message: its type or class, and nothing that it holds. */
export function describe(value: unknown): string {
	if (typeof value === "function") return "a function";
	if (typeof value !== "object" || value === null) return value === null ? "null" : typeof value;
	if (typeof (value as PromiseLike<unknown>).then === "function") return "a Promise: await it first";
	const name: unknown = Object.getPrototypeOf(value)?.constructor?.name;
	return typeof name === "string" && name !== "" && name !== "Object"
		? `an object of class ${name}`
		: "an object";
}
