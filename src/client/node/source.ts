import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { messageOf, sourceInvalid } from "../errors/errors.js";
import type { BlobSource } from "../source/types.js";
import type { UploadItem } from "../upload/batch/types.js";
import { SourceLater } from "../upload/index.js";
import { fromPath } from "./from-path.js";
import { fromReadable } from "./from-readable.js";

/** What can be uploaded in Node: also a path, a `file:` URL, and a stream of Node, as they are. */
export type NodeSource = BlobSource | string | URL | Readable;

/** One of many files to upload in Node. */
export interface NodeUploadItem extends Omit<UploadItem, "source"> {
	/** What to upload, or a function that opens it when its turn comes. One that throws fails this file only. */
	source: NodeSource | (() => NodeSource | Promise<NodeSource>);
}

/** What `uploadMany` takes in Node. */
export type NodeUploadItems = Iterable<NodeUploadItem> | AsyncIterable<NodeUploadItem>;

/** As the client takes it: a file is opened when its transfer begins. */
export function nodeSource(source: NodeSource): BlobSource | SourceLater {
	if (typeof source === "string") return new SourceLater(() => fromPath(source));
	if (source instanceof URL) return new SourceLater(async () => fromPath(pathOf(source)));
	return source instanceof Readable ? fromReadable(source) : source;
}

function pathOf(url: URL): string {
	if (url.protocol === "file:")
		try {
			return fileURLToPath(url);
		} catch (error) {
			throw sourceInvalid(`the URL ${url.href}: ${messageOf(error)}`, error);
		}
	const got = `a URL of ${url.protocol} that is not a file: give (await fetch(url)).body`;
	throw sourceInvalid(got);
}

const opened = (source: BlobSource | SourceLater) => (source instanceof SourceLater ? source.open() : source);

const itemOf = (item: NodeUploadItem): UploadItem => {
	const { source } = (item ?? {}) as Partial<NodeUploadItem>;
	if (source === undefined) return item as UploadItem;
	if (typeof source === "function")
		return { ...item, source: async () => opened(nodeSource(await source())) };
	const given = nodeSource(source);
	return { ...item, source: given instanceof SourceLater ? given.open : given };
};

/** An array stays one, so that its total is known at once. */
export function nodeItems(items: NodeUploadItems): Iterable<UploadItem> | AsyncIterable<UploadItem> {
	if (Array.isArray(items)) return items.map(itemOf);
	const isIterable =
		typeof items === "object" &&
		items !== null &&
		(Symbol.iterator in items || Symbol.asyncIterator in items);
	if (!isIterable) return items as UploadItem[];
	return (async function* () {
		for await (const item of items) yield itemOf(item);
	})();
}
