import { MAX_CHUNK_BYTES, MAX_ITEMS, MAX_KEY_BYTES, MAX_KEY_SEGMENTS } from "../../src/protocol/index.js";
import { newId, publication, rootOf } from "../../test/support/published.js";

/** A message of many items, by what makes it dear. */
export interface Shape {
	readonly items: number;
	readonly segments: number;
	/** Of those, how many from the first on all keys have in common. */
	readonly shared: number;
	readonly segmentBytes: number;
	readonly isPrivate: boolean;
	/** What the keys hold before. */
	readonly over: "nothing" | "public" | "private";
	readonly metadata: number;
	/** Whether keys come in their order, or in that of a hash. */
	readonly isSorted: boolean;
}

/** The dearest that the search has found: deep public keys over private ones, none of a directory with another. */
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
/** A name of five characters, spread over the directory where keys come in no order. */
const nameOf = (n: number, isSorted: boolean) =>
	(isSorted ? n : (n * 7_919) % 99_991).toString(36).padStart(5, "0");

/** The keys of a shape; `tag` tells them from those of others with the same shape. */
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

/** What is left of a message's keys: those that it had no instructions for. */
export function undone(keys: readonly string[], results: readonly object[]): string[] {
	return keys.filter((_, n) => {
		const { err } = results[n] as { err?: { code: string } };
		return err?.code === "not_done_yet";
	});
}
