/**
 * Certification, "Root of trust", and "Signatures": the keys of subnets and nodes.
 *
 * Subnets sign with BLS12-381 (signatures in G1), nodes sign query responses with Ed25519. All are derived from
 * the network's seed, so that a seeded network has the same root key each time.
 */
import { createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";
import { bls12_381 } from "@noble/curves/bls12-381";
import { hex, selfAuthenticating, sha256, utf8 } from "../encoding/bytes.js";

const { shortSignatures } = bls12_381;
const BLS_DST = "BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_";
export const BLS_DER_PREFIX = Buffer.from(
	"308182301d060d2b0601040182dc7c0503010201060c2b0601040182dc7c05030201036100",
	"hex",
);
const ED25519_PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");

/** The key with which a subnet signs certificates. */
export interface SubnetKey {
	readonly publicDer: Buffer;
	/** The id of the subnet that holds this key. */
	readonly subnetId: Buffer;
	sign(message: Uint8Array): Uint8Array;
}

export class BlsKey implements SubnetKey {
	readonly #secret: Uint8Array;
	readonly publicDer: Buffer;
	readonly subnetId: Buffer;

	constructor(seed: Uint8Array, name: string) {
		const scalar = BigInt(`0x${hex(sha256(seed, utf8(`bls ${name}`)))}`) % bls12_381.fields.Fr.ORDER;
		this.#secret = bls12_381.fields.Fr.toBytes(scalar);
		const publicKey = shortSignatures.getPublicKey(this.#secret);
		this.publicDer = Buffer.concat([BLS_DER_PREFIX, publicKey.toBytes(true)]);
		this.subnetId = selfAuthenticating(this.publicDer);
	}

	/** BLS signing is slow in JavaScript: one signature serves all certificates of a block. */
	sign(message: Uint8Array): Uint8Array {
		const signature = shortSignatures.sign(shortSignatures.hash(message, BLS_DST), this.#secret);
		return shortSignatures.Signature.toBytes(signature);
	}
}

/** Whether a subnet's signature of a message is valid. The key is without its DER prefix. */
export function verifyBls(publicKey: Uint8Array, signature: Uint8Array, message: Uint8Array): boolean {
	const point = shortSignatures.Signature.fromBytes(Uint8Array.from(signature));
	return shortSignatures.verify(point, shortSignatures.hash(message, BLS_DST), Uint8Array.from(publicKey));
}

export class NodeKey {
	readonly #secret: KeyObject;
	readonly publicDer: Buffer;
	readonly nodeId: Buffer;

	constructor(seed: Uint8Array, name: string) {
		const key = Buffer.concat([ED25519_PKCS8_PREFIX, sha256(seed, utf8(`ed25519 ${name}`))]);
		this.#secret = createPrivateKey({ key, format: "der", type: "pkcs8" });
		this.publicDer = createPublicKey(this.#secret).export({ format: "der", type: "spki" });
		this.nodeId = selfAuthenticating(this.publicDer);
	}

	sign(message: Uint8Array): Buffer {
		return sign(null, message, this.#secret);
	}
}
