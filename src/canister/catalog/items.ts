import type { Item } from "./change.js";
import { textOf } from "./directory.js";
import {
	type CertifiedRoot,
	type Key,
	type ListRoot,
	OTHERS,
	OTHERS_TEXT,
	type Path,
	pathOf,
} from "./key.js";

/** What is to become of keys, as the catalog is told it and as its directories are changed. */

export interface Change {
	readonly key: Key;
	/** The digest of the tree that stands at the key from now on; undefined: the key goes. */
	readonly content: Uint8Array | undefined;
}

/** A key that a list has from now on, or has no more. */
export interface Listing {
	readonly key: string;
	readonly isIn: boolean;
}

export function itemsOf(root: CertifiedRoot, changes: readonly Change[]): Item[] {
	const items: (Item & { path: Path })[] = [];
	for (let i = 0; i < changes.length; i++) {
		const { key, content } = changes[i]!;
		items.push({ path: pathOf(root, key), present: content !== undefined, content, isSelf: false });
	}
	return inOrder(items);
}

export function listingsOf(root: ListRoot, changes: readonly Listing[]): Item[] {
	return inOrder(
		changes.map(({ key, isIn }) => ({
			path: pathOf(root, key),
			present: isIn,
			content: undefined,
			isSelf: false,
		})),
	);
}

export function othersOf(root: CertifiedRoot, content: Uint8Array): Item[] {
	const path = { root: root.name, bytes: OTHERS, texts: [textOf(root.name), OTHERS_TEXT] };
	return [{ path, present: true, content, isSelf: false, isOthers: true }];
}

export function mountOf(label: Uint8Array, digest: Uint8Array | undefined): Item[] {
	const path = { root: label, bytes: label, texts: [textOf(label)] };
	return [{ path, present: digest !== undefined, content: digest, isSelf: false, isOthers: true }];
}

/** The items by their paths. Many mostly come in order, and to see that takes a tenth of sorting them. */
function inOrder<Sorted extends { readonly path: Path }>(items: Sorted[]): Sorted[] {
	if (!isInOrder(items)) {
		items.sort((a, b) => (a.path.order < b.path.order ? -1 : 1));
		if (!isInOrder(items)) throw new Error("catalog: one key is changed twice at once");
	}
	return items;
}

function isInOrder(items: readonly { readonly path: Path }[]): boolean {
	let last = "";
	for (let i = 0; i < items.length; i++) {
		const { order } = items[i]!.path;
		if (i > 0 && order <= last) return false;
		last = order;
	}
	return true;
}
