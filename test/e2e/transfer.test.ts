import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MAX_CHUNK_BYTES, type WireVersion } from "../../src/protocol/index.js";
import {
	newId,
	ok,
	openStore,
	refusal,
	rootOf,
	type Store,
	type StoreFixture,
	sha256,
	versionOf,
} from "../support/store.js";
import {
	begin,
	bytesOf,
	commitOf,
	none,
	putAll,
	putRequest,
	readBack,
	S,
	upload,
} from "../support/transfers.js";

/** Uploads of all sizes, as any agent makes them, on whatever network BLOBS_NETWORK names. */

let fixture: StoreFixture;
let store: Store;

beforeAll(async () => {
	fixture = await openStore();
	store = fixture.store;
});
afterAll(() => fixture.dispose());

describe("sizes", () => {
	for (const size of [0, 1, S - 1, S, S + 1, 3 * S + 7])
		for (const known of [true, false])
			test(`${size} bytes, size ${known ? "given at begin" : "not known until commit"}`, async () => {
				const bytes = bytesOf(size);
				const key = `sizes/${size}-${known}`;
				const id = await begin(store, key, known ? size : undefined);
				await putAll(store, id, bytes);
				const manifest = ok(await store.blobs_commit_upload(commitOf(id, bytes)));
				expect(manifest).toMatchObject({ key, size: BigInt(size), root: rootOf(bytes, S), chunk_size: S });
				expect(await readBack(store, key)).toEqual(bytes);
				const page = { key, version: versionOf(manifest), from: 0, limit: 100 };
				expect(ok(await store.blobs_leaves(page)).length).toBe(32 * Math.ceil(size / S));
			});

	test("a whole chunk of the largest size, in one message", async () => {
		const bytes = bytesOf(MAX_CHUNK_BYTES);
		const id = newId();
		const size: [bigint] = [BigInt(bytes.length)];
		ok(await store.blobs_begin_upload({ id, key: "largest", size, chunk_size: MAX_CHUNK_BYTES }));
		expect(ok(await store.blobs_put_chunk(id, 0, bytes))).toEqual(sha256(bytes));
		ok(await store.blobs_commit_upload(commitOf(id, bytes, {}, MAX_CHUNK_BYTES)));
		expect(Buffer.compare(await readBack(store, "largest"), bytes)).toBe(0);
	});

	test("a small blob in one call, twice the same answer", async () => {
		for (const size of [0, 1, 100_000]) {
			const bytes = bytesOf(size);
			const request = putRequest(`small/${size}`, bytes);
			const manifest = ok(await store.blobs_put_blob(request, bytes));
			expect(Buffer.compare(await readBack(store, request.key), bytes)).toBe(0);
			expect(ok(await store.blobs_put_blob(request, bytes))).toEqual(manifest);
		}
	});
});

describe("reads", () => {
	test("a blob replaced meanwhile is said, never mixed", async () => {
		const first = await upload(store, "reads/replaced", bytesOf(10));
		const second = await upload(store, "reads/replaced", bytesOf(10));
		expect(refusal(await store.blobs_get_chunk("reads/replaced", versionOf(first), 0))).toEqual({
			blob_replaced: versionOf(second),
		});
	});

	test("a read may ask for a state that has seen a change", async () => {
		const version = versionOf(await upload(store, "reads/behind", bytesOf(10)));
		ok(await store.blobs_stat({ key: "reads/behind", min_version: [version] }));
		const next = { sequence: version.sequence + 1n, canister_version: version.canister_version + 1_000n };
		const later = { key: "reads/behind", min_version: [next] as [WireVersion] };
		expect(refusal(await store.blobs_stat(later))).toEqual({ behind: version });
	});

	test("lists page by key and by directory, by segment and then bytes", async () => {
		for (const key of ["list/b/1", "list/b/2", "list/b!", "list/a", "list/b"])
			await upload(store, key, bytesOf(1));
		const page = async (recursive: boolean, after: [] | [string], limit: number) => {
			const result = await store.blobs_list({ prefix: "list/", recursive, after, limit, ...none });
			const { entries, next } = ok(result);
			return { names: entries.map((entry) => ("blob" in entry ? entry.blob.key : entry.directory)), next };
		};
		const whole = await page(true, [], 10);
		expect(whole.names).toEqual(["list/a", "list/b", "list/b/1", "list/b/2", "list/b!"]);
		const first = await page(false, [], 3);
		expect(first).toEqual({ names: ["list/a", "list/b", "list/b/"], next: ["list/b/"] });
		expect(await page(false, first.next, 3)).toEqual({ names: ["list/b!"], next: [] });
	});

	test("uploads that are open are listed by key, in pages", async () => {
		const ids = [
			await begin(store, "open/x", 5),
			await begin(store, "open/x", 5),
			await begin(store, "open/y", 5),
		];
		const { uploads } = ok(await store.blobs_list_uploads({ key: ["open/x"], after: [], limit: 100 }));
		const hex = (list: Uint8Array[]) => list.map((id) => Buffer.from(id).toString("hex")).sort();
		expect(hex(uploads.map(({ id }) => new Uint8Array(id)))).toEqual(hex(ids.slice(0, 2)));
		expect(ok(await store.blobs_list_uploads({ key: [], after: [], limit: 1 })).next).toHaveLength(1);
	});
});
