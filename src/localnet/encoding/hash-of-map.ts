/**
 * HTTPS interface, "Representation-independent hashing of structured data" and "Request ids".
 *
 * A 2 MiB argument is hashed once, natively.
 */
import { leb128, sha256, utf8 } from "./bytes.js";
import type { CborValue } from "./cbor-decode.js";

export type Hashable = CborValue | { readonly [key: string]: Hashable | undefined };

/** Fields of requests: their names are hashed once. */
const NAMES = new Map(
	["request_type", "canister_id", "method_name", "arg", "sender", "ingress_expiry", "nonce", "paths"].map(
		(name) => [name, sha256(utf8(name))],
	),
);

export function hashOfMap(
	map: Map<string, CborValue> | { readonly [key: string]: Hashable | undefined },
): Buffer {
	const entries: Iterable<[string, Hashable | undefined]> =
		map instanceof Map ? map.entries() : Object.entries(map);
	const fields: Buffer[] = [];
	for (const [key, value] of entries) {
		if (value !== undefined)
			fields.push(Buffer.concat([NAMES.get(key) ?? sha256(utf8(key)), hashOfValue(value)]));
	}
	return sha256(...fields.sort(Buffer.compare));
}

function hashOfValue(value: Hashable): Buffer {
	if (value instanceof Uint8Array) return sha256(value);
	if (typeof value === "string") return sha256(utf8(value));
	if (typeof value === "bigint") return sha256(leb128(value));
	if (Array.isArray(value)) return sha256(...value.map(hashOfValue));
	if (typeof value === "object" && value !== null) return hashOfMap(value);
	throw new TypeError(`a ${typeof value} has no representation-independent hash`);
}
