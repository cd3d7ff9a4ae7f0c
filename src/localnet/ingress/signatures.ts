/**
 * Signatures: Ed25519, and ECDSA on P-256 and secp256k1, with keys in DER. Canister signatures are in
 * canister-signature.ts.
 */
import { createPublicKey, type KeyObject, verify } from "node:crypto";
import type { Topology } from "../certification/topology.js";
import { hex } from "../encoding/bytes.js";
import { isCanisterKey, verifyCanisterSignature } from "./canister-signature.js";

const OID = {
	ed25519: "06032b6570",
	ecdsa: "06072a8648ce3d0201",
} as const;

/** Parsed keys. Parsing takes as long as verifying, and a key serves many requests. */
const known = new Map<string, KeyObject>();
const MAX_KNOWN = 1_000;

/** @returns the reason if the signature is invalid */
export function verifySignature(
	topology: Topology,
	der: Uint8Array,
	signature: Uint8Array,
	message: Uint8Array,
): string | undefined {
	if (isCanisterKey(der)) return verifyCanisterSignature(topology, der, signature, message);
	const text = hex(der);
	const ed25519 = text.includes(OID.ed25519);
	if (!ed25519 && !text.includes(OID.ecdsa)) return "Invalid public key: unsupported algorithm";
	const key = keyOf(text, der);
	if (!key) return "Invalid public key: Malformed public key";
	const valid = ed25519
		? verify(null, message, key, signature)
		: verify("sha256", message, { key, dsaEncoding: "ieee-p1363" }, signature);
	if (valid) return undefined;
	const name = ed25519 ? "Ed25519" : "ECDSA";
	const raw = ed25519 ? text.slice(-64) : text;
	return (
		`Invalid basic signature: ${name} signature could not be verified: public key ${raw}, ` +
		`signature ${hex(signature)}, error: A signature was invalid`
	);
}

function keyOf(text: string, der: Uint8Array): KeyObject | undefined {
	const cached = known.get(text);
	if (cached) return cached;
	try {
		const key = createPublicKey({ key: Buffer.from(der), format: "der", type: "spki" });
		if (known.size >= MAX_KNOWN) known.clear();
		known.set(text, key);
		return key;
	} catch {
		return undefined;
	}
}
