import { DIGEST_BYTES } from "../host/hashing.js";

/** 55799, which says that this is CBOR: a gateway's `tree` must have it, other decoders pass over it. */
const SELF_DESCRIBING = Uint8Array.of(0xd9, 0xd9, 0xf7);
const EMPTY = Uint8Array.of(0x81, 0x00);
const FORK = Uint8Array.of(0x83, 0x01);
const PRUNED = Uint8Array.of(0x82, 0x04, 0x58, DIGEST_BYTES);
const PRUNED_BYTES = PRUNED.length + DIGEST_BYTES;

/**
 * Writes a hash tree in CBOR, as the interface specification encodes it ("Encoding of certificates"): arrays that
 * begin with a number, [0] empty, [1, left, right] fork, [2, label, tree] labelled, [3, value] leaf, [4, digest]
 * pruned. What is below a node comes after it: `fork()` is followed by its two trees, `labeled(…)` by its one.
 * Labels and values are shorter than 64 KiB.
 */
export class TreeWriter {
	#bytes = new Uint8Array(1_024);
	#length = 0;

	selfDescribing(): this {
		return this.raw(SELF_DESCRIBING);
	}

	empty(): this {
		return this.raw(EMPTY);
	}

	fork(): this {
		return this.raw(FORK);
	}

	labeled(label: Uint8Array): this {
		return this.raw(head(0x83, 2, label.length)).raw(label);
	}

	leaf(value: Uint8Array): this {
		return this.raw(head(0x82, 3, value.length)).raw(value);
	}

	/** Most of a tree is this. */
	pruned(digest: Uint8Array): this {
		const at = this.#room(PRUNED_BYTES);
		const bytes = this.#bytes;
		bytes.set(PRUNED, at);
		bytes.set(digest, at + PRUNED.length);
		return this;
	}

	/** A tree that is encoded already. */
	raw(bytes: Uint8Array): this {
		const at = this.#room(bytes.length);
		this.#bytes.set(bytes, at);
		return this;
	}

	done(): Uint8Array {
		return this.#bytes.slice(0, this.#length);
	}

	/** @returns where so many bytes go */
	#room(bytes: number): number {
		const at = this.#length;
		const length = at + bytes;
		if (length > this.#bytes.length) {
			const grown = new Uint8Array(2 * length);
			grown.set(this.#bytes);
			this.#bytes = grown;
		}
		this.#length = length;
		return at;
	}
}

/** A tree or a part of one, encoded by itself. */
export function encodedTree(tree: { write(out: TreeWriter): void }): Uint8Array {
	const out = new TreeWriter();
	tree.write(out);
	return out.done();
}

function head(array: number, kind: number, length: number): Uint8Array {
	if (length < 24) return Uint8Array.of(array, kind, 0x40 + length);
	if (length < 0x100) return Uint8Array.of(array, kind, 0x58, length);
	return Uint8Array.of(array, kind, 0x59, length >> 8, length & 0xff);
}
