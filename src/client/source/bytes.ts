import { sourceInvalid } from "../errors/errors.js";

/** The built-in class of an object in any realm; `instanceof` recognises only classes of its own page or context. */
const kindOf = (value: unknown): string => Object.prototype.toString.call(value);
const isBuffer = (value: unknown): value is ArrayBufferLike =>
	kindOf(value) === "[object ArrayBuffer]" || kindOf(value) === "[object SharedArrayBuffer]";

const lost = () => sourceInvalid("bytes whose buffer was detached or cut off");

/**
 * The bytes of a buffer or view from any realm, without copying; undefined for other values.
 * @throws ClientError `source_invalid` if the buffer was transferred, or ends before the view
 */
export function asBytes(value: unknown): Uint8Array | undefined {
	if (!ArrayBuffer.isView(value) && !isBuffer(value)) return undefined;
	try {
		if (!ArrayBuffer.isView(value)) return new Uint8Array(value);
		// A typed array on a detached buffer looks empty; only some of its methods throw.
		if (!(kindOf(value) === "[object DataView]")) Uint8Array.prototype.slice.call(value, 0, 0);
		return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
	} catch {
		throw lost();
	}
}

/**
 * The same bytes in memory that other threads cannot write to: the bytes hashed must be the bytes sent. WebCrypto and
 * fetch reject shared memory anyway.
 */
export const unshared = (bytes: Uint8Array): Uint8Array =>
	kindOf(bytes.buffer) === "[object SharedArrayBuffer]" ? new Uint8Array(bytes) : bytes;

/** The type or class of a value for a message, without its contents. */
export function describe(value: unknown): string {
	if (typeof value === "function") return "a function";
	if (typeof value !== "object" || value === null) return value === null ? "null" : typeof value;
	if (typeof (value as PromiseLike<unknown>).then === "function") return "a Promise: await it first";
	const name: unknown = Object.getPrototypeOf(value)?.constructor?.name;
	return typeof name === "string" && name !== "" && name !== "Object"
		? `an object of class ${name}`
		: "an object";
}
