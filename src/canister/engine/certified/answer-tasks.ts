import { encodeUtf8 } from "../../../protocol/codec/utf8.js";
import { Reader, writeU64 } from "../base/codec.js";

/** Work on sets of HTTP answers, as it waits in queues. */

/** Frozen, since they are stored. */
export const TASK = { hash: 1, sort: 2, build: 3, certify: 4, drop: 5 } as const;

/** The next step for one set of answers. */
export interface Task {
	readonly kind: (typeof TASK)[keyof typeof TASK];
	readonly content: number;
	readonly type: string;
	readonly root: Uint8Array;
	readonly size: number;
	readonly chunkSize: number;
	/** The set's number: where the content and type have another set by now, or none, this one is not needed. */
	readonly number: number;
	/** Steps of this kind that are done; of the last two kinds, blobs that waited and do so no longer. */
	readonly done: number;
	/** The catalog's set. */
	readonly labels: number;
}

/** Written at the places of fields (docs/STORAGE.md, "Responses"), not by a Writer: each commit writes one. */
export function encodeTask({
	kind,
	content,
	number,
	size,
	chunkSize,
	done,
	labels,
	root,
	type,
}: Task): Uint8Array {
	const utf8 = encodeUtf8(type);
	const typeAt = ROOT_AT + root.length + 4;
	const record = new Uint8Array(typeAt + utf8.length);
	const view = new DataView(record.buffer);
	record[0] = kind;
	writeU64(view, 1, content);
	writeU64(view, 9, number);
	writeU64(view, 17, size);
	view.setUint32(25, chunkSize);
	view.setUint32(29, done);
	view.setUint32(33, labels);
	view.setUint32(ROOT_AT - 4, root.length);
	record.set(root, ROOT_AT);
	view.setUint32(typeAt - 4, utf8.length);
	record.set(utf8, typeAt);
	return record;
}
const ROOT_AT = 41;

export function decodeTask(record: Uint8Array): Task {
	const reader = new Reader(record);
	return {
		kind: reader.u8() as Task["kind"],
		content: reader.u64(),
		number: reader.u64(),
		size: reader.u64(),
		chunkSize: reader.u32(),
		done: reader.u32(),
		labels: reader.u32(),
		root: reader.bytes(),
		type: reader.text(),
	};
}
