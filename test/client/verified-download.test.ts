import { describe, expect, it } from "vitest";
import { Download } from "../../src/client/download/download.js";
import { CanisterError } from "../../src/client/errors/errors.js";
import { isBlobError } from "../../src/client/index.js";
import { MemoryStore, pseudoBytes } from "./support/memory-store.js";
import { failure, readAll, S, SIZE, sha256, upload } from "./support/transfers.js";

describe("a download", () => {
	const filled = async () => {
		const store = new MemoryStore();
		const context = store.context({ chunkBytes: S, concurrency: { uploads: 4, downloads: 4 } });
		const bytes = pseudoBytes(SIZE);
		const manifest = await upload(context, bytes, { contentType: "image/png" }).done;
		return { store, context, bytes, manifest };
	};

	it("streams in order, makes a Blob, and iterates", async () => {
		const { context, bytes } = await filled();
		const download = new Download(context, "a/b", { concurrency: 3 });
		const blob = await download.blob();
		expect(blob.type).toBe("image/png");
		expect(sha256(new Uint8Array(await blob.arrayBuffer()))).toBe(sha256(bytes));
		const parts: Uint8Array[] = [];
		for await (const part of download) parts.push(part);
		expect(sha256(Buffer.concat(parts))).toBe(sha256(bytes));
	});

	it("asks one node for a ref", async () => {
		const { store, context, bytes, manifest } = await filled();
		store.calls.length = 0;
		expect(sha256(await new Download(context, { key: "a/b", root: manifest.root }, {}).bytes())).toBe(
			sha256(bytes),
		);
		expect(store.calls.every(({ kind }) => kind === "query")).toBe(true);
	});

	it("hands out no byte of a chunk that is damaged, and asks again", async () => {
		const { store, context, bytes } = await filled();
		const damage = (answer: unknown) => {
			const copy = (answer as Uint8Array).slice();
			copy[copy.length - 1] = (copy[copy.length - 1] as number) ^ 1;
			return copy;
		};
		const damaged = (times: number) => {
			let left = times;
			store.hooks = {
				answer: ({ method, args }, answer) =>
					method === "blobs_get_chunk" && args[2] === 7 && left-- > 0 ? damage(answer) : answer,
			};
		};
		damaged(2);
		expect(sha256(await readAll(context))).toBe(sha256(bytes));
		damaged(3);
		const error = await failure(readAll(context));
		expect(isBlobError(error, "chunk_corrupt") && error.details).toEqual({ index: 7, attempts: 3 });
		store.hooks = { answer: ({ method }, answer) => (method === "blobs_leaves" ? damage(answer) : answer) };
		expect(isBlobError(await failure(readAll(context)), "leaves_corrupt")).toBe(true);
	});

	it("never mixes two versions", async () => {
		const { store, manifest } = await filled();
		const context = store.context({ memoryBytes: 3 * S });
		const download = new Download(context, "a/b", {});
		const reader = download.stream().getReader();
		await reader.read();
		const other = await upload(store.context({ chunkBytes: S }), pseudoBytes(SIZE, 2)).done;
		const error = await failure(
			(async () => {
				while (!(await reader.read()).done);
			})(),
		);
		expect(isBlobError(error, "blob_replaced") && error.details.sequence).toBe(other.sequence);
		const ref = await failure(new Download(context, { key: "a/b", root: manifest.root }, {}).bytes());
		expect(isBlobError(ref, "blob_replaced")).toBe(true);
	});

	it("waits for a node that lags, and not for a blob that is gone", async () => {
		const { store, context, bytes } = await filled();
		store.hooks = {
			before: ({ method, nth }) => {
				if ((method === "blobs_get_chunk" || method === "blobs_leaves") && nth < 3)
					throw new CanisterError({ behind: { sequence: 0n, canister_version: 0n } });
			},
		};
		expect(sha256(await readAll(context))).toBe(sha256(bytes));
		store.hooks = {
			before: ({ method }) => {
				if (method === "blobs_get_chunk") throw new CanisterError({ blob_not_found: {} });
			},
		};
		expect(isBlobError(await failure(readAll(context)), "blob_not_found")).toBe(true);
	});

	it("makes no buffer larger than it may", async () => {
		const { context } = await filled();
		const error = await failure(new Download(context, "a/b", {}).bytes({ maxBytes: SIZE - 1 }));
		expect(isBlobError(error, "too_large_for_memory") && error.action).toBe("fix");
	});
});
