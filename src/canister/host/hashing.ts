/**
 * Hashes that the engine and the catalog need: plain SHA-256, and the nodes of the Internet Computer's hash trees
 * (interface specification, "Certificate"). In a canister the linked kernel computes them natively; `hashingOf`
 * makes the same of any SHA-256.
 */
export interface Hashing {
	/** SHA-256 of the bytes. */
	sha256(bytes: Uint8Array): Uint8Array;
	/** The same, written into `target` from `at` on. */
	sha256Into(bytes: Uint8Array, target: Uint8Array, at: number): void;
	/** Whether it is this, of 32 bytes. */
	isSha256(bytes: Uint8Array, expected: Uint8Array): boolean;
	/** What hashing bytes begins with, whole blocks of 64 and more than 32 bytes, or goes on with: to be gone on from. */
	midstate(bytes: Uint8Array, from?: Midstate): Midstate;
	/** SHA-256 of the bytes that a midstate is of and then `rest`, written into `target` from `at` on. */
	finishInto(from: Midstate, rest: Uint8Array, target: Uint8Array, at: number): void;
	/** Digest of a labelled node: its label, of at most 1,024 bytes, and the digest of what stands under it. */
	labeled(label: Uint8Array, digest: Uint8Array): Uint8Array;
	/**
	 * Of labelled nodes within each other: of the first label, under which stands the next, and so on. Neither the array nor
	 * a label is written to as long as it is used here: what came last is known again by being the same array.
	 */
	labeledPath(labels: readonly Uint8Array[], digest: Uint8Array): Uint8Array;
	/** Digest of a leaf. */
	leaf(value: Uint8Array): Uint8Array;
	/** Of a labelled node under which a leaf stands, whose value is the SHA-256 of the bytes; the label as there. */
	labeledHash(label: Uint8Array, bytes: Uint8Array): Uint8Array;
	/**
	 * Digest of the forks over `count` (at least 1) digests of 32 bytes, the first at `bytes[at]`, each `stride` bytes
	 * (at least 32) after the one before. The shape: neighbours are paired, (0,1), (2,3) …, an odd last one goes up as it is, and so
	 * on with what that gives until one is left. So the subtree that holds digest i at height h covers the digests
	 * from (i >> h) << h on, 2^h of them or as many as there are.
	 */
	forks(bytes: Uint8Array, at: number, stride: number, count: number): Uint8Array;
	/** Of labelled nodes within each other, as `labeledPath`, over the forks, as `forks` makes them. */
	labeledForks(
		labels: readonly Uint8Array[],
		bytes: Uint8Array,
		at: number,
		stride: number,
		count: number,
	): Uint8Array;
	/**
	 * SHA-256 of each of `count` records of `size` bytes, the first at `bytes[at]`, each `stride` bytes after the one
	 * before. The digests go into the same array, the first to `bytes[to]`, each `toStride` bytes (at least 32) after
	 * the one before. So one array of records with room for digests goes through several steps: hash a field of each
	 * into another, then those together into a third. A digest may lie over its own record and those before it, not
	 * over later ones.
	 */
	hashMany(
		bytes: Uint8Array,
		count: number,
		at: number,
		stride: number,
		size: number,
		to: number,
		toStride: number,
	): void;
}

/** Where hashing stands: what it has come to, and after how many bytes. Another Hashing can do nothing with it. */
export interface Midstate {
	readonly state: Uint8Array;
	readonly bytes: number;
}

/** SHA-256 of bytes, as a platform or a library has it. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array;

export const DIGEST_BYTES = 32;

const separator = (name: string): Uint8Array =>
	Uint8Array.of(name.length, ...Array.from(name, (character) => character.charCodeAt(0)));
const FORK = separator("ic-hashtree-fork");
const LABELED = separator("ic-hashtree-labeled");
const LEAF = separator("ic-hashtree-leaf");
const EMPTY = separator("ic-hashtree-empty");

export function hashingOf(sha256: Sha256): Hashing {
	const joined = (...parts: Uint8Array[]): Uint8Array => {
		const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
		let at = 0;
		for (const part of parts) {
			whole.set(part, at);
			at += part.length;
		}
		return sha256(whole);
	};
	const labeled: Hashing["labeled"] = (label, digest) => joined(LABELED, label, digest);
	const leaf = (value: Uint8Array) => joined(LEAF, value);
	const labeledPath: Hashing["labeledPath"] = (labels, digest) =>
		labels.reduceRight((under, label) => labeled(label, under), digest);
	const forks: Hashing["forks"] = (bytes, at, stride, count) => {
		let row = Array.from({ length: count }, (_, i) =>
			bytes.subarray(at + i * stride, at + i * stride + DIGEST_BYTES),
		);
		while (row.length > 1) {
			const above: Uint8Array[] = [];
			for (let i = 0; i < row.length; i += 2)
				above.push(i + 1 < row.length ? joined(FORK, row[i]!, row[i + 1]!) : row[i]!);
			row = above;
		}
		return row[0]!.slice();
	};
	return {
		sha256,
		sha256Into: (bytes, target, at) => target.set(sha256(bytes), at),
		isSha256: (bytes, expected) => sha256(bytes).every((byte, i) => byte === expected[i]),
		midstate(bytes, from) {
			const state = new Uint8Array((from?.bytes ?? 0) + bytes.length);
			if (from !== undefined) state.set(from.state);
			state.set(bytes, from?.bytes ?? 0);
			return { state, bytes: state.length };
		},
		finishInto: ({ state }, rest, target, at) => target.set(joined(state, rest), at),
		labeled,
		labeledHash: (label, bytes) => labeled(label, leaf(sha256(bytes))),
		labeledPath,
		labeledForks: (labels, bytes, at, stride, count) => labeledPath(labels, forks(bytes, at, stride, count)),
		leaf,
		forks,
		hashMany(bytes, count, at, stride, size, to, toStride) {
			for (let i = 0; i < count; i++) {
				const record = at + i * stride;
				bytes.set(sha256(bytes.subarray(record, record + size)), to + i * toStride);
			}
		},
	};
}

/** Digest of a tree of nothing. */
export const emptyTree = (hashing: Hashing): Uint8Array => hashing.sha256(EMPTY);
