import { describe, expect, it } from "vitest";
import { deleteBlob } from "../../src/client/blobs/changing.js";
import { startDeleting } from "../../src/client/blobs/deleting.js";
import { stat } from "../../src/client/blobs/stat.js";
import { ClientError } from "../../src/client/errors/errors.js";
import { changes, latestCursor } from "../../src/client/feed/changes.js";
import { type AsJson, type Cursor, isBlobError, type Manifest } from "../../src/client/index.js";
import { startBatch } from "../../src/client/upload/batch/index.js";
import { startUpload } from "../../src/client/upload/index.js";
import { MemoryStore, pseudoBytes } from "./support/memory-store.js";

/** Results and errors of the client, encoded as JSON. */

const through = (value: unknown) => JSON.parse(JSON.stringify(value));
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const filled = async () => {
	const store = new MemoryStore();
	const context = store.context();
	const wholeSha256 = new Uint8Array(32).fill(7);
	const manifest = await startUpload(context, pseudoBytes(10), {
		key: "a",
		metadata: { b: "c" },
		wholeSha256,
		expiresAt: 4_000_000_000_000,
	}).done;
	return { store, context, manifest };
};

describe("JSON", () => {
	it("of a manifest has digits for numbers of 64 bits, hex for bytes, texts for principals and times", async () => {
		const { context, manifest } = await filled();
		const json: AsJson<Manifest> = through(manifest);
		expect(json).toMatchObject({
			key: "a",
			root: hex(manifest.root),
			sequence: manifest.sequence.toString(),
			size: 10,
			contentType: "application/octet-stream",
			visibility: "private",
			owner: manifest.owner,
			createdAt: manifest.createdAt.toISOString(),
			modifiedAt: manifest.modifiedAt.toISOString(),
			metadata: { b: "c" },
			wholeSha256: "07".repeat(32),
			expiresAt: new Date(4_000_000_000_000).toISOString(),
		});
		expect(Object.keys(json).sort()).toEqual(Object.keys(manifest).sort());
		expect(through(await stat(context, "a"))).toEqual(json);
	});

	it("is of no concern to what compares, spreads or clones a manifest", async () => {
		const { manifest } = await filled();
		expect(Object.keys(manifest)).not.toContain("toJSON");
		const { owner, ...rest } = manifest;
		expect(structuredClone(rest)).toEqual(rest);
	});

	it("of a cursor leads on where it ended, and what is no cursor is refused", async () => {
		const { context } = await filled();
		const cursor: Cursor = await latestCursor(context);
		const json: AsJson<Cursor> = through(cursor);
		expect(json).toEqual({ sequence: cursor.sequence.toString(), head: cursor.head });
		await startUpload(context, pseudoBytes(11), { key: "b" }).done;
		const keys = [];
		for await (const change of changes(context, { after: json })) {
			keys.push(change.type === "published" && change.manifest.key);
			expect(through(change).cursor).toEqual(through(change.cursor));
			for await (const _ of changes(context, { after: through(change.cursor) }))
				throw new Error("there is no more");
		}
		expect(keys).toEqual(["b"]);
		for (const wrong of [
			{},
			{ ...json, head: "00" },
			{ ...json, sequence: "-1" },
			{ ...json, sequence: 1 },
		]) {
			const error = await changes(context, { after: wrong as never })
				.next()
				.catch((reason: unknown) => reason);
			expect(isBlobError(error, "option_invalid") && error.details.option).toBe("after");
		}
	});

	it("of an error has what tells it: code, action, message, details and cause", () => {
		const inner = new ClientError("feed_corrupt", { sequence: 12n, reason: "r" }, new TypeError("t"));
		const error = new ClientError("source_failed", { reason: "r" }, inner);
		expect(through(error)).toEqual({
			name: "ClientError",
			code: "source_failed",
			action: "fix",
			message: error.message,
			details: { reason: "r" },
			cause: {
				name: "ClientError",
				code: "feed_corrupt",
				action: "retry",
				message: inner.message,
				details: { sequence: "12", reason: "r" },
				cause: { name: "TypeError", message: "t" },
			},
		});
		const loop: { self?: unknown } = {};
		loop.self = loop;
		expect(through(new ClientError("aborted", { reason: "r" }, loop)).cause).toBe("[object Object]");
	});

	it("of results of many, deletions and changes works", async () => {
		const { store, context } = await filled();
		const items = [
			{ key: "x", source: pseudoBytes(5) },
			{ key: "x", source: pseudoBytes(6) },
		];
		const result = await startBatch(context, items, {}).done;
		expect(through(result)).toMatchObject({
			uploaded: 1,
			items: [
				{ manifest: { root: hex((result.items[0] as { manifest: Manifest }).manifest.root) } },
				{ error: { code: "key_repeated" } },
			],
		});
		expect(through(await deleteBlob(context, "a"))).toMatchObject({
			deleted: true,
			sequence: expect.any(String),
		});
		expect(through(await startDeleting(context, ["x"]).done)).toMatchObject({
			deleted: 1,
			items: [{ key: "x", status: "deleted", version: { sequence: expect.any(String) } }],
		});
		expect(store.count("blobs_delete_many")).toBe(1);
	});
});
