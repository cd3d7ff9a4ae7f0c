/** HTTPS interface, "Authentication": the envelope, and the fields of its content. */
import { type CborValue, decodeCbor } from "../encoding/cbor-decode.js";
import { hashOfMap } from "../encoding/hash-of-map.js";
import { HttpError } from "../http/replies.js";
import { SIZES } from "../limits.js";

export interface SignedDelegation {
	readonly publicKey: Uint8Array;
	readonly expiration: bigint;
	readonly targets: readonly Uint8Array[] | undefined;
	readonly permissions: string | undefined;
	readonly signature: Uint8Array;
	/** The signed hash. */
	readonly hash: Uint8Array;
}

export interface Envelope {
	readonly content: ReadonlyMap<string, CborValue>;
	readonly requestId: Buffer;
	readonly sender: Uint8Array;
	readonly expiry: bigint;
	readonly publicKey: Uint8Array | undefined;
	readonly signature: Uint8Array | undefined;
	readonly delegations: readonly SignedDelegation[];
}

export interface CallContent {
	readonly canister: Uint8Array;
	readonly method: string;
	readonly arg: Uint8Array;
}

const parsed = new WeakMap<Uint8Array, Envelope>();

/** The envelope in a body, cached: faults and the log read it, too, and a 2 MiB argument is hashed once. */
export function envelopeOf(body: Uint8Array): Envelope {
	let envelope = parsed.get(body);
	if (!envelope) {
		envelope = parseEnvelope(body);
		parsed.set(body, envelope);
	}
	return envelope;
}

function parseEnvelope(body: Uint8Array): Envelope {
	const fields = asMap(decodeCbor(body), "envelope");
	const content = asMap(fields.get("content"), "content");
	const nonce = content.get("nonce");
	if (nonce instanceof Uint8Array && nonce.length > SIZES.nonceBytes) {
		throw malformed(`nonce is longer than ${SIZES.nonceBytes} bytes`);
	}
	if (content.has("sender_info")) throw malformed("sender_info is not supported by this local network");
	return {
		content,
		requestId: hashOfMap(content),
		sender: asBytes(content.get("sender"), "sender"),
		expiry: asNat(content.get("ingress_expiry"), "ingress_expiry"),
		publicKey: optionalBytes(fields.get("sender_pubkey"), "sender_pubkey"),
		signature: optionalBytes(fields.get("sender_sig"), "sender_sig"),
		delegations: optionalArray(fields.get("sender_delegation")).map(parseDelegation),
	};
}

export function callContent({ content }: Envelope): CallContent {
	expectType(content, "call");
	return callFields(content);
}

export function queryContent({ content }: Envelope): CallContent {
	expectType(content, "query");
	return callFields(content);
}

export function readStatePaths({ content }: Envelope): readonly (readonly Uint8Array[])[] {
	expectType(content, "read_state");
	return asArray(content.get("paths"), "paths").map((path) =>
		asArray(path, "paths").map((label) => asBytes(label, "paths")),
	);
}

function callFields(content: ReadonlyMap<string, CborValue>): CallContent {
	const method = content.get("method_name");
	if (typeof method !== "string") throw malformed("missing field `method_name`");
	return {
		canister: asBytes(content.get("canister_id"), "canister_id"),
		method,
		arg: asBytes(content.get("arg"), "arg"),
	};
}

function parseDelegation(value: CborValue): SignedDelegation {
	const signed = asMap(value, "sender_delegation");
	const delegation = asMap(signed.get("delegation"), "delegation");
	const targets = delegation.get("targets");
	const permissions = delegation.get("permissions");
	return {
		publicKey: asBytes(delegation.get("pubkey"), "pubkey"),
		expiration: asNat(delegation.get("expiration"), "expiration"),
		targets: isAbsent(targets)
			? undefined
			: asArray(targets, "targets").map((target) => asBytes(target, "targets")),
		permissions: isAbsent(permissions) ? undefined : String(permissions),
		signature: asBytes(signed.get("signature"), "signature"),
		hash: hashOfMap(new Map([...delegation].filter(([, field]) => field !== null))),
	};
}

function expectType(content: ReadonlyMap<string, CborValue>, type: string): void {
	const found = content.get("request_type");
	if (found !== type) throw malformed(`unknown variant \`${String(found)}\`, expected \`${type}\``);
}

function isAbsent(value: CborValue | undefined): value is undefined | null {
	return value === undefined || value === null;
}

function asMap(value: CborValue | undefined, field: string): Map<string, CborValue> {
	if (value instanceof Map) return value;
	throw malformed(`missing field \`${field}\``);
}

function asBytes(value: CborValue | undefined, field: string): Uint8Array {
	if (value instanceof Uint8Array) return value;
	throw malformed(`missing field \`${field}\``);
}

function asNat(value: CborValue | undefined, field: string): bigint {
	if (typeof value === "bigint" && value >= 0n) return value;
	throw malformed(`missing field \`${field}\``);
}

function asArray(value: CborValue | undefined, field: string): CborValue[] {
	if (Array.isArray(value)) return value;
	throw malformed(`missing field \`${field}\``);
}

function optionalBytes(value: CborValue | undefined, field: string): Uint8Array | undefined {
	return isAbsent(value) ? undefined : asBytes(value, field);
}

function optionalArray(value: CborValue | undefined): CborValue[] {
	return isAbsent(value) ? [] : asArray(value, "sender_delegation");
}

function malformed(why: string): HttpError {
	return new HttpError(400, `Failed to deserialize cbor request: ${why}`);
}
