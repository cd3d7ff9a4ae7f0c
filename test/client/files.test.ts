import { appendFile, mkdtemp, open, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { ClientContext } from "../../src/client/context.js";
import { Download } from "../../src/client/download/download.js";
import { ClientError } from "../../src/client/errors/errors.js";
import { type ByteRange, isBlobError } from "../../src/client/index.js";
import { fromPath, toFile } from "../../src/client/node/index.js";
import { startUpload } from "../../src/client/upload/index.js";
import { MemoryStore, pseudoBytes } from "./support/memory-store.js";

const S = 65_536;
const SIZE = 40 * S - 7;
let directory: string;
beforeAll(async () => {
	directory = await mkdtemp(join(tmpdir(), "blobs-files-"));
});
afterAll(() => rm(directory, { recursive: true }));

const failure = (promise: PromiseLike<unknown>) =>
	promise.then(
		() => undefined,
		(error: unknown) => error,
	);
/** Descriptors of this process that are open on a file below the directory. */
const openFiles = async () => {
	const { readlink } = await import("node:fs/promises");
	const names = await readdir("/proc/self/fd");
	const links = await Promise.all(names.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => "")));
	return links.filter((link) => link.startsWith(directory));
};

describe("fromPath", () => {
	const written = async (name: string, bytes = pseudoBytes(SIZE)) => {
		const path = join(directory, name);
		await writeFile(path, bytes);
		return { path, bytes };
	};

	it("uploads a file, and leaves none open", async () => {
		const { path, bytes } = await written("one");
		const context = new MemoryStore().context({ chunkBytes: S });
		await startUpload(context, await fromPath(path), { key: "f" }).done;
		expect(Buffer.compare(await new Download(context, "f", {}).bytes(), bytes)).toBe(0);
		await startUpload(context, Readable.from([bytes.subarray(0, 99), bytes.subarray(99)]), { key: "g" }).done;
		expect(Buffer.compare(await new Download(context, "g", {}).bytes(), bytes)).toBe(0);
		await new Promise((resolve) => setTimeout(resolve, 20));
		expect(await openFiles()).toEqual([]);
	});

	it("publishes nothing of a file that is written to meanwhile", async () => {
		const changes = {
			grown: (path: string) => appendFile(path, "x"),
			shrunk: async (path: string) =>
				await open(path, "r+").then((file) => file.truncate(S).then(() => file.close())),
			touched: (path: string) => utimes(path, 1, 1),
		};
		for (const [name, change] of Object.entries(changes)) {
			for (const when of [0, 20, 39]) {
				const { path } = await written(name);
				const store = new MemoryStore();
				const source = await fromPath(path);
				store.hooks = {
					before: async ({ method, nth }) => {
						if (method === "blobs_put_chunk" && nth === when) await change(path);
					},
				};
				const error = await failure(startUpload(store.context({ chunkBytes: S }), source, { key: "f" }).done);
				expect(isBlobError(error, "source_changed"), `${name} at ${when}`).toBe(true);
				expect(store.count("blobs_commit_upload")).toBe(0);
				// One of another size can never go on: it gives its session up. One that was touched may.
				const request = { key: [] as [], after: [] as [], limit: 9 };
				const page = (await store.direct("blobs_list_uploads", request)) as { uploads: unknown[] };
				expect(page.uploads.length, `${name} at ${when}`).toBe(name === "touched" ? 1 : 0);
			}
		}
	});

	it("refuses what is no file", async () => {
		expect(isBlobError(await failure(fromPath(directory)), "source_invalid")).toBe(true);
		expect(await failure(fromPath(join(directory, "none")))).toMatchObject({
			code: "source_failed",
			cause: { code: "ENOENT" },
		});
	});
});

describe("toFile", () => {
	const filled = async () => {
		const store = new MemoryStore();
		const context = store.context({ chunkBytes: S, concurrency: { uploads: 4, downloads: 4 } });
		const bytes = pseudoBytes(SIZE);
		await startUpload(context, bytes, { key: "f" }).done;
		return { store, context, bytes };
	};
	/** What an attempt leaves that fails after so many chunks. */
	const leave = async (
		context: ClientContext,
		store: MemoryStore,
		path: string,
		chunks: number,
		range: ByteRange = {},
	) => {
		store.calls.length = 0;
		store.hooks = {
			before: ({ method, nth }) => {
				if (method === "blobs_get_chunk" && nth >= chunks - 1)
					throw new ClientError("source_changed", { reason: "a fault" });
			},
		};
		await failure(toFile(new Download(context, "f", { range }), path));
		store.hooks = {};
	};
	const leftPart = async () => {
		const [name, ...more] = (await readdir(directory)).filter((name) => name.endsWith(".part"));
		expect(more).toEqual([]);
		return name!;
	};

	it("goes on from its part, trusts none of it, and is whole only under its own name", async () => {
		const { store, context, bytes } = await filled();
		const path = join(directory, "down");
		store.hooks = {
			before: ({ method, nth }) => {
				if (method === "blobs_get_chunk" && nth >= 20)
					throw new ClientError("source_changed", { reason: "a fault" });
			},
		};
		await failure(toFile(new Download(context, "f", {}), path));
		const part = await open(join(directory, await leftPart()), "r+");
		await part.write(Uint8Array.of(1, 2, 3), 0, 3, 5 * S);
		await part.close();
		store.hooks = {};
		store.calls.length = 0;
		const done = await toFile(new Download(context, "f", {}), path);
		expect(Buffer.compare(await readFile(path), bytes)).toBe(0);
		expect(store.count("blobs_get_chunk")).toBe(21);
		expect(done.reusedBytes).toBe(SIZE - (20 * S - 7) - S);
		expect((await readdir(directory)).filter((name) => /down|[.]part$/.test(name))).toEqual(["down"]);
		expect(await openFiles()).toEqual([]);
	});

	it("makes a file of exactly the blob's size out of a longer part, or an empty one", async () => {
		const { store, context, bytes } = await filled();
		const path = join(directory, "longer");
		await leave(context, store, path, 40);
		await appendFile(join(directory, await leftPart()), Buffer.alloc(S));
		store.calls.length = 0;
		expect((await toFile(new Download(context, "f", {}), path)).reusedBytes).toBe(39 * S);
		expect(store.count("blobs_get_chunk")).toBe(1);
		expect(Buffer.compare(await readFile(path), bytes)).toBe(0);
		await startUpload(context, new Uint8Array(), { key: "e" }).done;
		await toFile(new Download(context, "e", {}), path);
		expect((await readFile(path)).length).toBe(0);
		await leave(context, store, path, 40);
		store.calls.length = 0;
		await toFile(new Download(context, "f", {}), path, { resume: false });
		expect(store.count("blobs_get_chunk")).toBe(40);
	});

	it("writes a range, and goes on with it from whole chunks that are there", async () => {
		const { store, context, bytes } = await filled();
		const path = join(directory, "range");
		const [start, end] = [2 * S - 3, 9 * S + 5];
		const range = { start, end };
		const wanted = bytes.subarray(start, end);
		await leave(context, store, path, 6, range);
		// One byte gone wrong in a chunk that is there.
		const part = await open(join(directory, await leftPart()), "r+");
		await part.write(Uint8Array.of(wanted[4 + S]! ^ 1), 0, 1, 4 + S);
		await part.close();
		store.calls.length = 0;
		const download = new Download(context, "f", { range });
		const done = await toFile(download, path);
		expect(Buffer.compare(await readFile(path), wanted)).toBe(0);
		// Of chunks 1 to 9 four are there and whole; the first is cut by the range, the third was damaged.
		expect(done.reusedBytes).toBe(3 * S);
		expect(store.count("blobs_get_chunk")).toBe(9 - 3);
		expect(download.progress).toMatchObject({ loaded: end - start, total: end - start });
		await toFile(new Download(context, "f", { range: { start: SIZE } }), path);
		expect((await readFile(path)).length).toBe(0);
	});

	it("keeps what has arrived when the key meanwhile holds something else, and replaces nothing", async () => {
		const { store, context, bytes } = await filled();
		const path = join(directory, "replaced");
		await writeFile(path, "before");
		store.hooks = {
			before: async ({ method, nth }) => {
				if (method === "blobs_get_chunk" && nth === 20)
					await startUpload(store.context({ chunkBytes: S }), pseudoBytes(SIZE, 2), { key: "f" }).done;
			},
		};
		const error = await failure(toFile(new Download(context, "f", {}), path));
		expect(isBlobError(error, "blob_replaced")).toBe(true);
		expect(await readFile(path, "utf8")).toBe("before");
		await startUpload(context, bytes, { key: "f" }).done;
		expect((await toFile(new Download(context, "f", {}), path)).reusedBytes).toBeGreaterThanOrEqual(10 * S);
		expect(Buffer.compare(await readFile(path), bytes)).toBe(0);
	});

	it("says that the disk is full, and takes no name for it", async () => {
		const { context } = await filled();
		const path = join(directory, "full");
		const any = await open(join(directory, "any"), "w");
		const write = vi.spyOn(Object.getPrototypeOf(any) as typeof any, "write");
		await any.close();
		write.mockRejectedValue(Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" }));
		const error = await failure(toFile(new Download(context, "f", {}), path));
		write.mockRestore();
		expect(isBlobError(error, "file_failed") && error.details).toMatchObject({ path, errno: "ENOSPC" });
		expect(isBlobError(error) && error.action).toBe("ask");
		expect((await readdir(directory)).filter((name) => /full|[.]part$/.test(name))).toEqual([]);
	});

	it("stops when it is aborted", async () => {
		const { store, context } = await filled();
		const controller = new AbortController();
		store.hooks = {
			before: ({ method, nth }) => {
				if (method === "blobs_get_chunk" && nth === 10) controller.abort("enough");
			},
		};
		const download = new Download(context, "f", { signal: controller.signal });
		expect(isBlobError(await failure(toFile(download, join(directory, "stopped"))), "aborted")).toBe(true);
		expect(store.running).toBe(0);
		expect(await openFiles()).toEqual([]);
	});
});
