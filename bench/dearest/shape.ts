import { MAX_CHUNK_BYTES, MAX_ITEMS, MAX_KEY_BYTES, MAX_KEY_SEGMENTS } from "../../src/protocol/index.js";
import { newId, publication, rootOf } from "../../test/support/published.js";

/** A message of many items, described by the factors of its cost. */
export interface Shape {
	readonly items: number;
	readonly segments: number;
	/** Leading segments that all keys share. */
	readonly shared: number;
	readonly segmentBytes: number;
	readonly isPrivate: boolean;
	/** Content of the keys before the message. */
	readonly over: "nothing" | "public" | "private";
	readonly metadata: number;
	/** Whether keys come in order, or in the order of a hash. */
	readonly isSorted: boolean;
}

/** The most expensive shape found so far: deep public keys over private ones, no two in one directory. */
export const DEAREST: Shape = {
	items: MAX_ITEMS,
	segments: MAX_KEY_SEGMENTS,
	shared: 0,
	segmentBytes: 31,
	isPrivate: false,
	over: "private",
	metadata: 0,
	isSorted: true,
};

const EMPTY = new Uint8Array(0);
const ROOT = rootOf(EMPTY, MAX_CHUNK_BYTES);
/** A name of five characters, spread over the directory if keys come out of order. */
const nameOf = (n: number, isSorted: boolean) =>
	(isSorted ? n : (n * 7_919) % 99_991).toString(36).padStart(5, "0");

/** The keys of a shape; `tag` distinguishes them from other keys of the same shape. */
export function keysOf({ items, segments, shared, segmentBytes, isSorted }: Shape, tag: string): string[] {
	const bytes = Math.max(6, Math.min(segmentBytes, Math.floor((MAX_KEY_BYTES - segments) / segments)));
	return Array.from({ length: items }, (_, n) =>
		Array.from({ length: segments }, (_, level) =>
			`${level < shared ? "s" : nameOf(n, isSorted)}${level === 0 ? tag : ""}`
				.padEnd(bytes, "x")
				.slice(0, MAX_KEY_BYTES / segments - 1),
		).join("/"),
	);
}

export function putOf(shape: Shape, keys: readonly string[], isPrivate = shape.isPrivate) {
	const visibility = isPrivate ? { private: null } : { public: null };
	const metadata = Array.from({ length: shape.metadata }, (_, n): [string, string] => [`n${n}`, "v"]);
	const parts = publication(ROOT, { visibility, metadata });
	return { id: newId(), blobs: keys.map((key) => ({ key, content: EMPTY, ...parts })) };
}

export const deleteOf = (keys: readonly string[]) => ({
	id: newId(),
	blobs: keys.map((key) => ({ key, precondition: { none: null } })),
});

/** Keys of a message that it did not process for want of instructions. */
export function undone(keys: readonly string[], results: readonly object[]): string[] {
	return keys.filter((_, n) => {
		const { err } = results[n] as { err?: { code: string } };
		return err?.code === "not_done_yet";
	});
}
