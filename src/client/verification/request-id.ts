import type { Sha256 } from "../platform/ports.js";
import { compareBytes, concat, lebEncode, utf8 } from "../util/bytes.js";

/** 11 bytes before the request id in what is signed (interface specification, "Authentication"). */
export const REQUEST_DOMAIN = concat(Uint8Array.of(10), utf8("ic-request"));

/** What the content of a request is made of. Naturals are bigints or safe integers. */
export type RequestValue = string | number | bigint | Uint8Array | RequestValue[] | RequestMap;
export interface RequestMap {
	readonly [name: string]: RequestValue | undefined;
}

/** One of any package. */
export const isPrincipal = (value: object): value is { toUint8Array(): Uint8Array } =>
	"_isPrincipal" in value && typeof (value as { toUint8Array?: unknown }).toUint8Array === "function";

async function hashValue(value: RequestValue, sha256: Sha256): Promise<Uint8Array> {
	if (typeof value === "string") return sha256(utf8(value));
	if (typeof value === "number" || typeof value === "bigint") return sha256(lebEncode(BigInt(value)));
	if (value instanceof Uint8Array) return sha256(value);
	if (Array.isArray(value)) {
		const parts = await Promise.all(value.map((element) => hashValue(element, sha256)));
		return sha256(concat(...parts));
	}
	// An identity of its own may have put a principal of its own package into the content.
	if (isPrincipal(value)) return sha256(value.toUint8Array());
	return requestIdOf(value, sha256);
}

/**
 * The representation-independent hash of a request's content (interface specification, "Request ids"): what is
 * signed, and under what name the network keeps the request's status. The agents compute the same in JavaScript,
 * 40 ms for 2 MiB; WebCrypto and node:crypto take 2.
 */
export async function requestIdOf(content: RequestMap, sha256: Sha256): Promise<Uint8Array> {
	const fields = Object.entries(content).filter(
		(field): field is [string, RequestValue] => field[1] !== undefined,
	);
	const hashed = await Promise.all(
		fields.map(async ([name, value]) => concat(await sha256(utf8(name)), await hashValue(value, sha256))),
	);
	return sha256(concat(...hashed.sort(compareBytes)));
}
