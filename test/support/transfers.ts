import { randomBytes } from "node:crypto";
import {
	MAX_CHUNK_BYTES,
	MIN_CHUNK_BYTES,
	type WireManifest,
	type WirePublication,
} from "../../src/protocol/index.js";
import { held, newId, ok, publication, rootOf, type Store, versionOf } from "./store.js";

/** Uploads and downloads call by call, as a client that knows only the protocol makes them. */

export const S = MIN_CHUNK_BYTES;
export const none = { min_version: [] as [] };

export const bytesOf = (size: number) => new Uint8Array(randomBytes(size));

export async function begin(store: Store, key: string, size: number | undefined): Promise<Uint8Array> {
	const id = newId();
	const known: [] | [bigint] = size === undefined ? [] : [BigInt(size)];
	ok(await store.blobs_begin_upload({ id, key, size: known, chunk_size: S }));
	return id;
}

export async function putAll(store: Store, id: Uint8Array, bytes: Uint8Array): Promise<void> {
	for (let index = 0; index * S < bytes.length; index++)
		ok(await store.blobs_put_chunk(id, index, bytes.subarray(index * S, (index + 1) * S)));
}

export const commitOf = (
	id: Uint8Array,
	bytes: Uint8Array,
	parts: Partial<WirePublication> = {},
	chunkSize = S,
) => ({ id, size: BigInt(bytes.length), ...publication(rootOf(bytes, chunkSize), parts) });

export async function upload(
	store: Store,
	key: string,
	bytes: Uint8Array,
	parts: Partial<WirePublication> = {},
): Promise<WireManifest> {
	const id = await begin(store, key, bytes.length);
	await putAll(store, id, bytes);
	return ok(await store.blobs_commit_upload(commitOf(id, bytes, parts)));
}

export const putRequest = (key: string, bytes: Uint8Array, parts: Partial<WirePublication> = {}) => ({
	id: newId(),
	key,
	...publication(rootOf(bytes, MAX_CHUNK_BYTES), parts),
});

/** A small blob in one call. */
export async function put(
	store: Store,
	key: string,
	bytes: Uint8Array,
	parts: Partial<WirePublication> = {},
): Promise<WireManifest> {
	return ok(await store.blobs_put_blob(putRequest(key, bytes, parts), bytes));
}

export const putItem = (key: string, content: Uint8Array, parts: Partial<WirePublication> = {}) => ({
	key,
	content,
	...publication(rootOf(content, MAX_CHUNK_BYTES), parts),
});

export const deletion = (key: string) => ({ id: newId(), key, precondition: { none: null } });

/** @param known the key's manifest, where it was just asked for */
export async function readBack(store: Store, key: string, known?: WireManifest): Promise<Uint8Array> {
	const manifest = known ?? held(await store.blobs_stat({ key, ...none }));
	const chunks: Uint8Array[] = [];
	const { size, chunk_size } = manifest;
	for (let index = 0; BigInt(index * chunk_size) < size; index++)
		chunks.push(ok(await store.blobs_get_chunk(key, versionOf(manifest), index)));
	return new Uint8Array(Buffer.concat(chunks));
}

/** Keys and directories that a list shows, first page. */
export async function listed(store: Store, prefix: string, recursive = true): Promise<string[]> {
	const page = ok(await store.blobs_list({ prefix, recursive, after: [], limit: 1_000, ...none }));
	return page.entries.map((entry) => ("blob" in entry ? entry.blob.key : entry.directory));
}
