import { fromUnits } from "../../../protocol/codec/utf8.js";
import { sameBytes, segmentsOf } from "../../../protocol/index.js";
import type { Change } from "../../catalog/index.js";
import type { Blob } from "../store/blobs.js";
import type { KeyTrees } from "./key-tree.js";

/** A change under a public key. */
export type PublicChange = Change & { readonly key: string };

/** A private key that comes into the lists, or leaves them. */
export interface ListChange {
	readonly owner: Uint8Array;
	readonly key: string;
	readonly isIn: boolean;
}

/** A change under a label that hides its key. */
export interface PrivateChange {
	readonly key: string;
	readonly label: Uint8Array;
	readonly content: Uint8Array | undefined;
}

/** Under which label a private key stands. */
type LabelOf = (owner: Uint8Array, key: string) => Uint8Array;

/** What changes in the lists of keys and in the certified tree, gathered until it is done at once: of each label the last. */
export class TreeChanges {
	readonly #keyTrees: KeyTrees;
	readonly #labelOf: LabelOf;
	readonly #public = new Map<string, PublicChange>();
	readonly #private = new Map<string, PrivateChange>();
	readonly #listed = new Map<string, ListChange>();
	/** How many labels in lists and tree this will touch, each counted as often as it was named. */
	gathered = 0;

	constructor(keyTrees: KeyTrees, labelOf: LabelOf) {
		this.#keyTrees = keyTrees;
		this.#labelOf = labelOf;
	}

	get isAny(): boolean {
		return this.#public.size > 0 || this.#private.size > 0 || this.#listed.size > 0;
	}

	/** Puts a blob in the place of what its key held. */
	put(blob: Blob, held: Blob | undefined): void {
		const stays =
			held !== undefined &&
			held.isPublic === blob.isPublic &&
			(blob.isPublic || sameBytes(held.owner, blob.owner));
		if (held !== undefined && !stays) this.remove(held);
		const content = this.#keyTrees.digest(blob);
		if (blob.isPublic) this.setPublic(blob.key, content);
		else {
			this.#setPrivate(blob, content);
			if (!stays) this.list({ owner: blob.owner, key: blob.key, isIn: true });
		}
	}

	remove(held: Blob): void {
		if (held.isPublic) this.setPublic(held.key, undefined);
		else {
			this.#setPrivate(held, undefined);
			this.list({ owner: held.owner, key: held.key, isIn: false });
		}
	}

	setPublic(key: string, content: Uint8Array | undefined): void {
		this.#public.set(key, { key, content });
		this.gathered += segmentsOf(key).length;
	}

	#setPrivate({ owner, key }: Blob, content: Uint8Array | undefined): void {
		this.setPrivate({ key, label: this.#labelOf(owner, key), content });
	}

	setPrivate(change: PrivateChange): void {
		this.#private.set(fromUnits(change.label), change);
		this.gathered++;
	}

	list(change: ListChange): void {
		this.#listed.set(`${fromUnits(change.owner)}/${change.key}`, change);
		// Of all owners, and of this one.
		this.gathered += 2;
	}

	/** What was gathered, once. */
	take(): Taken {
		const taken = {
			public: [...this.#public.values()],
			private: [...this.#private.values()],
			listed: [...this.#listed.values()],
		};
		this.clear();
		return taken;
	}

	clear(): void {
		this.#public.clear();
		this.#private.clear();
		this.#listed.clear();
		this.gathered = 0;
	}
}

export interface Taken {
	readonly public: readonly PublicChange[];
	readonly private: readonly PrivateChange[];
	readonly listed: readonly ListChange[];
}
