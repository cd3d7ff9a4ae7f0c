import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { installWasm } from "../../examples/support/deploy.js";
import { MAX_CHUNK_BYTES, METHODS, type MethodName, MIN_CHUNK_BYTES } from "../../src/protocol/index.js";
import {
	held,
	newId,
	ok,
	openStore,
	publication,
	refusal,
	rootOf,
	type Store,
	type StoreFixture,
	sha256,
} from "../support/store.js";

/** The store's Wasm as any agent sees it, over HTTP, on whatever network BLOBS_NETWORK names. */

const S = MIN_CHUNK_BYTES;
let fixture: StoreFixture;
let store: Store;

beforeAll(async () => {
	fixture = await openStore();
	store = fixture.store;
});
afterAll(() => fixture.dispose());

const bytesOf = (size: number) => new Uint8Array(randomBytes(size));
const none = { min_sequence: [] as [] };

async function begin(key: string, size: number | undefined): Promise<Uint8Array> {
	const id = newId();
	ok(
		await store.blobs_begin_upload({
			id,
			key,
			size: size === undefined ? [] : [BigInt(size)],
			chunk_size: S,
		}),
	);
	return id;
}

async function putAll(id: Uint8Array, bytes: Uint8Array): Promise<void> {
	for (let index = 0; index * S < bytes.length; index++) {
		const chunk = bytes.subarray(index * S, (index + 1) * S);
		expect(ok(await store.blobs_put_chunk(id, index, chunk))).toEqual(sha256(chunk));
	}
}

const commitOf = (id: Uint8Array, bytes: Uint8Array, chunkSize = S) => ({
	id,
	size: BigInt(bytes.length),
	...publication(rootOf(bytes, chunkSize)),
});

async function upload(key: string, bytes: Uint8Array, size: number | undefined = bytes.length) {
	const id = await begin(key, size);
	await putAll(id, bytes);
	return ok(await store.blobs_commit_upload(commitOf(id, bytes)));
}

const putRequest = (key: string, bytes: Uint8Array, parts: Parameters<typeof publication>[1] = {}) => ({
	id: newId(),
	key,
	...publication(rootOf(bytes, MAX_CHUNK_BYTES), parts),
});

async function readBack(key: string): Promise<Uint8Array> {
	const { sequence, size, chunk_size } = held(await store.blobs_stat({ key, ...none }));
	const chunks: Uint8Array[] = [];
	for (let index = 0; BigInt(index * chunk_size) < size; index++)
		chunks.push(ok(await store.blobs_get_chunk(key, sequence, index)));
	return new Uint8Array(Buffer.concat(chunks));
}

describe("sizes", () => {
	for (const size of [0, 1, S - 1, S, S + 1, 3 * S + 7])
		for (const known of [true, false])
			test(`${size} bytes, size ${known ? "given at begin" : "not known until commit"}`, async () => {
				const bytes = bytesOf(size);
				const key = `sizes/${size}-${known}`;
				const id = await begin(key, known ? size : undefined);
				await putAll(id, bytes);
				const manifest = ok(await store.blobs_commit_upload(commitOf(id, bytes)));
				expect(manifest).toMatchObject({ key, size: BigInt(size), root: rootOf(bytes, S), chunk_size: S });
				expect(await readBack(key)).toEqual(bytes);
				const page = { key, sequence: manifest.sequence, from: 0, limit: 100 };
				expect(ok(await store.blobs_leaves(page)).length).toBe(32 * Math.ceil(size / S));
			});

	test("a whole chunk of the largest size, in one message", async () => {
		const bytes = bytesOf(MAX_CHUNK_BYTES);
		const id = newId();
		const size: [bigint] = [BigInt(bytes.length)];
		ok(await store.blobs_begin_upload({ id, key: "largest", size, chunk_size: MAX_CHUNK_BYTES }));
		expect(ok(await store.blobs_put_chunk(id, 0, bytes))).toEqual(sha256(bytes));
		ok(await store.blobs_commit_upload(commitOf(id, bytes, MAX_CHUNK_BYTES)));
		expect(Buffer.compare(await readBack("largest"), bytes)).toBe(0);
	});

	test("a small blob in one call, twice the same answer", async () => {
		for (const size of [0, 1, 100_000]) {
			const bytes = bytesOf(size);
			const request = putRequest(`small/${size}`, bytes);
			const manifest = ok(await store.blobs_put_blob(request, bytes));
			expect(Buffer.compare(await readBack(request.key), bytes)).toBe(0);
			expect(ok(await store.blobs_put_blob(request, bytes))).toEqual(manifest);
		}
	});
});

describe("what is refused", () => {
	test("C09 a chunk past the cap, with the cap in the error", async () => {
		const id = await begin("refused/cap", undefined);
		expect(refusal(await store.blobs_put_chunk(id, 0, bytesOf(S + 1)))).toEqual({
			chunk_too_large: { limit: BigInt(S), actual: BigInt(S + 1) },
		});
		const tooLarge = { id: newId(), key: "refused/cap", size: [] as [], chunk_size: MAX_CHUNK_BYTES + 1 };
		expect(refusal(await store.blobs_begin_upload(tooLarge))).toMatchObject({
			invalid_argument: { field: "chunk_size", limit: BigInt(MAX_CHUNK_BYTES) },
		});
	});

	test("C11 a short or a long last chunk, and a short one in the middle", async () => {
		const id = await begin("refused/last", S + 10);
		expect(refusal(await store.blobs_put_chunk(id, 1, bytesOf(9)))).toEqual({
			chunk_wrong_size: { index: 1, expected: 10n, actual: 9n },
		});
		expect(refusal(await store.blobs_put_chunk(id, 1, bytesOf(11)))).toHaveProperty("chunk_wrong_size");
		expect(refusal(await store.blobs_put_chunk(id, 0, bytesOf(9)))).toHaveProperty("chunk_wrong_size");
	});

	test("C10 an index that no chunk has", async () => {
		const id = await begin("refused/index", 2 * S);
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

	test("a commit with a chunk missing says which, and keeps the others", async () => {
		const bytes = bytesOf(3 * S);
		const id = await begin("refused/missing", bytes.length);
		for (const index of [0, 2])
			ok(await store.blobs_put_chunk(id, index, bytes.subarray(index * S, (index + 1) * S)));
		const commit = commitOf(id, bytes);
		expect(refusal(await store.blobs_commit_upload(commit))).toEqual({
			missing_chunks: { count: 1, first: 1 },
		});
		ok(await store.blobs_put_chunk(id, 1, bytes.subarray(S, 2 * S)));
		ok(await store.blobs_commit_upload(commit));
		expect(Buffer.compare(await readBack("refused/missing"), bytes)).toBe(0);
	});

	test("C14 a commit with a wrong root publishes nothing and keeps the chunks", async () => {
		const bytes = bytesOf(2 * S);
		const id = await begin("refused/root", bytes.length);
		await putAll(id, bytes);
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

	test("C07 a candid bomb on every method", async () => {
		const bomb = new Uint8Array(Buffer.from("4449444c026d7b6d7f0200010080c2d72f", "hex"));
		for (const name of Object.keys(METHODS) as MethodName[])
			expect(text(await fixture.callRaw(name, bomb)), name).toContain("it holds more than 1024 values");
	});

	test("C08 a blob that claims more bytes than there are", async () => {
		const id = await begin("refused/claim", S);
		// 16 bytes of id, index 0, then a blob of 1,000 bytes of which 10 are there.
		const header = Buffer.from("4449444c016d7b0300790010", "hex");
		const claim = Buffer.concat([header, id, Buffer.from("00000000e807", "hex"), Buffer.alloc(10)]);
		const reply = await fixture.callRaw("blobs_put_chunk", new Uint8Array(claim));
		expect(text(reply)).toContain("its lengths do not add up");
		expect(ok(await store.blobs_upload_status({ id, from: 0, limit: 1 })).upload.received).toBe(0);
	});

	const text = (reply: Uint8Array) => Buffer.from(reply).toString("latin1");
});

describe("the same request again", () => {
	test("C31 begin, put, commit, abort, delete: the same effect and the same answer", async () => {
		const bytes = bytesOf(S + 1);
		const size: [bigint] = [BigInt(bytes.length)];
		const request = { id: newId(), key: "again/a", size, chunk_size: S };
		const { id } = request;
		expect(ok(await store.blobs_begin_upload(request))).toEqual(ok(await store.blobs_begin_upload(request)));
		await putAll(id, bytes);
		await putAll(id, bytes);
		const commit = commitOf(id, bytes);
		const manifest = ok(await store.blobs_commit_upload(commit));
		expect(ok(await store.blobs_commit_upload(commit))).toEqual(manifest);

		const deletion = { id: newId(), key: "again/a", precondition: { sequence: manifest.sequence } };
		const deleted = ok(await store.blobs_delete(deletion));
		expect(deleted.deleted).toBe(true);
		expect(ok(await store.blobs_delete(deletion))).toEqual(deleted);

		const given = await begin("again/b", 5);
		ok(await store.blobs_abort_upload(given));
		ok(await store.blobs_abort_upload(given));
		expect(refusal(await store.blobs_put_chunk(given, 0, bytesOf(5)))).toEqual({
			upload_finished: { outcome: "aborted" },
		});
	});

	test("C33 a delayed duplicate of begin or delete brings nothing back and removes no successor", async () => {
		const bytes = bytesOf(5);
		const first = ok(await store.blobs_put_blob(putRequest("again/c", bytes), bytes));
		const deletion = { id: newId(), key: "again/c", precondition: { sequence: first.sequence } };
		ok(await store.blobs_delete(deletion));
		const second = ok(await store.blobs_put_blob(putRequest("again/c", bytes), bytes));
		ok(await store.blobs_delete(deletion));
		expect(held(await store.blobs_stat({ key: "again/c", ...none })).sequence).toBe(second.sequence);

		const id = await begin("again/d", 0);
		ok(await store.blobs_commit_upload(commitOf(id, new Uint8Array(0))));
		const late = { id, key: "again/d", size: [0n] as [bigint], chunk_size: S };
		expect(refusal(await store.blobs_begin_upload(late))).toEqual({
			upload_finished: { outcome: "committed" },
		});
	});

	test("an id stands for one upload only", async () => {
		const id = await begin("again/e", 5);
		const other = { id, key: "again/f", size: [5n] as [bigint], chunk_size: S };
		expect(refusal(await store.blobs_begin_upload(other))).toEqual({ upload_conflict: { field: "key" } });
	});

	test("C34 preconditions go by sequence number, so that A, B, A does not pass", async () => {
		const put = (text: string, parts: Parameters<typeof publication>[1] = {}) => {
			const bytes = new TextEncoder().encode(text);
			return store.blobs_put_blob(putRequest("again/p", bytes, parts), bytes);
		};
		const a = ok(await put("A", { precondition: { absent: null } }));
		ok(await put("B", { precondition: { sequence: a.sequence } }));
		const again = ok(await put("A"));
		expect(again.root).toEqual(a.root);
		for (const precondition of [{ sequence: a.sequence }, { absent: null }])
			expect(refusal(await put("C", { precondition }))).toEqual({
				precondition_failed: { sequence: again.sequence },
			});
	});
});

describe("upgrades and reads", () => {
	test("C25 an upload cut by an upgrade goes on and commits; what is stored stays", async () => {
		const bytes = bytesOf(2 * S);
		const before = await upload("upgrade/before", bytesOf(100));
		const id = await begin("upgrade/across", bytes.length);
		ok(await store.blobs_put_chunk(id, 0, bytes.subarray(0, S)));
		await installWasm(fixture.agent, fixture.canisterId, fixture.wasm, "upgrade");
		ok(await store.blobs_put_chunk(id, 1, bytes.subarray(S)));
		ok(await store.blobs_commit_upload(commitOf(id, bytes)));
		expect(Buffer.compare(await readBack("upgrade/across"), bytes)).toBe(0);
		expect(held(await store.blobs_stat({ key: "upgrade/before", ...none }))).toEqual(before);
	});

	test("a blob replaced meanwhile is said, never mixed", async () => {
		const first = await upload("reads/replaced", bytesOf(10));
		const second = await upload("reads/replaced", bytesOf(10));
		expect(refusal(await store.blobs_get_chunk("reads/replaced", first.sequence, 0))).toEqual({
			blob_replaced: { sequence: second.sequence },
		});
	});

	test("a read may ask for a state that has seen a change", async () => {
		const { sequence } = await upload("reads/behind", bytesOf(10));
		ok(await store.blobs_stat({ key: "reads/behind", min_sequence: [sequence] }));
		const later = { key: "reads/behind", min_sequence: [sequence + 1n] as [bigint] };
		expect(refusal(await store.blobs_stat(later))).toEqual({ behind: { sequence } });
	});

	test("lists page by key and by directory, by segment and then bytes", async () => {
		for (const key of ["list/b/1", "list/b/2", "list/b!", "list/a", "list/b"]) await upload(key, bytesOf(1));
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
		const ids = [await begin("open/x", 5), await begin("open/x", 5), await begin("open/y", 5)];
		const { uploads } = ok(await store.blobs_list_uploads({ key: ["open/x"], after: [], limit: 100 }));
		const hex = (list: Uint8Array[]) => list.map((id) => Buffer.from(id).toString("hex")).sort();
		expect(hex(uploads.map(({ id }) => new Uint8Array(id)))).toEqual(hex(ids.slice(0, 2)));
		expect(ok(await store.blobs_list_uploads({ key: [], after: [], limit: 1 })).next).toHaveLength(1);
	});
});
