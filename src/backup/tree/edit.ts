import type { ItemWriter } from "../repository/item-writer.js";
import { TreeBuilder, type TreeRef } from "./builder.js";
import { TreeCursor, type TreePages } from "./cursor.js";
import type { Entry } from "./entry.js";
import { isBefore } from "./page.js";

/** New entry of a key; undefined removes the key. */
export interface Edit<T extends Entry> {
	readonly key: string;
	readonly entry: T | undefined;
}

/**
 * Applies edits to a tree. Reads and writes only the pages that change, and their neighbours. The result is the tree
 * that `buildTree` would make of the resulting entries.
 * @param edits in order of keys, each key once
 */
export async function editTree<T extends Entry>(
	pages: TreePages<T>,
	root: string,
	edits: AsyncIterable<Edit<T>>,
	writer: Pick<ItemWriter, "add">,
): Promise<TreeRef> {
	const cursor = await TreeCursor.at(pages, root);
	const builder = new TreeBuilder(writer, pages.codec);
	const source = edits[Symbol.asyncIterator]();
	const next = async (): Promise<Edit<T> | undefined> => {
		const { done, value } = await source.next();
		return done ? undefined : value;
	};
	const apply = async ({ entry }: Edit<T>) => {
		if (entry) await builder.add(entry);
	};
	let edit = await next();
	for (let position = cursor.position; position; position = cursor.position) {
		if (position.kind === "page") {
			const { level, ref } = position;
			const isTouched = edit !== undefined && !isBefore(ref.last, edit.key);
			// A page at the end of the tree may end without a boundary key: with entries after it, it must grow.
			const isWhole = !cursor.isAtEdge || edit === undefined;
			if (isTouched || !isWhole || !builder.canTake(level)) {
				await cursor.descend();
				continue;
			}
			await builder.take(level, ref);
			cursor.skip();
			continue;
		}
		const { entry } = position;
		if (edit === undefined || isBefore(entry.key, edit.key)) {
			await builder.add(entry);
			cursor.skip();
			continue;
		}
		if (edit.key === entry.key) cursor.skip();
		await apply(edit);
		edit = await next();
	}
	for (; edit !== undefined; edit = await next()) await apply(edit);
	return builder.finish();
}

/** The tree of entries that come in order. */
export async function buildTree<T extends Entry>(
	pages: TreePages<T>,
	entries: AsyncIterable<T>,
	writer: Pick<ItemWriter, "add">,
): Promise<TreeRef> {
	const builder = new TreeBuilder(writer, pages.codec);
	for await (const entry of entries) await builder.add(entry);
	return builder.finish();
}
