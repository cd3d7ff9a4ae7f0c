import { hex } from "../util/bytes.js";

/** Public keys in DER, of which all of one algorithm begin in the same way. */
export interface DerKind {
	/** In hexadecimal, what stands before the key itself. */
	readonly prefix: string;
	/** Of the key itself. */
	readonly keyBytes: number;
}

/** BLS12-381 in G2 (interface specification, "extract_der"). */
export const BLS: DerKind = {
	prefix: "308182301d060d2b0601040182dc7c0503010201060c2b0601040182dc7c05030201036100",
	keyBytes: 96,
};
/** Ed25519 (RFC 8410). */
export const ED25519: DerKind = { prefix: "302a300506032b6570032100", keyBytes: 32 };

/** The key itself; undefined where it is of another kind. */
export function keyIn(der: Uint8Array, { prefix, keyBytes }: DerKind): Uint8Array | undefined {
	const prefixBytes = prefix.length / 2;
	if (der.length !== prefixBytes + keyBytes || hex(der.subarray(0, prefixBytes)) !== prefix) return undefined;
	return der.subarray(prefixBytes);
}
