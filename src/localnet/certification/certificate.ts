/**
 * Certification, "Certificate", "Delegation" and "Encoding of certificates".
 */
import { domainSeparator } from "../encoding/bytes.js";
import { encodeCbor } from "../encoding/cbor-encode.js";
import type { Directory } from "./hash-tree.js";
import type { SubnetKey } from "./keys.js";
import { type Path, witness } from "./witness.js";

export const STATE_ROOT = domainSeparator("ic-state-root");

export interface Delegation {
	readonly subnetId: Uint8Array;
	readonly certificate: Uint8Array;
}

/** A state tree that its subnet has signed, or signs for the first certificate. */
export class CertifiedState {
	readonly #key: SubnetKey;
	#signature: Uint8Array | undefined;

	constructor(
		readonly tree: Directory,
		/** Nanoseconds since 1970, as at `/time`. */
		readonly time: bigint,
		key: SubnetKey,
	) {
		this.#key = key;
	}

	/** The same state, signed by another subnet. */
	signedBy(key: SubnetKey): CertifiedState {
		return key === this.#key ? this : new CertifiedState(this.tree, this.time, key);
	}

	/** A certificate of these paths. The caller must include `/time`. */
	certificate(paths: readonly Path[], delegation?: Delegation): Buffer {
		this.#signature ??= this.#key.sign(Buffer.concat([STATE_ROOT, this.tree.hash()]));
		return encodeCbor({
			tree: witness(this.tree, paths),
			signature: this.#signature,
			delegation: delegation && {
				subnet_id: delegation.subnetId,
				certificate: delegation.certificate,
			},
		});
	}
}
