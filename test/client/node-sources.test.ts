import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isBlobError } from "../../src/client/index.js";
import { filesIn, fromReadable } from "../../src/client/node/index.js";
import { startBatch } from "../../src/client/upload/batch/index.js";
import { startUpload } from "../../src/client/upload/index.js";
import { MemoryStore } from "./support/memory-store.js";

let directory: string;
beforeEach(async () => {
	directory = await mkdtemp(join(tmpdir(), "canister-blobs-sources-"));
});
afterEach(() => rm(directory, { recursive: true }));

describe("fromReadable", () => {
	it("uploads a stream of Node to its end", async () => {
		const store = new MemoryStore();
		const readable = Readable.from([Buffer.from("some "), Buffer.from("text")]);
		const manifest = await startUpload(store.context(), fromReadable(readable), { key: "a" }).done;
		expect(manifest.size).toBe(9);
		expect(readable.destroyed).toBe(true);
	});

	it("frees one that has nothing to give when the transfer is aborted", async () => {
		const readable = new Readable({ read: () => {} });
		const transfer = startUpload(new MemoryStore().context(), fromReadable(readable), { key: "a" });
		await transfer.abort();
		expect(transfer.state).toBe("aborted");
		expect(readable.destroyed).toBe(true);
	});

	it("says what failed in the stream", async () => {
		const readable = new Readable({ read: () => readable.destroy(new Error("the pipe broke")) });
		const error = await startUpload(new MemoryStore().context(), fromReadable(readable), {
			key: "a",
		}).done.catch((reason) => reason);
		expect(isBlobError(error, "source_failed") && error.details.reason).toBe("the pipe broke");
	});
});

describe("filesIn", () => {
	it("finds regular files in order, through the filter, and follows no link", async () => {
		for (const path of ["b/2", "b/1", "a", "skip/x", "b/.git/x"]) {
			await mkdir(join(directory, path, ".."), { recursive: true });
			await writeFile(join(directory, path), path);
		}
		await symlink("/etc", join(directory, "link"));
		const all = await filesIn(directory);
		expect(all.files.map(({ key }) => key)).toEqual(["a", "b/.git/x", "b/1", "b/2", "skip/x"]);
		expect(all.skipped).toEqual([join(directory, "link")]);
		const seen: string[] = [];
		const some = await filesIn(directory, {
			filter: (key) => {
				seen.push(key);
				return key !== "skip/" && !key.endsWith(".git/");
			},
		});
		expect(some.files.map(({ key }) => key)).toEqual(["a", "b/1", "b/2"]);
		expect(seen).not.toContain("skip/x");
	});

	it("gives what uploadMany takes, and what changes meanwhile fails by itself", async () => {
		for (const name of ["1", "2", "3"]) await writeFile(join(directory, name), `file ${name}`);
		const { files } = await filesIn(directory);
		const changed = {
			...files[1]!,
			source: async () => {
				const source = await (files[1]!.source as () => Promise<{ size: number }>)();
				await writeFile(join(directory, "2"), "other");
				return source as never;
			},
		};
		await rm(join(directory, "3"));
		const transfer = startBatch(new MemoryStore().context(), [files[0]!, changed, files[2]!], {
			prefix: "p/",
		});
		expect(transfer.progress.items.total).toBe(3);
		const result = await transfer.done;
		expect(result).toMatchObject({ uploaded: 1, failed: 2 });
		const codes = result.items.map((file) => (file.status === "failed" ? file.error.code : file.key));
		expect(codes).toEqual(["p/1", "source_changed", "source_failed"]);
	});
});
