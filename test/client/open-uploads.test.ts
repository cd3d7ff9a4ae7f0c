import { beforeEach, describe, expect, it } from "vitest";
import { moveBlob } from "../../src/client/blobs/changing.js";
import type { ClientContext } from "../../src/client/context.js";
import { isBlobError } from "../../src/client/index.js";
import { startBatch } from "../../src/client/upload/batch/index.js";
import { fromHex } from "../../src/client/util/bytes.js";
import { newId } from "../support/published.js";
import { MemoryStore, pseudoBytes } from "./support/memory-store.js";
import { failure, S, upload } from "./support/transfers.js";

/** A quota error names the caller's open uploads, which count against the quota: aborting one may suffice. */

const MANY = 2n ** 40n;
const quota = {
	open_uploads: 1,
	blobs: 3n,
	bytes: MANY,
	received_per_day: MANY,
	changes_per_day: MANY,
	cycles_per_day: MANY,
};

let store: MemoryStore;
let context: ClientContext;

/** A store that has room for two blobs more, for one of which an upload is open. */
beforeEach(async () => {
	store = new MemoryStore();
	context = store.context({ chunkBytes: S });
	await upload(context, pseudoBytes(10), { key: "stored" }).done;
	await store.direct("blobs_set_quota", { id: newId(), who: [], quota: [quota] });
	await store.direct("blobs_begin_upload", { id: newId(), key: "open", size: [], chunk_size: S });
});

const named = (error: unknown) =>
	isBlobError(error, "quota_exceeded") ? error.openUploads?.map(({ key }) => key) : String(error);

describe("what a quota refuses names the caller's open uploads", () => {
	it("an upload, which then has room where one is aborted", async () => {
		const error = await failure(upload(context, pseudoBytes(40 * S), { key: "second" }).done);
		expect(named(error)).toEqual(["open"]);
		if (isBlobError(error)) await store.direct("blobs_abort_upload", fromHex(error.openUploads![0]!.id));
		await upload(context, pseudoBytes(40 * S), { key: "second" }).done;
	});

	it("each file of a pack, for one question", async () => {
		const items = [1, 2, 3, 4].map((n) => ({ key: `f/${n}`, source: pseudoBytes(100, n) }));
		const { items: files } = await startBatch(context, items, {}).done;
		expect(files.map((file) => (file.status === "failed" ? named(file.error) : file.status))).toEqual([
			"uploaded",
			...Array(3).fill(["open"]),
		]);
		expect(store.count("blobs_put_many")).toBe(1);
		expect(store.count("blobs_list_uploads")).toBe(1);
	});

	it("all files of a pack that is refused as a whole", async () => {
		const none = { ...quota, received_per_day: 1n };
		await store.direct("blobs_set_quota", { id: newId(), who: [], quota: [none] });
		const items = [1, 2].map((n) => ({ key: `f/${n}`, source: pseudoBytes(100, n) }));
		const { items: files } = await startBatch(context, items, {}).done;
		expect(files.map((file) => file.status === "failed" && named(file.error))).toEqual([["open"], ["open"]]);
		expect(store.count("blobs_list_uploads")).toBe(1);
	});

	it("a copy", async () => {
		await moveBlob(context, "blobs_copy", "stored", "copied");
		expect(named(await failure(moveBlob(context, "blobs_copy", "stored", "again")))).toEqual(["open"]);
	});

	it("but keeps what it is where they cannot be asked for", async () => {
		store.hooks = {
			before: ({ method }) => {
				if (method === "blobs_list_uploads") throw new Error("no answer");
			},
		};
		const items = [1, 2].map((n) => ({ key: `f/${n}`, source: pseudoBytes(100, n) }));
		const { items: files } = await startBatch(context, items, {}).done;
		expect(files.map((file) => file.status)).toEqual(["uploaded", "failed"]);
		expect(files[1]).toMatchObject({ error: { code: "quota_exceeded", openUploads: undefined } });
	});
});
