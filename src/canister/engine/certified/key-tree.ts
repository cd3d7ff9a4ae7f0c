import { MANIFEST_LABEL, SHA256_BYTES } from "../../../protocol/index.js";
import { type LabelSets, TreeWriter } from "../../catalog/index.js";
import type { Hashing } from "../../host/hashing.js";
import type { HttpHashes } from "../http/hashes.js";
import type { Blob, Listed } from "../store/blobs.js";

/**
 * What is certified of a key, the tree that stands at it, in this order: the label `manifest` with the manifest's hash,
 * which agents verify; and for HTTP gateways, where there are any, the answers that the blob has for itself, under the
 * hash of their expression, and of a blob of several chunks those that it shares with its copies, under that of theirs.
 */

const NO_REQUEST = new Uint8Array(0);

/** The digests of what stands beside the manifest (Place.responses). */
const besides = ({ responses }: { readonly responses: Uint8Array }): number => responses.length >> 5;

export class KeyTrees {
	readonly #hashing: Hashing;
	readonly #http: HttpHashes;
	/** Digests of all branches, written anew for each blob. */
	readonly #all = new Uint8Array(3 * SHA256_BYTES);

	constructor(hashing: Hashing, http: HttpHashes) {
		this.#hashing = hashing;
		this.#http = http;
	}

	/** Digest of the tree of a blob. */
	digest(blob: Blob): Uint8Array {
		const manifest = this.#hashing.labeledHash(MANIFEST_LABEL, blob.bytes);
		const count = besides(blob.place);
		if (count === 0) return manifest;
		const all = this.#all;
		all.set(manifest);
		const { responses } = blob.place;
		const its = count * SHA256_BYTES;
		all.set(responses.length === its ? responses : responses.subarray(0, its), SHA256_BYTES);
		return this.#hashing.forks(all, 0, SHA256_BYTES, count + 1);
	}

	/** The same tree, encoded, with the manifest's hash and the answers pruned. */
	ofManifest(blob: Listed): Uint8Array {
		return this.#tree(blob, 0, new TreeWriter().labeled(MANIFEST_LABEL).leaf(this.#hash(blob)).done());
	}

	/** The same tree, encoded, with nothing shown but one answer of the blob's own: `tree` shows it (OwnAnswers). */
	ofOwn(blob: Blob, tree: Uint8Array): Uint8Array {
		return this.#tree(blob, 1, tree);
	}

	/** The same of an answer that it shares, by its hash (HttpHashes). The blob must have such answers. */
	ofShared(blob: Blob, hash: Uint8Array, sets: LabelSets): Uint8Array {
		const tree = new TreeWriter().labeled(this.#http.shared).labeled(NO_REQUEST);
		return this.#tree(blob, 2, tree.raw(sets.witness(blob.place.directory, hash)).done());
	}

	/** The tree with one of its branches as it is given, and the others pruned. */
	#tree(blob: Listed, shown: number, branch: Uint8Array): Uint8Array {
		const count = besides(blob.place);
		if (count === 0) return branch;
		const out = new TreeWriter().fork();
		if (count === 2) out.fork();
		if (shown === 0) out.raw(branch);
		else out.pruned(this.#hashing.labeledHash(MANIFEST_LABEL, blob.bytes));
		const { responses } = blob.place;
		for (let i = 1; i <= count; i++)
			if (i === shown) out.raw(branch);
			else out.pruned(responses.subarray((i - 1) * SHA256_BYTES, i * SHA256_BYTES));
		return out.done();
	}

	/** Digest of the node under which the answers are that copies share, of which a set has this digest. */
	shared(set: Uint8Array): Uint8Array {
		return this.#hashing.labeledPath([this.#http.shared, NO_REQUEST], set);
	}

	#hash(blob: Listed): Uint8Array {
		return this.#hashing.sha256(blob.bytes);
	}
}
