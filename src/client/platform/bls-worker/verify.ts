import { bls12_381 } from "@noble/curves/bls12-381.js";

/** Compressed points, as they travel. */
const SIGNATURE_BYTES = 48;
const KEY_BYTES = 96;
/** Flags of the first byte (draft-irtf-cfrg-pairing-friendly-curves, C.1) of the point at infinity, under which anything is signed. */
const INFINITY = 0xc0;

/**
 * Whether a subnet signed a message: BLS12-381 with signatures in G1 and keys in G2, hashed to the curve under
 * BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_ (interface specification, "Certification"). Both points are checked to be
 * on their curve and in the group of prime order.
 * @throws Error where the key or the signature is no such point
 */
export function verifyBls(key: Uint8Array, signature: Uint8Array, message: Uint8Array): boolean {
	if (signature.length !== SIGNATURE_BYTES) throw new Error(`a signature has ${SIGNATURE_BYTES} bytes`);
	if (key.length !== KEY_BYTES) throw new Error(`a key has ${KEY_BYTES} bytes`);
	if (((key[0] as number) & INFINITY) === INFINITY) throw new Error("the key is the point at infinity");
	return bls12_381.verifyShortSignature(signature, message, key);
}
