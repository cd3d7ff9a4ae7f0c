import { execFileSync } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { afterAll, beforeAll, expect, test } from "vitest";
import { backup, exportDirectory, exportTar, Repository } from "../../src/backup/index.js";
import { changeRole } from "../../src/client/administration/administration.js";
import { startUpload } from "../../src/client/upload/index.js";
import { MemoryStore, pseudoBytes } from "../client/support/memory-store.js";
import { clientOf } from "./support/client.js";
import { MemorySink } from "./support/sinks.js";

/** Snapshots as plain files, which GNU tar and `jq` would read. */

const CHUNK = 65_536;
let folder: string;
beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "canister-blobs-export-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Names longer than the 100 and 255 bytes of a tar header, in other scripts, and one below another. */
const LONG = `${"d".repeat(180)}/${"e".repeat(200)}/${"ä€𝄞".repeat(20)}`;
const CONTENT: Record<string, Uint8Array> = {
	[LONG]: pseudoBytes(3 * CHUNK + 5, 1),
	empty: new Uint8Array(0),
	"a/b": pseudoBytes(10, 2),
	"with space/and 'quote'": pseudoBytes(CHUNK, 3),
};

async function sceneOf(content = CONTENT) {
	const store = new MemoryStore();
	const context = store.context({ chunkBytes: CHUNK });
	for (const [key, bytes] of Object.entries(content))
		await startUpload(context, new Uint8Array(bytes), { key, metadata: { n: "1" }, contentType: "text/x" })
			.done;
	await changeRole(context, "blobs_grant_role", "2chl6-4hpzw-vqaaa-aaaaa-c", "reader");
	const sink = new MemorySink();
	const repository = await Repository.init(sink);
	const { summary } = await backup(repository, { client: clientOf(store), canister: "aaaaa-aa" });
	return { sink, repository, id: summary.id };
}

const lines = async (path: string) =>
	(await readFile(path, "utf8"))
		.split("\n")
		.slice(0, -1)
		.map((line) => JSON.parse(line));

async function expectContent(directory: string, content = CONTENT): Promise<void> {
	for (const [key, bytes] of Object.entries(content))
		expect(Buffer.compare(await readFile(join(directory, "blobs", key)), bytes), key).toBe(0);
	const blobs = await lines(join(directory, "blobs.jsonl"));
	expect(blobs.map(({ key }) => key).sort()).toEqual(Object.keys(content).sort());
	expect(blobs[0]).toMatchObject({ contentType: "text/x", metadata: { n: "1" }, owner: expect.any(String) });
	expect(await lines(join(directory, "settings.jsonl"))).toEqual([
		{ key: "role/2chl6-4hpzw-vqaaa-aaaaa-c/reader", value: true },
	]);
	expect(JSON.parse(await readFile(join(directory, "snapshot.json"), "utf8"))).toMatchObject({
		format: "canister-blobs backup snapshot",
		canister: "aaaaa-aa",
	});
}

test("a tar archive has all of it, as GNU tar reads it", async () => {
	const { repository, id } = await sceneOf();
	const path = join(folder, "all.tar");
	const result = await exportTar(repository, id, Writable.toWeb(createWriteStream(path)));
	expect(result).toMatchObject({ blobs: 4, failed: 0, missing: 0, bytes: 4 * CHUNK + 15 });
	const target = join(folder, "from-tar");
	await mkdir(target);
	execFileSync("tar", ["-xf", path, "-C", target]);
	await expectContent(target);
	expect(execFileSync("tar", ["-tvf", path, "blobs/empty"], { encoding: "utf8" })).toMatch(/^-rw-r--r--/);
	const some = join(folder, "some.tar");
	const file = Writable.toWeb(createWriteStream(some));
	expect(await exportTar(repository, id, file, { prefix: "a/" })).toMatchObject({ blobs: 1 });
	expect(execFileSync("tar", ["-tf", some], { encoding: "utf8" }).trim().split("\n")).toEqual([
		"snapshot.json",
		"settings.jsonl",
		"blobs.jsonl",
		"blobs/a/b",
	]);
});

test("of a key and one below it the second is named and left out: no archive holds both as files", async () => {
	const content = { a: "1", "a-": "2", "a/b": "3", "a/b/c": "4", "b/c": "5" };
	const { repository, id } = await sceneOf(
		Object.fromEntries(Object.entries(content).map(([key, text]) => [key, Buffer.from(text)])),
	);
	const failed: string[] = [];
	const path = join(folder, "below.tar");
	const file = Writable.toWeb(createWriteStream(path));
	const onFailed = (key: string, reason: string) => failed.push(`${key}: ${reason}`);
	expect(await exportTar(repository, id, file, { onFailed })).toMatchObject({ blobs: 3, failed: 2 });
	expect(failed).toEqual(
		["a/b", "a/b/c"].map((key) => `${key}: the key "a" is a file there, not a directory`),
	);
	const target = join(folder, "below");
	await mkdir(target);
	execFileSync("tar", ["-xf", path, "-C", target]);
	expect(await readdir(join(target, "blobs"))).toEqual(["a", "a-", "b"]);
	const other = join(folder, "below-too");
	failed.length = 0;
	expect(await exportDirectory(repository, id, other, { onFailed })).toMatchObject({ blobs: 3, failed: 2 });
	expect(failed.map((line) => line.split(":")[0]).sort()).toEqual(["a/b", "a/b/c"]);
});

test("a directory has the same; again, what differs there is replaced", async () => {
	const { repository, id } = await sceneOf();
	const target = join(folder, "directory");
	expect(await exportDirectory(repository, id, target)).toMatchObject({ blobs: 4, failed: 0 });
	await expectContent(target);
	await writeFile(join(target, "blobs/a/b"), "mine");
	await writeFile(join(target, "blobs.jsonl"), "mine");
	expect(await exportDirectory(repository, id, target)).toMatchObject({ blobs: 4, failed: 0 });
	await expectContent(target);
	expect((await readdir(target)).sort()).toEqual(["blobs", "blobs.jsonl", "settings.jsonl", "snapshot.json"]);
});

test("a blob that lacks a chunk is named and left out; one that is damaged ends the archive, which says so", async () => {
	const { sink, repository, id } = await sceneOf({
		good: Buffer.from("good"),
		large: pseudoBytes(90 * CHUNK, 5),
	});
	const packs = [...sink.objects].filter(([name]) => name.startsWith("packs/"));
	const [name, bytes] = packs.sort(([, a], [, b]) => b.length - a.length)[0] as [string, Uint8Array];
	expect(bytes.length).toBeGreaterThan(4_000_000);
	sink.objects.delete(name);
	const failed: string[] = [];
	const path = join(folder, "lacking.tar");
	const file = Writable.toWeb(createWriteStream(path));
	const result = await exportTar(repository, id, file, { onFailed: (key) => failed.push(key) });
	expect({ result, failed }).toMatchObject({ result: { failed: failed.length } });
	expect(failed).toContain("large");
	execFileSync("tar", ["-tf", path]);

	bytes[3_000_000]! ^= 1;
	sink.objects.set(name, bytes);
	const cut = Writable.toWeb(createWriteStream(join(folder, "cut.tar")));
	await expect(exportTar(await Repository.open(sink), id, cut)).rejects.toMatchObject({
		code: "item_missing",
	});
	await expect(cut.getWriter().closed).rejects.toThrow();
});

test("who reads an archive and goes away ends it, and so does a signal", async () => {
	const { repository, id } = await sceneOf({ large: pseudoBytes(300 * CHUNK, 5) });
	let taken = 0;
	const leaving = new WritableStream<Uint8Array>({
		write: (bytes) => {
			taken += bytes.length;
			if (taken > 1_000_000) throw new Error("EPIPE");
		},
	});
	await expect(exportTar(repository, id, leaving)).rejects.toThrow("EPIPE");
	const controller = new AbortController();
	const slow = new WritableStream<Uint8Array>({ write: () => controller.abort(new Error("interrupted")) });
	await expect(exportTar(repository, id, slow, { signal: controller.signal })).rejects.toThrow("interrupted");
});
