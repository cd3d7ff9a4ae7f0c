import { openAsBlob } from "node:fs";
import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Download } from "../../src/client/download/download.js";
import {
	type AnyBlobError,
	type BlobSource,
	isBlobError,
	type UploadOptions,
} from "../../src/client/index.js";
import { filesIn, fromPath, fromReadable } from "../../src/client/node/index.js";
import { startBatch } from "../../src/client/upload/batch/index.js";
import { startUpload } from "../../src/client/upload/index.js";
import { MemoryStore, pseudoBytes } from "./support/memory-store.js";

const S = 65_536;
let directory: string;
beforeEach(async () => {
	directory = await mkdtemp(join(tmpdir(), "blobs-sources-"));
});
afterEach(() => rm(directory, { recursive: true }));

const open = () => {
	const store = new MemoryStore();
	return { store, context: store.context({ chunkBytes: S }) };
};
type Context = ReturnType<MemoryStore["context"]>;
const upload = async (context: Context, source: unknown, options: Partial<UploadOptions> = {}) =>
	startUpload(context, source as BlobSource, { key: "a", ...options }).done;
const failure = async (act: Promise<unknown>): Promise<AnyBlobError> => {
	const error = await act.then(
		() => undefined,
		(reason: unknown) => reason,
	);
	if (!isBlobError(error)) throw new Error(`it ended otherwise: ${String(error)}`);
	return error;
};
const read = async (context: Context, key = "a") => Buffer.from(await new Download(context, key, {}).bytes());

describe("bytes", () => {
	const bytes = pseudoBytes(3 * S + 5);

	it("on shared memory, of another realm, and views of all kinds arrive as they are", async () => {
		const shared = new SharedArrayBuffer(bytes.length + 3);
		new Uint8Array(shared, 3).set(bytes);
		const foreign = runInNewContext("new Uint8Array(list)", { list: [...bytes.subarray(0, 999)] });
		const sources: [BlobSource, Uint8Array][] = [
			[new Uint8Array(shared, 3), bytes],
			[new DataView(shared, 3), bytes],
			[new Uint16Array(bytes.slice(0, 400).buffer), bytes.subarray(0, 400)],
			[foreign, bytes.subarray(0, 999)],
			[foreign.buffer, bytes.subarray(0, 999)],
			[{ size: 400, read: () => new DataView(shared, 3, 400) as never }, bytes.subarray(0, 400)],
			[Readable.from([foreign, new Uint8Array(shared, 3)]), Buffer.concat([bytes.subarray(0, 999), bytes])],
		];
		for (const [source, expected] of sources) {
			const { context } = open();
			await upload(context, source);
			expect(Buffer.compare(await read(context), expected)).toBe(0);
		}
	});

	it("that another thread changes are those that were hashed", async () => {
		const shared = new Uint8Array(new SharedArrayBuffer(3 * S));
		const { store, context } = open();
		store.hooks = {
			before: ({ method }) => {
				if (method === "blobs_put_chunk") shared.fill(shared[0]! + 1);
			},
		};
		expect((await upload(context, shared)).size).toBe(3 * S);
	});

	it("whose buffer is gone are refused, and do not pass for none", async () => {
		const { store, context } = open();
		const gone = new Uint8Array(100);
		structuredClone(gone.buffer, { transfer: [gone.buffer] });
		for (const source of [gone, gone.buffer, Readable.from([new Uint8Array(5), gone])])
			expect(await failure(upload(context, source))).toMatchObject({
				code: "source_invalid",
				details: { got: expect.stringContaining("detached") },
			});
		expect(store.calls).toEqual([]);
	});

	it("whose buffer goes while they are read fail the upload", async () => {
		const { store, context } = open();
		const leaving = pseudoBytes(40 * S);
		store.hooks = {
			before: ({ method, nth }) => {
				if (method === "blobs_put_chunk" && nth === 2)
					structuredClone(leaving.buffer, { transfer: [leaving.buffer as ArrayBuffer] });
			},
		};
		// What was read before, and was not sent yet, is gone too: the store finds it short.
		const { code } = await failure(upload(context, leaving));
		expect(["source_changed", "chunk_wrong_size", "chunk_corrupt"]).toContain(code);
		expect(store.count("blobs_commit_upload")).toBe(0);
	});
});

describe("what is no random access", () => {
	it("is a stream if it can be iterated, whatever its `size` and `read` mean", async () => {
		const { context } = open();
		const entry = Object.assign(Readable.from([Buffer.from("some "), Buffer.from("text")]), { size: 4_000 });
		await upload(context, entry);
		expect(String(await read(context))).toBe("some text");
	});

	it("is refused by name otherwise", async () => {
		class Entry {
			size = 10;
			read() {}
			pipe() {}
		}
		const { store, context } = open();
		const cases: [unknown, string][] = [
			[new Entry(), "class Entry, a stream that cannot be iterated"],
			[{ size: Number.NaN, read: () => new Uint8Array() }, "NaN"],
			[{ size: -1, read: () => new Uint8Array() }, "-1"],
			[{ size: 1.5, read: () => new Uint8Array() }, "1.5"],
			[{ size: 10n, read: () => new Uint8Array() }, "10"],
			[{ size: 10 }, "an object"],
			[new Response("x"), "class Response"],
			[() => new Uint8Array(), "a function"],
			[{ size: 3, read: () => "abc" }, "whose read gives string"],
			[Readable.from(["text"]), "a stream of string"],
			[{ [Symbol.asyncIterator]: () => ({ next: async () => undefined }) }, "a stream of undefined"],
		];
		for (const [source, got] of cases)
			expect(await failure(upload(context, source)), got).toMatchObject({
				code: "source_invalid",
				details: { got: expect.stringContaining(got) },
			});
		expect(store.calls).toEqual([]);
	});

	it("is a source whose size does not stay", async () => {
		const { context } = open();
		const source = { size: 5, read: (start: number, end: number) => new Uint8Array(end - start) };
		const growing = {
			get size() {
				return source.size;
			},
			read: (start: number, end: number) => {
				source.size = 6;
				return new Uint8Array(end - start);
			},
		};
		expect((await failure(upload(context, growing))).code).toBe("source_changed");
	});
});

describe("a stream that was used before", () => {
	const parts = () =>
		new ReadableStream({
			start: (sink) => {
				sink.enqueue(new Uint8Array(5));
				sink.enqueue(new Uint8Array(6));
				sink.close();
			},
		});

	it("is refused before anything is sent, and does not pass for its rest, or for none", async () => {
		const locked = parts();
		locked.getReader();
		const begun = parts();
		const reader = begun.getReader();
		await reader.read();
		reader.releaseLock();
		const whole = parts();
		await new Response(whole).arrayBuffer();
		const begunNode = Readable.from([Buffer.from("a"), Buffer.from("b")]);
		await begunNode[Symbol.asyncIterator]().next();
		const ended = Readable.from([Buffer.from("a")]);
		for await (const _ of ended);
		const closed = Readable.from([Buffer.from("a")]).destroy();
		const sources = [
			locked,
			begun,
			whole,
			begunNode,
			ended,
			closed,
			fromReadable(ended),
			fromReadable(closed),
		];
		const { store, context } = open();
		for (const source of sources)
			expect(await failure(upload(context, source))).toMatchObject({
				code: "source_invalid",
				details: { got: expect.stringMatching(/stream that (is|was)|ReadableStream that (is|was)/i) },
			});
		expect(store.calls).toEqual([]);
	});
});

describe("no bytes at all", () => {
	const none: [string, () => unknown][] = [
		["a stream", () => new ReadableStream({ start: (sink) => sink.close() })],
		["a pipe", () => fromReadable(Readable.from([]))],
		["a Blob", () => new Blob([])],
	];

	it.each(none)("of %s replace nothing without being told to", async (_, source) => {
		const { context } = open();
		await upload(context, Buffer.from("good"));
		const error = await failure(upload(context, source()));
		expect(error).toMatchObject({ code: "source_empty", details: { key: "a", held: 4 } });
		const many = await startBatch(context, [{ key: "a", source: source() as BlobSource }], {}).done;
		expect(many.items[0]).toMatchObject({ status: "failed", error: { code: "source_empty" } });
		expect(String(await read(context))).toBe("good");
		const precondition = await new Download(context, "a", {}).manifest();
		const version = await failure(upload(context, source(), { ifMatch: precondition }));
		expect(version.code).toBe("source_empty");

		expect((await upload(context, source(), { size: 0 })).size).toBe(0);
		await upload(context, Buffer.from("good"));
		const told = [{ key: "a", source: source() as BlobSource, allowEmpty: true }];
		expect(await startBatch(context, told, {}).done).toMatchObject({ uploaded: 1 });
	});

	it.each(none)("of %s are a blob where the key is free or holds as little", async (_, source) => {
		const { context } = open();
		expect((await upload(context, source())).size).toBe(0);
		expect((await upload(context, source())).size).toBe(0);
	});

	it("do not replace what came meanwhile", async () => {
		const { store, context } = open();
		store.hooks = {
			answer: async ({ method }, answer) => {
				if (method !== "blobs_stat") return answer;
				store.hooks = {};
				await upload(store.context(), Buffer.from("good"));
				return answer;
			},
		};
		const error = await failure(upload(context, fromReadable(Readable.from([]))));
		expect(error.code).toBe("precondition_failed");
		expect(String(await read(context))).toBe("good");
	});

	it("of a file or of bytes are what was asked for", async () => {
		const { context } = open();
		await writeFile(join(directory, "empty"), "");
		for (const source of [new Uint8Array(), await fromPath(join(directory, "empty"))]) {
			await upload(context, Buffer.from("before"));
			expect((await upload(context, source)).size).toBe(0);
		}
	});
});

describe("files", () => {
	it("whose size the system does not tell are read to their end", async () => {
		const { context } = open();
		await upload(context, await fromPath("/proc/version"));
		expect(await read(context)).toEqual(await readFile("/proc/version"));
		const { files } = await filesIn("/proc/sys/kernel/random", { filter: (key) => key === "boot_id" });
		expect(files[0]).not.toHaveProperty("size");
		expect(await startBatch(context, files, {}).done).toMatchObject({ uploaded: 1 });
		expect(await read(context, "boot_id")).toEqual(await readFile("/proc/sys/kernel/random/boot_id"));
	});

	it("that grew or shrank between filesIn and their turn go up as they are then", async () => {
		for (const name of ["grown", "shrunk", "emptied", "filled"])
			await writeFile(join(directory, name), name === "filled" ? "" : "content");
		const { files } = await filesIn(directory);
		await appendFile(join(directory, "grown"), " and more");
		await writeFile(join(directory, "shrunk"), "less");
		await writeFile(join(directory, "emptied"), "");
		await writeFile(join(directory, "filled"), "something");
		const { context } = open();
		const transfer = startBatch(context, files, {});
		expect(await transfer.done).toMatchObject({ uploaded: 4, failed: 0 });
		expect(String(await read(context, "grown"))).toBe("content and more");
		expect(String(await read(context, "shrunk"))).toBe("less");
		expect(transfer.progress).toMatchObject({ total: 29, loaded: 29 });
	});

	it("as Blobs that grew are noticed, empty ones too", async () => {
		for (const before of ["", "some bytes"]) {
			const { store, context } = open();
			const path = join(directory, "file");
			await writeFile(path, before);
			const blob = await openAsBlob(path);
			await appendFile(path, "more");
			expect((await failure(upload(context, blob))).code).toBe("source_changed");
			expect(store.count("blobs_put_blob")).toBe(0);
		}
	});
});
