import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { contexts } from "../../src/client/context.js";
import { isBlobError } from "../../src/client/index.js";
import { BlobClient } from "../../src/client/node/index.js";
import { MemoryStore, pseudoBytes } from "./support/memory-store.js";
import { failure } from "./support/transfers.js";

/** Files as Node's client takes and gives them. */

let directory: string;
beforeEach(async () => {
	directory = await mkdtemp(join(tmpdir(), "canister-blobs-node-client-"));
});
afterEach(() => rm(directory, { recursive: true }));

/** Node's client of a store in memory. */
function clientOf(store: MemoryStore): BlobClient {
	const context = store.context({ chunkBytes: 65_536 });
	const agent = {
		host: new URL("http://127.0.0.1:1"),
		config: {},
		getPrincipal: async () => context.principal(),
	};
	const client = new BlobClient({ agent: agent as never, canisterId: "aaaaa-aa" });
	Object.assign(contexts.get(client) as object, context);
	return client;
}

const write = async (name: string, bytes: Uint8Array | string = name): Promise<string> => {
	const path = join(directory, name);
	await mkdir(join(path, ".."), { recursive: true });
	await writeFile(path, bytes);
	return path;
};

test("C138 upload takes a path, a file: URL and a stream as they are", async () => {
	const blobs = clientOf(new MemoryStore());
	const bytes = pseudoBytes(200_000);
	const path = await write("a film.webm", bytes);
	const byPath = blobs.upload(path, { key: "path" });
	expect((await byPath.done).contentType).toBe("video/webm");
	expect(byPath.progress).toMatchObject({ loaded: 200_000, total: 200_000 });
	await blobs.upload(pathToFileURL(path), { key: "url", contentType: "a/b" }).done;
	const readable = Readable.from([bytes.subarray(0, 7), bytes.subarray(7)]);
	await blobs.upload(readable, { key: "stream" }).done;
	expect(readable.destroyed).toBe(true);
	await blobs.uploadMany([
		{ key: "many/path", source: path },
		{ key: "many/later", source: () => pathToFileURL(path) },
	]).done;
	for (const key of ["path", "url", "stream", "many/path", "many/later"])
		expect(Buffer.compare(await blobs.download(key).bytes(), bytes), key).toBe(0);
	const upload = await blobs.prepareUpload(path, { key: "batch" }).done;
	expect(upload).toMatchObject({ key: "batch", size: 200_000, id: expect.stringMatching(/^[0-9a-f]{32}$/) });
});

test("what is no file fails the transfer, and says what to do", async () => {
	const blobs = clientOf(new MemoryStore());
	for (const [source, code, says] of [
		[join(directory, "none"), "source_failed", "ENOENT"],
		[directory, "source_invalid", "uploadDirectory"],
		[new URL("https://example.com/a"), "source_invalid", "fetch(url)"],
		[Promise.resolve(new Uint8Array(1)), "source_invalid", "await it first"],
	] as const) {
		const error = await failure(blobs.upload(source as string, { key: "a" }).done);
		expect(isBlobError(error, code) && error.message, String(source)).toContain(says);
		const { items } = await blobs.uploadMany([{ key: "a", source: source as string }]).done;
		expect(items, String(source)).toMatchObject([{ status: "failed", error: { code } }]);
	}
});

test("C139 uploadDirectory takes what is included and not excluded, and says what it passed over", async () => {
	const blobs = clientOf(new MemoryStore());
	for (const name of [
		"index.html",
		"page/a.html",
		"page/a.tmp",
		".git/config",
		"dir/node_modules/b.html",
		"c.css",
	])
		await write(name);
	await symlink("/etc", join(directory, "link"));
	const keys = async (options: Parameters<BlobClient["uploadDirectory"]>[1]) => {
		const transfer = blobs.uploadDirectory(directory, options);
		const { items, skipped } = await transfer.done;
		expect(transfer.progress.items.total).toBe(items.length);
		expect(items.every(({ status }) => status !== "failed")).toBe(true);
		return { keys: items.map(({ key }) => key), skipped };
	};
	const link = join(directory, "link");
	expect(await keys({})).toEqual({
		keys: [".git/config", "c.css", "dir/node_modules/b.html", "index.html", "page/a.html", "page/a.tmp"],
		skipped: [link],
	});
	expect(await keys({ include: "*.html", exclude: ["node_modules", ".git"], prefix: "s/" })).toMatchObject({
		keys: ["s/index.html", "s/page/a.html"],
	});
	expect((await keys({ include: ["page/**", "c.css"], exclude: "**/*.tmp" })).keys).toEqual([
		"c.css",
		"page/a.html",
	]);
	// As people write directories.
	for (const include of ["page", "page/", "./page/"])
		expect((await keys({ include })).keys).toEqual(["page/a.html", "page/a.tmp"]);
	for (const exclude of [
		["page/", ".git/", "dir/"],
		["./page", ".git", "./dir/node_modules/"],
	])
		expect((await keys({ exclude })).keys).toEqual(["c.css", "index.html"]);
	const wrong = await failure(blobs.uploadDirectory(directory, { include: [""] }).done);
	expect(isBlobError(wrong, "option_invalid") && wrong.details.option).toBe("include");
	const none = await failure(blobs.uploadDirectory(join(directory, "none")).done);
	expect(isBlobError(none, "source_failed")).toBe(true);
	const shared = await blobs.uploadDirectory(directory, {
		include: "c.css",
		visibility: "public",
		metadata: { a: "1" },
	}).done;
	expect(shared.items).toMatchObject([
		{ manifest: { visibility: "public", metadata: { a: "1" }, contentType: "text/css" } },
	]);
});

test("downloadTo writes a blob, or a range of it, to a path", async () => {
	const blobs = clientOf(new MemoryStore());
	const bytes = pseudoBytes(300_000);
	const manifest = await blobs.upload(bytes, { key: "a" }).done;
	const path = join(directory, "copy");
	expect(await blobs.downloadTo("a", path)).toMatchObject({ path, manifest: { key: "a" }, reusedBytes: 0 });
	expect(Buffer.compare(await readFile(path), bytes)).toBe(0);
	await blobs.downloadTo(manifest, path, { range: { start: 70_000 }, signal: undefined, resume: false });
	expect(Buffer.compare(await readFile(path), bytes.subarray(70_000))).toBe(0);
	const error = await failure(blobs.downloadTo("none", path));
	expect(isBlobError(error, "blob_not_found")).toBe(true);
});
