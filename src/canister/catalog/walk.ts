import { decodeUtf8, encodeUtf8 } from "../../protocol/codec/utf8.js";
import { type Position, within } from "../../protocol/listing.js";
import { descend, readChild } from "./directory.js";
import { countOf, isFileAt, labelAt, linkAt } from "./node.js";
import type { ListEntry } from "./order.js";
import type { NodeStore } from "./store.js";

/** A directory to be walked. */
export interface Start {
	readonly directory: number;
	/** What stands before its labels: its path with a trailing `/`, or nothing. */
	readonly path: string;
	/** Only labels that begin so. */
	readonly labelPrefix: string;
	/** Relative to the directory; not before `labelPrefix`. */
	readonly after: Position | undefined;
}

interface Frame extends Start {
	readonly cursor: Cursor;
}

/** A directory's labels in order, from the first that is not below `from`. A node is read once. */
export class Cursor {
	/** Where the next label is, if there is one; then `advance`. */
	node: Uint8Array;
	index: number;
	readonly #store: NodeStore;
	/** The inner nodes above, the lowest last. */
	readonly #above: { node: Uint8Array; index: number }[];

	constructor(store: NodeStore, directory: number, from: string) {
		this.#store = store;
		this.#above = descend(store, directory, encodeUtf8(from)).path.map(({ node, index }) => ({
			node,
			index,
		}));
		({ node: this.node, index: this.index } = this.#above.pop()!);
		if (this.index === countOf(this.node)) this.#nextLeaf();
	}

	/** False past the last label. */
	get holds(): boolean {
		return this.index < countOf(this.node);
	}

	advance(): void {
		if (++this.index === countOf(this.node)) this.#nextLeaf();
	}

	/** Up to the first node that has another child, down to that child's first leaf; else all stays as it is. */
	#nextLeaf(): void {
		const above = this.#above;
		let depth = above.length - 1;
		while (depth >= 0 && above[depth]!.index + 1 === countOf(above[depth]!.node)) depth--;
		if (depth < 0) return;
		above[depth]!.index++;
		for (; depth < above.length - 1; depth++)
			above[depth + 1] = { node: this.#child(above[depth]!), index: 0 };
		this.node = this.#child(above[depth]!);
		this.index = 0;
	}

	#child({ node, index }: { node: Uint8Array; index: number }): Uint8Array {
		return readChild(this.#store, node, index).node;
	}
}

const open = (store: NodeStore, start: Start): Frame => ({
	...start,
	cursor: new Cursor(store, start.directory, start.after?.segments[0] ?? start.labelPrefix),
});

/** Keys in order, from `start` if there is one; directories are gone into, or, if not recursive, folded. */
export function* walk(store: NodeStore, start: Start | undefined, recursive: boolean): Generator<ListEntry> {
	const frames = start === undefined ? [] : [open(store, start)];
	for (let frame = frames[0]; frame !== undefined; frame = frames[frames.length - 1]) {
		const { cursor, after } = frame;
		const label = cursor.holds ? decodeUtf8(labelAt(cursor.node, cursor.index)) : undefined;
		if (label === undefined || !label.startsWith(frame.labelPrefix)) {
			frames.pop();
			continue;
		}
		const text = frame.path + label;
		const onPath = after !== undefined && label === after.segments[0];
		const file = isFileAt(cursor.node, cursor.index);
		const directory = linkAt(cursor.node, cursor.index);
		cursor.advance();
		if (file && !onPath) yield { key: text };
		if (directory === 0) continue;
		const rest = onPath ? within(after) : undefined;
		if (rest === "nothing") continue;
		const below: Start = { directory, path: `${text}/`, labelPrefix: "", after: rest };
		if (recursive) frames.push(open(store, below));
		else if (rest === undefined || !walk(store, below, true).next().done) yield { directory: below.path };
	}
}
