import { ed25519 } from "@noble/curves/ed25519.js";

/** False also where key or signature is no point of the curve, or of another length. */
export function verifyEd25519(key: Uint8Array, signature: Uint8Array, message: Uint8Array): boolean {
	try {
		return ed25519.verify(signature, message, key);
	} catch {
		return false;
	}
}
