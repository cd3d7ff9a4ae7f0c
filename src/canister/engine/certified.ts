import { encodeUtf8 } from "../../protocol/codec/utf8.js";
import type { WireProof } from "../../protocol/index.js";
import type { Catalog, ListEntry, ListRange } from "../catalog/index.js";
import type { Host } from "../ports.js";
import type { Accounts } from "./accounts.js";
import type { Blob } from "./blobs.js";
import { concat } from "./codec.js";
import type { Feed } from "./feed.js";

/** Which keys a list may show: those of everybody's public blobs, and whose private ones. */
export type Sight = "public" | "all" | { readonly owner: Uint8Array };

const PUBLIC = encodeUtf8("b");
const ALL_PRIVATE = encodeUtf8("p");
const privateOf = (owner: Uint8Array): Uint8Array => concat(encodeUtf8("o"), owner);

/** Stand-in until the certified catalog is merged. */
export class Certified {
	readonly #catalog: Catalog;

	constructor(catalog: Catalog, _accounts: Accounts, _feed: Feed, _host: Host) {
		this.#catalog = catalog;
	}

	prepare(blob: Blob, _salt: Uint8Array, _held: Blob | undefined): Blob {
		return blob;
	}

	put(blob: Blob, held: Blob | undefined): void {
		if (held !== undefined) this.remove(held);
		for (const tree of trees(blob)) this.#catalog.insert(tree, blob.key);
	}

	remove(held: Blob): void {
		for (const tree of trees(held)) this.#catalog.remove(tree, held.key);
	}

	readonly isChanged: boolean = false;
	headChanged(): void {}
	dropDirectory(_directory: number): void {}
	certify(): void {}
	flush(): void {}

	lists(sight: Sight, range: ListRange): Generator<ListEntry>[] {
		const trees =
			sight === "public" ? [PUBLIC] : [PUBLIC, sight === "all" ? ALL_PRIVATE : privateOf(sight.owner)];
		return trees.map((tree) => this.#catalog.list(tree, range));
	}

	proof(_of: (witness: { ofKey(...args: unknown[]): void; ofHead(): void }) => void): WireProof {
		return { certificate: [], witness: [] };
	}
}

function trees(blob: Blob): Uint8Array[] {
	return blob.isPublic ? [PUBLIC] : [ALL_PRIVATE, privateOf(blob.owner)];
}
