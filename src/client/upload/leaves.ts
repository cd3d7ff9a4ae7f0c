import { leafAt, MAX_CHUNK_BYTES, rootPreimage, SHA256_BYTES, sameBytes } from "../../protocol/index.js";
import type { Sha256 } from "../platform/ports.js";

/** The hashes of a blob's chunks by index, packed: 65,000 of them take 2 MB. */
export class Leaves {
	#bytes: Uint8Array;
	#count = 0;

	constructor(packed: Uint8Array = new Uint8Array(0)) {
		this.#bytes = packed;
		this.#count = packed.length / SHA256_BYTES;
	}

	/** One past the highest index set. */
	get count(): number {
		return this.#count;
	}

	set(index: number, leaf: Uint8Array): void {
		const end = (index + 1) * SHA256_BYTES;
		if (end > this.#bytes.length) {
			const larger = new Uint8Array(Math.max(end, 2 * this.#bytes.length));
			larger.set(this.#bytes);
			this.#bytes = larger;
		}
		this.#bytes.set(leaf, index * SHA256_BYTES);
		this.#count = Math.max(this.#count, index + 1);
	}

	has(index: number, leaf: Uint8Array): boolean {
		return index < this.#count && sameBytes(leafAt(this.#bytes, index), leaf);
	}

	get(index: number): Uint8Array {
		return leafAt(this.#bytes, index);
	}

	root(size: number, chunkBytes: number, sha256: Sha256): Uint8Array | Promise<Uint8Array> {
		const packed = this.#bytes.subarray(0, this.#count * SHA256_BYTES);
		return sha256(rootPreimage(BigInt(size), chunkBytes, packed));
	}
}

/** Of a blob in one call, whose chunk size is always the largest; `leaf` has no bytes where the blob has none. */
export const rootOfWhole = (
	size: number,
	leaf: Uint8Array,
	sha256: Sha256,
): Uint8Array | Promise<Uint8Array> => sha256(rootPreimage(BigInt(size), MAX_CHUNK_BYTES, leaf));
