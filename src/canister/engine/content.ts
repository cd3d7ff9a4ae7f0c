import { MANIFEST_LABEL } from "../../protocol/index.js";
import { type LabelSets, TreeWriter } from "../catalog/index.js";
import type { Hashing } from "../hashing.js";
import type { Blob, Listed } from "./blobs.js";
import type { HttpHashes } from "./http.js";

/**
 * What is certified of a key, the tree that stands at it: the label `manifest` with the manifest's hash, and, where
 * there are any, the HTTP answers under the hash of their expression. Agents verify the one, HTTP gateways the other.
 */

const NO_REQUEST = new Uint8Array(0);

export class ContentTrees {
	readonly #hashing: Hashing;
	readonly #http: HttpHashes;
	#emptyLeaf: Uint8Array | undefined;
	#isBefore: boolean | undefined;
	/** Digests of both branches, written anew for each blob. */
	readonly #both = new Uint8Array(64);

	constructor(hashing: Hashing, http: HttpHashes) {
		this.#hashing = hashing;
		this.#http = http;
	}

	/** Digest of the tree of a blob. */
	digest(blob: Blob): Uint8Array {
		const manifest = this.#hashing.labeledHash(MANIFEST_LABEL, blob.bytes);
		const { responses } = blob.place;
		if (responses.length === 0) return manifest;
		const both = this.#both;
		const isBefore = this.#isBeforeManifest;
		both.set(responses, isBefore ? 0 : 32);
		both.set(manifest, isBefore ? 32 : 0);
		return this.#hashing.forks(both, 0, 32, 2);
	}

	/** The same tree, encoded, with the manifest's hash and the answers pruned. */
	ofManifest(blob: Listed): Uint8Array {
		const { responses } = blob.place;
		const out = new TreeWriter();
		const manifest = () => out.labeled(MANIFEST_LABEL).leaf(this.#hash(blob));
		if (responses.length === 0) return manifest().done();
		out.fork();
		if (this.#isBeforeManifest) {
			out.pruned(responses);
			manifest();
		} else {
			manifest();
			out.pruned(responses);
		}
		return out.done();
	}

	/**
	 * The same tree, encoded, with nothing shown but one answer, by its hash (HttpHashes): what a gateway verifies. The
	 * blob's answers must be certified already.
	 */
	ofResponse(blob: Blob, hash: Uint8Array, sets: LabelSets): Uint8Array {
		const manifest = this.#hashing.labeledHash(MANIFEST_LABEL, blob.bytes);
		const out = new TreeWriter().fork();
		if (!this.#isBeforeManifest) out.pruned(manifest);
		out.labeled(this.#http.expressionHash).labeled(NO_REQUEST);
		const { directory } = blob.place;
		if (directory === 0) out.labeled(hash).leaf(NO_REQUEST);
		else out.raw(sets.witness(directory, hash));
		if (this.#isBeforeManifest) out.pruned(manifest);
		return out.done();
	}

	/** What stands beside the manifest: the expression over the digest of its response hashes. */
	responses(hashes: Uint8Array): Uint8Array {
		return this.#hashing.labeledPath([this.#http.expressionHash, NO_REQUEST], hashes);
	}

	/** The same where there is one response hash. */
	oneResponse(hash: Uint8Array): Uint8Array {
		this.#emptyLeaf ??= this.#hashing.leaf(NO_REQUEST);
		return this.#hashing.labeledPath([this.#http.expressionHash, NO_REQUEST, hash], this.#emptyLeaf);
	}

	/** Whether the expression stands before the manifest. */
	get #isBeforeManifest(): boolean {
		this.#isBefore ??= isBefore(this.#http.expressionHash, MANIFEST_LABEL);
		return this.#isBefore;
	}

	#hash(blob: Listed): Uint8Array {
		return this.#hashing.sha256(blob.bytes);
	}
}

/** In the order of bytes. These never share a first one: if the expression changes so that they do, it still holds. */
function isBefore(label: Uint8Array, other: Uint8Array): boolean {
	for (let i = 0; i < other.length; i++) if (label[i] !== other[i]) return label[i]! < other[i]!;
	return false;
}
