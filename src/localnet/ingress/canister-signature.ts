/**
 * HTTPS interface, "Canister signatures": how identity providers sign delegations. A canister signs by certifying a
 * tree that contains the message; the network's certificate of it is the signature.
 */
import { reconstruct } from "../certification/reconstruct.js";
import type { Topology } from "../certification/topology.js";
import { equal, hex, sha256, utf8 } from "../encoding/bytes.js";
import { type CborValue, decodeCbor } from "../encoding/cbor-decode.js";
import { certifiedTree, lookup } from "./certified-tree.js";

/** `SEQUENCE { OBJECT IDENTIFIER 1.3.6.1.4.1.56387.1.2 }`, as the key's algorithm. */
const ALGORITHM = Buffer.from("300c060a2b0601040183b8430102", "hex");
const SEQUENCE = 0x30;
const BIT_STRING = 0x03;

interface CanisterKey {
	readonly canister: Uint8Array;
	readonly seed: Uint8Array;
}

/** Signatures known to be valid: every request of a session repeats its delegation. */
const valid = new Set<string>();
const MAX_VALID = 1_000;

export function isCanisterKey(der: Uint8Array): boolean {
	return Buffer.from(der).includes(ALGORITHM);
}

/** @returns the reason if the signature is invalid */
export function verifyCanisterSignature(
	topology: Topology,
	der: Uint8Array,
	signature: Uint8Array,
	message: Uint8Array,
): string | undefined {
	const name = hex(sha256(topology.root.publicDer, sha256(der), sha256(signature), sha256(message)));
	if (valid.has(name)) return undefined;
	const key = keyOf(der);
	if (!key) return "Invalid public key: Malformed canister signature public key";
	const failure = failureOf(topology, key, signature, message);
	if (failure) return `Invalid canister signature: ${failure}`;
	if (valid.size >= MAX_VALID) valid.clear();
	valid.add(name);
	return undefined;
}

function failureOf(
	topology: Topology,
	{ canister, seed }: CanisterKey,
	signature: Uint8Array,
	message: Uint8Array,
): string | undefined {
	let parts: Map<string, CborValue>;
	try {
		parts = decodeCbor(signature) as Map<string, CborValue>;
		const certificate = parts.get("certificate") as Uint8Array;
		const state = certifiedTree(topology, certificate, canister);
		if (typeof state === "string") return state;
		const certified = lookup(state, [utf8("canister"), canister, utf8("certified_data")]);
		const tree = parts.get("tree")!;
		if (!certified || !equal(certified, reconstruct(tree)))
			return "the certificate does not certify the signature's tree";
		const leaf = lookup(tree, [utf8("sig"), sha256(seed), sha256(message)]);
		if (leaf?.length !== 0) return "the signature's tree does not have the message";
		return undefined;
	} catch (error) {
		// An unreadable signature is an invalid one.
		return `it is malformed: ${(error as Error).message}`;
	}
}

function keyOf(der: Uint8Array): CanisterKey | undefined {
	const whole = element(der, SEQUENCE);
	if (!whole || whole.rest.length > 0) return undefined;
	if (!equal(whole.content.subarray(0, ALGORITHM.length), ALGORITHM)) return undefined;
	const bits = element(whole.content.subarray(ALGORITHM.length), BIT_STRING);
	// No unused bits, then the length of the canister id, the id, and the seed.
	if (!bits || bits.rest.length > 0 || bits.content[0] !== 0) return undefined;
	const length = bits.content[1];
	if (length === undefined || bits.content.length < 2 + length) return undefined;
	return { canister: bits.content.subarray(2, 2 + length), seed: bits.content.subarray(2 + length) };
}

const LONG = 0x80;

/** A DER element, and the bytes after it. */
function element(der: Uint8Array, tag: number): { content: Uint8Array; rest: Uint8Array } | undefined {
	const [first, second] = der;
	if (first !== tag || second === undefined) return undefined;
	const lengthBytes = second < LONG ? 0 : second - LONG;
	const start = 2 + lengthBytes;
	let length = second < LONG ? second : 0;
	for (const byte of der.subarray(2, start)) length = length * 256 + byte;
	if (lengthBytes > 2 || der.length < start + length) return undefined;
	return { content: der.subarray(start, start + length), rest: der.subarray(start + length) };
}
