import { decodeUtf8, encodeUtf8 } from "../utf8.js";
import { descend, readChild } from "./directory.js";
import { countOf, isFileAt, labelAt, levelOf, linkAt } from "./node.js";
import type { ListEntry } from "./order.js";
import type { NodeStore } from "./store.js";

/** A place in the order of keys: past this key, or past everything below it too. */
export interface After {
	readonly segments: readonly string[];
	readonly below: boolean;
}

/** A directory to be walked. */
export interface Start {
	readonly directory: number;
	/** What stands before its labels: its path with a trailing `/`, or nothing. */
	readonly path: string;
	/** Only labels that begin so. */
	readonly labelPrefix: string;
	/** Relative to the directory; not before `labelPrefix`. */
	readonly after: After | undefined;
}

interface Frame extends Start {
	readonly cursor: Cursor;
}

/** A directory's labels in order, from the first that is not below `from`. A node is read once. */
class Cursor {
	readonly #store: NodeStore;
	readonly #path: { node: Uint8Array; index: number }[];

	constructor(store: NodeStore, directory: number, from: string) {
		this.#store = store;
		this.#path = descend(store, directory, encodeUtf8(from)).path.map(({ node, index }) => ({ node, index }));
	}

	/** The leaf and the index of the next label, if there is one. */
	next(): { readonly node: Uint8Array; readonly index: number } | undefined {
		let depth = this.#path.length - 1;
		while (this.#path[depth]!.index === countOf(this.#path[depth]!.node)) {
			if (depth === 0) return undefined;
			this.#path[--depth]!.index++;
		}
		for (; levelOf(this.#path[depth]!.node) > 0; depth++) {
			const { node, index } = this.#path[depth]!;
			this.#path[depth + 1] = { node: readChild(this.#store, node, index), index: 0 };
		}
		const { node, index } = this.#path[depth]!;
		this.#path[depth]!.index++;
		return { node, index };
	}
}

const open = (store: NodeStore, start: Start): Frame => ({
	...start,
	cursor: new Cursor(store, start.directory, start.after?.segments[0] ?? start.labelPrefix),
});

/** Keys in order; directories are gone into, or, if not recursive, folded into one entry each. */
export function* walk(store: NodeStore, start: Start, recursive: boolean): Generator<ListEntry> {
	const frames = [open(store, start)];
	while (frames.length > 0) {
		const { cursor, path, labelPrefix, after } = frames[frames.length - 1]!;
		const next = cursor.next();
		const label = next === undefined ? undefined : decodeUtf8(labelAt(next.node, next.index));
		if (next === undefined || !label!.startsWith(labelPrefix)) {
			frames.pop();
			continue;
		}
		const text = path + label;
		const onPath = after !== undefined && label === after.segments[0];
		if (isFileAt(next.node, next.index) && !onPath) yield { key: text };
		const directory = linkAt(next.node, next.index);
		if (directory === 0) continue;
		const rest = onPath ? restOf(after) : undefined;
		if (rest === "nothing") continue;
		const below: Start = { directory, path: `${text}/`, labelPrefix: "", after: rest };
		if (recursive) frames.push(open(store, below));
		else if (rest === undefined || !walk(store, below, true).next().done) yield { directory: below.path };
	}
}

/** What is left of a place inside the directory of its first segment: undefined is all of it. */
function restOf({ segments, below }: After): After | undefined | "nothing" {
	if (segments.length > 1) return { segments: segments.slice(1), below };
	return below ? "nothing" : undefined;
}
