import { randomBytes } from "node:crypto";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import {
	MAX_CHUNKS,
	MAX_KEY_SEGMENTS,
	MAX_LINKED_CHUNKS,
	MAX_LIST_PAGE,
	type MethodArgs,
	type MethodName,
	MIN_CHUNK_BYTES,
	rootPreimage,
} from "../../src/protocol/index.js";
import { newId, publication, sha256 } from "../../test/support/published.js";
import type { MeteredStore } from "../metered.js";

const S = MIN_CHUNK_BYTES;
const none = { none: null };
const deep = (name: string) => Array.from({ length: MAX_KEY_SEGMENTS }, (_, n) => `${name}-${n}`).join("/");

/**
 * The most expensive of all other requests at their bounds, each as an update, and of the timer steps for the largest
 * blob, in instructions.
 */
export async function dearestOfOthers(store: MeteredStore): Promise<number> {
	store.messages.length = 0;
	const key = await largestBlob(store);
	// Timers hash, sort and certify its answers over HTTP; their steps count as well.
	while ((await store.call("blobs_stats")).certifying > 0n)
		await new Promise((resolve) => setTimeout(resolve, 500));
	await call(store, "blobs_update", {
		id: newId(),
		key,
		precondition: none,
		content_type: [],
		visibility: [{ private: null }],
		metadata: [],
		expiry: [],
	});
	const move = { source: none, precondition: none };
	await call(store, "blobs_copy", { id: newId(), from: key, to: deep("copy"), ...move });
	await call(store, "blobs_rename", { id: newId(), from: key, to: deep("renamed"), ...move });
	await call(store, "blobs_delete", { id: newId(), key: deep("renamed"), precondition: none });
	for (let i = 0; i < MAX_LIST_PAGE; i++)
		await call(store, "blobs_begin_upload", { id: newId(), key: deep(`open-${i}`), size: [], chunk_size: S });
	for (let i = 0; i < 100; i++) {
		const who = Ed25519KeyIdentity.generate().getPrincipal();
		await call(store, "blobs_grant_role", { id: newId(), who, role: { reader: null } });
	}
	const page = { after: [] as [], limit: MAX_LIST_PAGE };
	const latest = { min_version: [] as [] };
	await asUpdate(store, "blobs_list_all_uploads", page);
	await asUpdate(store, "blobs_list_uploads", { key: [], ...page });
	await asUpdate(store, "blobs_list_accounts", page);
	await asUpdate(store, "blobs_list", { prefix: "", recursive: true, ...page, ...latest });
	await asUpdate(store, "blobs_list", { prefix: "", recursive: false, ...page, ...latest });
	await asUpdate(store, "blobs_changes", { ...page, ...latest });
	await asUpdate(store, "blobs_stats");
	await asUpdate(store, "blobs_metrics");
	return Math.max(...store.messages.map(({ instructions }) => Number(instructions)));
}

/** A blob with the maximum number of chunks, all of them one linked chunk, under a deep key. */
async function largestBlob(store: MeteredStore): Promise<string> {
	const key = deep("largest");
	const chunk = new Uint8Array(randomBytes(S));
	const leaf = sha256(chunk);
	const id = newId();
	await call(store, "blobs_begin_upload", { id, key, size: [], chunk_size: S });
	await call(store, "blobs_put_chunk", id, 0, chunk);
	for (let from = 1; from < MAX_CHUNKS; from += MAX_LINKED_CHUNKS) {
		const count = Math.min(MAX_LINKED_CHUNKS, MAX_CHUNKS - from);
		await call(store, "blobs_link_chunks", { id, from, leaves: repeat(leaf, count) });
	}
	const size = BigInt(MAX_CHUNKS) * BigInt(S);
	const root = sha256(rootPreimage(size, S, repeat(leaf, MAX_CHUNKS)));
	await call(store, "blobs_commit_upload", { id, size, ...publication(root) });
	return key;
}

const call = <Name extends MethodName>(store: MeteredStore, name: Name, ...args: MethodArgs<Name>) =>
	store.call(name, ...args);

const asUpdate = <Name extends MethodName>(store: MeteredStore, name: Name, ...args: MethodArgs<Name>) =>
	store.sendAsUpdate(store.agent, name, store.argument(name, ...args));

function repeat(leaf: Uint8Array, count: number): Uint8Array {
	const leaves = new Uint8Array(count * leaf.length);
	for (let i = 0; i < count; i++) leaves.set(leaf, i * leaf.length);
	return leaves;
}
