/** Certification, "Certificate": the root hash of a pruned tree, as a verifier computes it. */
import { sha256, view } from "../encoding/bytes.js";
import type { CborValue } from "../encoding/cbor-decode.js";
import { EMPTY_HASH, FORK, LABELED, LEAF } from "./hash-tree.js";

export function reconstruct(tree: CborValue): Buffer {
	const [kind, first, second] = tree as [bigint, CborValue, CborValue];
	switch (kind) {
		case 0n:
			return EMPTY_HASH;
		case 1n:
			return sha256(FORK, reconstruct(first), reconstruct(second));
		case 2n:
			return sha256(LABELED, first as Uint8Array, reconstruct(second));
		case 3n:
			return sha256(LEAF, first as Uint8Array);
		default:
			return view(first as Uint8Array);
	}
}
