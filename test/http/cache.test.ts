import { type ChildProcess, spawn } from "node:child_process";
import {
	mkdir,
	mkdtemp,
	readdir,
	readFile,
	rm,
	stat,
	symlink,
	truncate,
	utimes,
	writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DiskCache } from "../../src/http/disk-cache.js";
import { BlobLinks } from "../../src/http/index.js";
import { pseudoBytes } from "../client/support/memory-store.js";
import { sha256 } from "../support/published.js";
import { CHUNK, openScene, type Scene, until } from "./served.js";

/** Chunks on disk: the requests that they save, their limits, and that each is verified. */

const MAX = 2 ** 26;
const bytes = Buffer.from(pseudoBytes(3 * CHUNK + 9));

let scene: Scene;
let directory: string;
beforeAll(async () => {
	scene = await openScene();
	directory = await mkdtemp(join(tmpdir(), "canister-blobs-cache-"));
	await scene.put("blob", bytes);
	await scene.put("private", bytes, { visibility: "private" });
});
afterAll(async () => {
	await scene.dispose();
	await rm(directory, { recursive: true, force: true });
});

let folders = 0;
async function folder(): Promise<string> {
	const path = join(directory, String(folders++));
	await mkdir(path);
	return path;
}

async function filesIn(path: string): Promise<{ path: string; size: number }[]> {
	const names = await readdir(path, { recursive: true });
	const found = names.map(async (name) => {
		const stats = await stat(join(path, name)).catch(() => undefined);
		return stats?.isFile() ? [{ path: join(path, name), size: stats.size }] : [];
	});
	return (await Promise.all(found)).flat();
}

const sum = (files: { size: number }[]): number => files.reduce((all, { size }) => all + size, 0);

/** A server of its own, as after a restart: nothing is in memory. */
async function read(path: string, key = "blob", options: { private?: boolean; links?: BlobLinks } = {}) {
	const { links, private: isPrivate = false } = options;
	const served = await scene.serve({
		cache: { directory: path, maxBytes: MAX, private: isPrivate },
		...(links && { links, privateClient: scene.owner }),
	});
	await served.handler.settle();
	const answer = await served.ask(
		"GET",
		links ? links.linkFor(key, { until: new Date(Date.now() + 60_000) }) : `/${key}`,
	);
	await served.handler.settle();
	const from = async (origin: string) => served.metric("chunks_total", origin);
	const counted = {
		status: answer.status,
		isRight: answer.body.equals(bytes),
		network: await from("network"),
		cache: await from("cache"),
		damaged: await served.metric("cache_damaged_total"),
	};
	await served.stop();
	return counted;
}

const CACHED = { status: 200, isRight: true, network: 0, cache: 4, damaged: 0 };

describe("C98 the cache", () => {
	test("has after a restart what was read before, in files for this user alone", async () => {
		const path = await folder();
		expect(await read(path)).toEqual({ ...CACHED, network: 4, cache: 0 });
		expect(await read(path)).toEqual(CACHED);
		const files = await filesIn(path);
		expect(sum(files)).toBe(bytes.length);
		for (const file of files) {
			expect((await stat(file.path)).mode & 0o777).toBe(0o600);
			expect(file.path.endsWith(Buffer.from(sha256(await readFile(file.path))).toString("hex"))).toBe(true);
		}
	});

	const damages: [string, (path: string) => Promise<void>][] = [
		[
			"changed",
			async (path) =>
				writeFile(
					path,
					(await readFile(path)).map((byte, i) => (i === 5 ? byte ^ 1 : byte)),
				),
		],
		["cut by a crash", (path) => truncate(path, 100)],
		["empty after a crash", (path) => truncate(path, 0)],
		["full of zeros after a crash", async (path) => writeFile(path, Buffer.alloc((await stat(path)).size))],
		["longer", async (path) => writeFile(path, Buffer.concat([await readFile(path), Buffer.of(0)]))],
		["a link to elsewhere", async (path) => rm(path).then(() => symlink("/dev/zero", path))],
		["a directory", async (path) => rm(path).then(() => mkdir(path))],
		["gone", (path) => rm(path)],
	];
	test.each(damages)("believes no file: one that is %s is fetched again", async (_, damage) => {
		const path = await folder();
		await read(path);
		for (const file of await filesIn(path)) await damage(file.path);
		expect(await read(path)).toMatchObject({ status: 200, isRight: true, network: 4, cache: 0 });
	});

	test("is made whole again where a file was changed", async () => {
		const path = await folder();
		await read(path);
		const [file] = await filesIn(path);
		await writeFile(file!.path, Buffer.alloc(file!.size));
		expect(await read(path)).toMatchObject({ network: 1, cache: 3, damaged: 1 });
		expect(await read(path)).toEqual(CACHED);
	});

	test("keeps private chunks only where it is told to, apart from public ones, and gives them to who has a right", async () => {
		const path = await folder();
		const links = new BlobLinks({ canisterId: scene.fixture.canisterId, secrets: ["s".repeat(32)] });
		expect(await read(path, "private", { links })).toMatchObject({ isRight: true, network: 4 });
		expect(await filesIn(path)).toEqual([]);
		// The same bytes are public, too: that they are there says nothing about the private ones.
		await read(path);
		expect(await read(path, "private", { links, private: true })).toMatchObject({ network: 4, cache: 0 });
		expect(await read(path, "private", { links, private: true })).toEqual(CACHED);
		expect(await read(path, "private", { private: true })).toEqual({
			status: 404,
			isRight: false,
			network: 0,
			cache: 0,
			damaged: 0,
		});
	});

	test("that cannot be written to is no obstacle", async () => {
		const path = join(await folder(), "file");
		await writeFile(path, "");
		expect(await read(path)).toMatchObject({ status: 200, isRight: true, network: 4 });
	});
});

const nameOf = (i: number) => Buffer.from(sha256(Buffer.of(i, i >> 8))).toString("hex");
const CHUNK_BYTES = 1_000_000;

test("C98 room that is read into again was sent before: each reader keeps its own bytes", async () => {
	const blobs = Array.from({ length: 4 }, (_, i) => Buffer.from(pseudoBytes(6 * CHUNK, i + 40)));
	for (const [i, blob] of blobs.entries()) await scene.put(`again/${i}`, blob);
	const cache = { directory: await folder(), maxBytes: MAX };
	const served = await scene.serve({ cache, memoryBytes: 2 * CHUNK, freshMs: 60_000 });
	await served.handler.settle();
	for (const i of blobs.keys()) await served.ask("GET", `/again/${i}`);
	await served.handler.settle();
	/** All parts of a stream, which are looked at only when the last one is there. */
	const streamed = async (i: number) => {
		const { body } = await served.handler.fetch(new Request(`${served.url}/again/${i}`));
		const parts: Uint8Array[] = [];
		for await (const part of body as unknown as AsyncIterable<Uint8Array>) parts.push(part);
		return Buffer.concat(parts);
	};
	/** What a connection has after its reader has let it wait for others. */
	const late = async (i: number, others: Promise<unknown>) => {
		const socket = await served.raw(`/again/${i}`, "Connection: close\r\n");
		await others;
		const parts: Buffer[] = [];
		for await (const part of socket) parts.push(part as Buffer);
		return Buffer.concat(parts).subarray(-blobs[i]!.length);
	};
	const streams = Promise.all(blobs.map((_, i) => streamed(i)));
	const sent = Promise.all(blobs.map((_, i) => late(i, streams)));
	for (const [i, got] of (await streams).entries()) expect(got.equals(blobs[i]!), `stream ${i}`).toBe(true);
	for (const [i, got] of (await sent).entries()) expect(got.equals(blobs[i]!), `late ${i}`).toBe(true);
	expect(await served.metric("chunks_total", "cache")).toBeGreaterThan(0);
	await served.stop();
});

test("C98 the cache holds what it may and no more, of three who write to it; what was read last stays", async () => {
	const path = await folder();
	const options = { directory: path, maxBytes: MAX };
	const caches = [new DiskCache(options), new DiskCache(options), new DiskCache(options)];
	await Promise.all(caches.map((cache) => cache.settle()));
	const chunk = Buffer.alloc(CHUNK_BYTES, 7);
	let most = 0;
	for (let i = 0; i < 240; i++) {
		const cache = caches[i % 3]!;
		cache.write(nameOf(i), chunk);
		if (i % 2) await cache.settle();
		if (i === 20) await Promise.all(caches.map((each) => each.settle()));
		if (i > 20 && i % 10 === 0) {
			// As if it were long ago, so that reading it counts.
			const read = join(path, nameOf(20).slice(0, 2), nameOf(20));
			await utimes(read, new Date(Date.now() - 120_000), new Date(Date.now() - 120_000)).catch(() => {});
			expect((await caches[0]!.read(nameOf(20), CHUNK_BYTES))?.length).toBe(CHUNK_BYTES);
			most = Math.max(most, sum(await filesIn(path)));
		}
	}
	await Promise.all(caches.map((cache) => cache.settle()));
	expect(most).toBeGreaterThan(MAX / 2);
	expect(most).toBeLessThanOrEqual(MAX);
	expect(await caches[0]!.read(nameOf(0), CHUNK_BYTES)).toBeUndefined();
});

test("C98 the cache keeps on where all chunks are smaller than what is left before it looks through its files", async () => {
	const path = await folder();
	const cache = new DiskCache({ directory: path, maxBytes: MAX });
	await cache.settle();
	const chunk = Buffer.alloc(100, 7);
	// Each takes a block of 4,096 bytes; 819 of them all but fill what is written before that.
	for (let i = 0; i < 840; i++) {
		cache.write(nameOf(i), chunk);
		if (i % 8 === 7) await cache.settle();
	}
	expect((await cache.read(nameOf(839), chunk.length))?.length).toBe(chunk.length);
});

test("C98 a process that is killed while it writes leaves whole files, and parts that go", async () => {
	const path = await folder();
	const script = `
		import { createHash } from "node:crypto";
		import { DiskCache } from ${JSON.stringify(join(import.meta.dirname, "../../dist/http/disk-cache.js"))};
		const cache = new DiskCache({ directory: ${JSON.stringify(path)}, maxBytes: ${MAX} });
		await cache.settle();
		for (let i = 0; ; i++) {
			const bytes = Buffer.alloc(${CHUNK_BYTES}, i);
			cache.write(createHash("sha256").update(bytes).digest("hex"), bytes);
			await new Promise((resolve) => setTimeout(resolve, 2));
		}`;
	const child: ChildProcess = spawn(process.execPath, ["--input-type=module", "-e", script], {
		stdio: "ignore",
	});
	const ended = new Promise((resolve) => child.on("close", resolve));
	await until(async () => (await filesIn(path)).length > 15, 20_000);
	child.kill("SIGKILL");
	await ended;
	const part = join(path, "ab", `${nameOf(1)}.0.part`);
	await mkdir(join(path, "ab"), { recursive: true });
	await writeFile(part, "part");
	await utimes(part, new Date(0), new Date(0));
	const cache = new DiskCache({ directory: path, maxBytes: MAX });
	await cache.settle();
	await expect(stat(part)).rejects.toThrow("ENOENT");
	for (const file of await filesIn(path)) {
		if (file.path.endsWith(".part")) continue;
		expect(file.path.endsWith(Buffer.from(sha256(await readFile(file.path))).toString("hex"))).toBe(true);
	}
	expect(() => new DiskCache({ directory: path, maxBytes: MAX - 1 })).toThrow("cache.maxBytes");
});
