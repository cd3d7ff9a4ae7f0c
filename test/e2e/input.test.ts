import { afterAll, beforeAll, expect, test } from "vitest";
import { MAX_CHUNK_BYTES } from "../../src/protocol/index.js";
import {
	newId,
	ok,
	openStore,
	refusal,
	rootOf,
	type Store,
	type StoreFixture,
	sha256,
} from "../support/store.js";
import { begin, bytesOf, commitOf, none, putAll, putRequest, readBack, S } from "../support/transfers.js";

/** Valid and invalid input of requests. */

let fixture: StoreFixture;
let store: Store;

beforeAll(async () => {
	fixture = await openStore();
	store = fixture.store;
});
afterAll(() => fixture.dispose());

test("C09 a chunk past the cap, with the cap in the error", async () => {
	const id = await begin(store, "refused/cap", undefined);
	expect(refusal(await store.blobs_put_chunk(id, 0, bytesOf(S + 1)))).toEqual({
		chunk_too_large: { limit: BigInt(S), actual: BigInt(S + 1) },
	});
	const tooLarge = { id: newId(), key: "refused/cap", size: [] as [], chunk_size: MAX_CHUNK_BYTES + 1 };
	expect(refusal(await store.blobs_begin_upload(tooLarge))).toMatchObject({
		invalid_argument: { field: "chunk_size", limit: BigInt(MAX_CHUNK_BYTES) },
	});
});

test("C11 a short or a long last chunk, and a short one in the middle", async () => {
	const id = await begin(store, "refused/last", S + 10);
	expect(refusal(await store.blobs_put_chunk(id, 1, bytesOf(9)))).toEqual({
		chunk_wrong_size: { index: 1, expected: 10n, actual: 9n },
	});
	expect(refusal(await store.blobs_put_chunk(id, 1, bytesOf(11)))).toHaveProperty("chunk_wrong_size");
	expect(refusal(await store.blobs_put_chunk(id, 0, bytesOf(9)))).toHaveProperty("chunk_wrong_size");
});

test("C10 an index that no chunk has", async () => {
	const id = await begin(store, "refused/index", 2 * S);
	for (const index of [2, 2 ** 32 - 1])
		expect(refusal(await store.blobs_put_chunk(id, index, bytesOf(S)))).toEqual({
			chunk_out_of_range: { index: BigInt(index), count: 2n },
		});
});

test("C10 a size that no blob can have", async () => {
	for (const size of [2n ** 53n, 2n ** 64n - 1n, 65_000n * BigInt(S) + 1n]) {
		const request = { id: newId(), key: "refused/size", size: [size] as [bigint], chunk_size: S };
		expect(refusal(await store.blobs_begin_upload(request))).toMatchObject({
			invalid_argument: { field: "size", limit: 65_000n },
		});
	}
});

test("C13 keys and content types out of bounds", async () => {
	const segments33 = Array(33).fill("a").join("/");
	for (const key of ["", "/a", "a/", "a//b", "a/../b", "./a", "a\nb", "x".repeat(1025), segments33])
		expect(
			refusal(await store.blobs_begin_upload({ id: newId(), key, size: [], chunk_size: S })),
		).toMatchObject({ invalid_argument: { field: "key" } });
	for (const content_type of ["", "html", "text/html\r\nx: y", `text/${"x".repeat(128)}`])
		expect(
			refusal(await store.blobs_put_blob(putRequest("k", bytesOf(1), { content_type }), bytesOf(1))),
		).toMatchObject({ invalid_argument: { field: "content_type" } });
});

test("C13 what can be no key is refused by a stat, too, and holds nothing for any other read", async () => {
	const there = bytesOf(1);
	const { sequence, canister_version } = ok(await store.blobs_put_blob(putRequest("there", there), there));
	for (const key of ["", "a/", "x".repeat(1025), "é".repeat(1_024)]) {
		expect(refusal(await store.blobs_stat({ key, ...none }))).toMatchObject({
			invalid_argument: { field: "key" },
		});
		expect(refusal(await store.blobs_get_chunk(key, { sequence, canister_version }, 0))).toEqual({
			blob_not_found: {},
		});
		const list = { prefix: key, recursive: true, after: [key] as [string], limit: 1, ...none };
		if (key !== "") expect(ok(await store.blobs_list(list)).entries).toEqual([]);
	}
});

test("C13 a text of more than twice the bytes that it may have is not read", async () => {
	const [key, longest] = ["é".repeat(1_025), 2_048];
	const malformed = { malformed: { reason: `a text has more than ${longest} bytes` } };
	expect(refusal(await store.blobs_stat({ key, ...none }))).toEqual(malformed);
	expect(refusal(await store.blobs_get_chunk(key, { sequence: 1n, canister_version: 1n }, 0))).toEqual(
		malformed,
	);
});

test("a commit with a chunk missing says which, and keeps the others", async () => {
	const bytes = bytesOf(3 * S);
	const id = await begin(store, "refused/missing", bytes.length);
	for (const index of [0, 2])
		ok(await store.blobs_put_chunk(id, index, bytes.subarray(index * S, (index + 1) * S)));
	const commit = commitOf(id, bytes);
	expect(refusal(await store.blobs_commit_upload(commit))).toEqual({
		missing_chunks: { count: 1, first: 1 },
	});
	ok(await store.blobs_put_chunk(id, 1, bytes.subarray(S, 2 * S)));
	ok(await store.blobs_commit_upload(commit));
	expect(Buffer.compare(await readBack(store, "refused/missing"), bytes)).toBe(0);
});

test("C14 a commit with a wrong root publishes nothing and keeps the chunks", async () => {
	const bytes = bytesOf(2 * S);
	const id = await begin(store, "refused/root", bytes.length);
	await putAll(store, id, bytes);
	const wrong = { ...commitOf(id, bytes), root: sha256(bytes) };
	expect(refusal(await store.blobs_commit_upload(wrong))).toEqual({
		root_mismatch: { stored: rootOf(bytes, S) },
	});
	expect(ok(await store.blobs_stat({ key: "refused/root", ...none })).manifest).toEqual([]);
	const { upload: open, leaves } = ok(await store.blobs_upload_status({ id, from: 0, limit: 10 }));
	expect(open.received).toBe(2);
	const expected = Buffer.concat([sha256(bytes.subarray(0, S)), sha256(bytes.subarray(S))]);
	expect(Buffer.compare(leaves, expected)).toBe(0);
});
