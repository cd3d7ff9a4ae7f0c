import { hex } from "./bytes.js";

/**
 * The shape of this package's results and errors in JSON: a bigint as decimal digits, bytes as lower-case hex digits, a
 * time in ISO 8601, Infinity as null.
 */
export type AsJson<T> = T extends bigint | Uint8Array | Date
	? string
	: T extends object
		? { [Name in keyof T]: AsJson<T[Name]> }
		: T;

/** The value for `JSON.stringify`. */
export function toJson(value: unknown): unknown {
	if (typeof value === "bigint") return value.toString();
	if (typeof value !== "object" || value === null) return value;
	if (ArrayBuffer.isView(value)) return hex(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
	const { toJSON } = value as { toJSON?: unknown };
	if (typeof toJSON === "function") return toJSON.call(value);
	if (value instanceof Error) return { name: value.name, message: value.message };
	if (Array.isArray(value)) return value.map(toJson);
	return toJsonObject(value);
}

export const toJsonObject = (value: object): object =>
	Object.fromEntries(Object.entries(value).map(([name, each]) => [name, toJson(each)]));

/** Shared by all objects: lists have thousands. */
const TO_JSON = {
	value(this: object) {
		return toJsonObject(this);
	},
};

/**
 * Makes an object serialisable as JSON. The property is not enumerable, so the object can still be compared, spread and
 * cloned.
 */
export function withJson<T extends object>(value: T): T {
	return Object.defineProperty(value, "toJSON", TO_JSON);
}
