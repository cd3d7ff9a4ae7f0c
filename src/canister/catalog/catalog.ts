import { encodeUtf8 } from "../../protocol/codec/utf8.js";
import { MAX_KEY_BYTES } from "../../protocol/limits.js";
import type { StableMap } from "../ports.js";
import { descend, leafOf, type Place, rewrite } from "./directory.js";
import { countOf, emptyLeaf, isFileAt, linkAt, withChanged, withEntry, withoutEntry } from "./node.js";
import { type ListEntry, sortable } from "./order.js";
import { NodeStore, TOP } from "./store.js";
import { type After, type Start, walk } from "./walk.js";

export interface ListRange {
	/** Any beginning of keys; it need not end at a segment's. */
	readonly prefix: string;
	/** Every key; or what is beyond the next `/` after the prefix as one directory. */
	readonly recursive: boolean;
	/** Start past this key, or past this directory (with a trailing `/`) and all that is in it. */
	readonly after?: string;
}

/**
 * The index of keys: a tree nested by their segments over one stable map, which itself can only be asked for
 * single keys. Each directory is a B+-tree of labels (directory.ts, node.ts); a label can be a key's end and
 * a directory at once. The roots' names are the labels of one more directory above them all.
 *
 * How certification joins it. The whole is already shaped as a hash tree of the Internet Computer: a label is
 * a labelled node, a B+-tree's node a balanced tree of forks over its entries in order, its inner nodes more
 * forks.
 * - Every slot (node.ts) gets a digest of 32 bytes after its link: in a leaf that of the labelled node, in an
 *   inner node that of the child's forks. SLOT becomes 41, ENTRY_CHARGE 32; nodes hold as many entries as
 *   now.
 * - `rewrite` (directory.ts) goes on to the root with each written node's digest and returns the directory's;
 *   a loop here hands that to the entry in the directory above, along the places that `#find` returns
 *   already. So a change writes the nodes on its path in each directory, and one sibling a level where nodes
 *   join, no others.
 * - Under a label that is a key's end stands the label `<$>` with what is certified of it, and among a
 *   directory's labels that has its place in order. While there is no directory the entry's digest covers it
 *   without a node; a label that is both gets `<$>` as an entry of its directory. No segment of a key may
 *   then be `<$>` or `<*>`.
 * - A witness is the same descent, pruned beside the path; for an absent key, the neighbours in the leaf.
 */
export class Catalog {
	readonly #store: NodeStore;

	/** Opens what the map holds, or begins; throws if that has another layout. */
	constructor(map: StableMap) {
		this.#store = new NodeStore(map);
	}

	/** Here and below: the key has been checked (protocol/validate). */
	has(root: Uint8Array, key: string): boolean {
		const labels = labelsOf(root, key);
		return isHeld(this.#find(labels), labels);
	}

	/** False if it was there. */
	insert(root: Uint8Array, key: string): boolean {
		const labels = labelsOf(root, key);
		if (labels.some((label) => label.length > MAX_KEY_BYTES))
			throw new Error(`catalog: a label of more than ${MAX_KEY_BYTES} bytes`);
		const places = this.#find(labels);
		if (isHeld(places, labels)) return false;
		const depth = places.length - 1;
		const place = places[depth]!;
		const { node, index } = leafOf(place);
		const ends = depth === labels.length - 1;
		if (place.found) {
			const link = ends ? linkAt(node, index) : this.#newDirectory(labels, depth + 1);
			rewrite(this.#store, place.path, withChanged(node, index, ends || isFileAt(node, index), link), false);
		} else {
			const link = ends ? 0 : this.#newDirectory(labels, depth + 1);
			const changed = withEntry(node, index, labels[depth]!, ends, link);
			rewrite(this.#store, place.path, changed, index === countOf(node));
		}
		this.#store.commit();
		return true;
	}

	/** False if it was not there. Directories that it leaves empty go with it. */
	remove(root: Uint8Array, key: string): boolean {
		const labels = labelsOf(root, key);
		const places = this.#find(labels);
		if (!isHeld(places, labels)) return false;
		let depth = places.length - 1;
		let { node, index } = leafOf(places[depth]!);
		let file = false;
		const link = linkAt(node, index);
		// The last label of a directory takes the directory along, and so on upwards.
		while (depth > 0 && !file && link === 0 && places[depth]!.path.length === 1 && countOf(node) === 1) {
			this.#store.free(leafOf(places[depth]!).id);
			({ node, index } = leafOf(places[--depth]!));
			file = isFileAt(node, index);
		}
		const changed = file || link !== 0 ? withChanged(node, index, file, link) : withoutEntry(node, index);
		rewrite(this.#store, places[depth]!.path, changed, false);
		this.#store.commit();
		return true;
	}

	/**
	 * What is left of the keys past `after`, in order, beginning with a seek. `after` need not exist, nor lie
	 * within the prefix. Valid until the next change.
	 */
	list(root: Uint8Array, range: ListRange): Generator<ListEntry> {
		return walk(this.#store, this.#start(root, range), range.recursive);
	}

	#start(root: Uint8Array, range: ListRange): Start | undefined {
		if (range.prefix.length > MAX_KEY_BYTES) return undefined;
		const segments = range.prefix.split("/");
		const labelPrefix = segments.pop()!;
		// A text longer than every key has the same place among them if it is cut off beyond their length.
		let after = relativeTo(segments, range.after?.slice(0, MAX_KEY_BYTES + 1));
		if (after === "nothing") return undefined;
		if (after !== undefined && sortable(after.segments[0]!) < sortable(labelPrefix)) after = undefined;
		const labels = [root, ...segments.map(encodeUtf8)];
		const places = this.#find(labels);
		const place = places[places.length - 1]!;
		const { node, index } = leafOf(place);
		const directory = place.found && places.length === labels.length ? linkAt(node, index) : 0;
		if (directory === 0) return undefined;
		const path = range.prefix.slice(0, range.prefix.length - labelPrefix.length);
		return { directory, path, labelPrefix, after };
	}

	/** Each label's place in its directory, as far as the directories go. */
	#find(labels: readonly Uint8Array[]): Place[] {
		const places: Place[] = [];
		let directory = TOP;
		for (const label of labels) {
			const place = descend(this.#store, directory, label);
			places.push(place);
			if (!place.found) break;
			const { node, index } = leafOf(place);
			directory = linkAt(node, index);
			if (directory === 0) break;
		}
		return places;
	}

	/** A directory with only the key that ends the labels, begun at the innermost: each node is written once. */
	#newDirectory(labels: readonly Uint8Array[], from: number): number {
		let directory = 0;
		for (let depth = labels.length - 1; depth >= from; depth--) {
			const node = withEntry(emptyLeaf(), 0, labels[depth]!, directory === 0, directory);
			directory = this.#store.allocate();
			this.#store.write(directory, node);
		}
		return directory;
	}
}

function isHeld(places: readonly Place[], labels: readonly Uint8Array[]): boolean {
	const place = places[places.length - 1]!;
	const { node, index } = leafOf(place);
	return places.length === labels.length && place.found && isFileAt(node, index);
}

const SLASH = 0x2f;

function labelsOf(root: Uint8Array, key: string): Uint8Array[] {
	const bytes = encodeUtf8(key);
	const labels = [root];
	let from = 0;
	for (let to = bytes.indexOf(SLASH); to >= 0; to = bytes.indexOf(SLASH, from)) {
		labels.push(bytes.subarray(from, to));
		from = to + 1;
	}
	labels.push(bytes.subarray(from));
	return labels;
}

/** `after` seen from the directory of these segments: undefined is before all of it, "nothing" past it. */
function relativeTo(directory: readonly string[], after: string | undefined): After | undefined | "nothing" {
	if (after === undefined || after === "") return undefined;
	const segments = after.split("/");
	const below = segments[segments.length - 1] === "";
	if (below) segments.pop();
	for (const [depth, segment] of directory.entries()) {
		const other = segments[depth];
		if (other === undefined) return below ? "nothing" : undefined;
		if (other !== segment) return sortable(other) < sortable(segment) ? undefined : "nothing";
	}
	if (segments.length === directory.length) return below ? "nothing" : undefined;
	return { segments: segments.slice(directory.length), below };
}
