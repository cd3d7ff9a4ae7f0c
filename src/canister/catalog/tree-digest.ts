import { DIGEST_BYTES, emptyTree, type Hashing } from "../host/hashing.js";

/** A balanced tree of so many levels has more leaves than a message can carry. */
const MAX_DEPTH = 256;

/** What an encoding of a hash tree is not. */
class NoTree extends Error {}

/**
 * The digest of a hash tree in CBOR, in the form that `TreeWriter` writes and any other shortest encoding of lengths.
 * @returns undefined where the bytes are no such tree, or go on behind it
 */
export function treeDigest(bytes: Uint8Array, hashing: Hashing): Uint8Array | undefined {
	let at = 0;
	const byte = (): number => {
		if (at >= bytes.length) throw new NoTree();
		return bytes[at++]!;
	};
	/** A byte string: major type 2, its length in the head or in up to 4 bytes after it (RFC 8949, 3). */
	const text = (): Uint8Array => {
		const head = byte() - 0x40;
		if (head < 0 || head > 26) throw new NoTree();
		let length = head;
		if (head >= 24) {
			length = 0;
			for (let left = 2 ** (head - 24); left > 0; left--) length = length * 0x100 + byte();
		}
		const start = at;
		at += length;
		if (at > bytes.length) throw new NoTree();
		return bytes.subarray(start, at);
	};
	const node = (depth: number): Uint8Array => {
		if (depth > MAX_DEPTH) throw new NoTree();
		const size = byte();
		const kind = byte();
		if (size === 0x81 && kind === 0) return emptyTree(hashing);
		if (size === 0x83 && kind === 1) {
			const both = new Uint8Array(2 * DIGEST_BYTES);
			both.set(node(depth + 1));
			both.set(node(depth + 1), DIGEST_BYTES);
			return hashing.forks(both, 0, DIGEST_BYTES, 2);
		}
		if (size === 0x83 && kind === 2) {
			const label = text();
			return hashing.labeled(label, node(depth + 1));
		}
		if (size === 0x82 && kind === 3) return hashing.leaf(text());
		const digest = size === 0x82 && kind === 4 ? text() : undefined;
		if (digest?.length !== DIGEST_BYTES) throw new NoTree();
		return digest;
	};
	try {
		const digest = node(1);
		return at === bytes.length ? digest : undefined;
	} catch (error) {
		if (error instanceof NoTree) return undefined;
		throw error;
	}
}
