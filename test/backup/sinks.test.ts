import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkSink, runSinkCheck, SINK_CHECKS } from "../../src/backup/check-sink.js";
import { isBackupError } from "../../src/backup/errors.js";
import { verify } from "../../src/backup/keeping/verify.js";
import { backup } from "../../src/backup/making/backup.js";
import { Repository } from "../../src/backup/repository/repository.js";
import type { Sink } from "../../src/backup/sink.js";
import { CanisterSink } from "../../src/backup/sinks/canister.js";
import { DirectorySink } from "../../src/backup/sinks/directory.js";
import { startUpload } from "../../src/client/upload/index.js";
import { MemoryStore, pseudoBytes } from "../client/support/memory-store.js";
import { clientOf } from "./support/client.js";
import { contentOf } from "./support/content.js";
import { MemorySink } from "./support/sinks.js";

/** Every sink passes the checks, and the checks detect a sink that violates one. */

let folder: string;
beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "canister-blobs-sinks-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("a directory", () => {
	test.each(SINK_CHECKS)("$name", async (check) => {
		expect(await runSinkCheck(check, () => new DirectorySink(join(folder, "directory")))).toBeUndefined();
	});

	test("leaves nothing aside, and removes only what dead processes left long ago", async () => {
		const sink = new DirectorySink(join(folder, "tidy"));
		await sink.put("a/b", Buffer.from("x"));
		await sink.create("a/b", Buffer.from("y"));
		const aside = join(folder, "tidy/.tmp");
		expect(await readdir(aside)).toEqual([]);
		await writeFile(join(aside, "old"), "half");
		await writeFile(join(aside, "new"), "half");
		const longAgo = Date.now() / 1_000 - 2 * 86_400;
		await utimes(join(aside, "old"), longAgo, longAgo);
		await sink.tidy();
		expect(await readdir(aside)).toEqual(["new"]);
	});

	test("passes over files that are no objects, and refuses names that leave it", async () => {
		const sink = new DirectorySink(join(folder, "foreign"));
		await sink.put("a/b", Buffer.from("x"));
		await writeFile(join(folder, "foreign/README.txt"), "mine");
		const names = [];
		for await (const { name } of sink.list("")) names.push(name);
		expect(names).toEqual(["a/b"]);
		for (const name of ["../x", "/x", "a//b", ".x", "a/../../x", "A"])
			await expect(sink.put(name, Buffer.from("x")), name).rejects.toThrow(RangeError);
	});
});

describe("a store in a canister", () => {
	const store = new MemoryStore();
	const open = () =>
		new CanisterSink({ client: clientOf(store), name: "canister://aaaaa-aa/x/", prefix: "x" });

	test.each(SINK_CHECKS)("$name", async (check) => {
		expect(await runSinkCheck(check, open)).toBeUndefined();
	});

	test("holds a repository, beside what is not of it", async () => {
		const context = store.context();
		await startUpload(context, new Uint8Array(Buffer.from("mine")), { key: "mine" }).done;
		const repository = await Repository.init(open());
		const source = new MemoryStore();
		await startUpload(source.context(), pseudoBytes(3_000_000), { key: "large" }).done;
		const { summary } = await backup(repository, { client: clientOf(source), canister: "aaaaa-aa" });
		const opened = await Repository.open(open(), { writes: true });
		expect(await verify(opened)).toMatchObject({ damages: 0, snapshots: 1 });
		expect(Object.keys(await contentOf(opened, summary.id))).toEqual(["large"]);
		// Nobody but its owner is told what there is.
		const visibilities = new Set();
		for await (const entry of clientOf(store).list({ prefix: "x/" }))
			if (entry.type === "blob") visibilities.add(entry.blob.visibility);
		expect(visibilities).toEqual(new Set(["private"]));
	});
});

test("memory, which the tests of the repository use, passes", async () => {
	const objects = new Map();
	for (const { name, error } of await checkSink(() => new MemorySink(objects)))
		expect(error, name).toBeUndefined();
});

describe("the suite finds a sink that", () => {
	const flaws: [string, (sink: MemorySink) => Partial<Sink>][] = [
		["creates what is there", overwriting],
		[
			"looks first and creates then",
			(sink) => ({
				create: async (name, bytes) => {
					if ((await sink.size(name)) !== undefined) return false;
					await sink.put(name, bytes);
					return true;
				},
			}),
		],
		["lists one page", (sink) => ({ list: (prefix) => first(1_000, sink.list(prefix)) })],
		["takes a range for the whole", (sink) => ({ get: (name) => sink.get(name, 0, 2 ** 30) })],
		["keeps what is deleted", () => ({ delete: async () => {} })],
		["cuts large objects", (sink) => ({ put: (name, bytes) => sink.put(name, bytes.subarray(0, 2 ** 24)) })],
	];

	test.each(flaws)("%s", async (_, flawOf) => {
		const objects = new Map();
		const results = await checkSink(() => {
			const sink = new MemorySink(objects);
			return Object.assign(Object.create(sink) as Sink, bound(sink), flawOf(sink));
		});
		expect(results.filter(({ error }) => error !== undefined).length).toBeGreaterThan(0);
	});
});

test("a sink that overwrites what it was to create is refused, unless there is one writer", async () => {
	const sink = new MemorySink();
	const careless: Sink = {
		...bound(sink),
		name: "careless",
		...overwriting(sink),
	};
	const refused = await Repository.init(careless).catch((error: unknown) => error);
	expect(isBackupError(refused, "sink_unconditional")).toBe(true);
	const opened = await Repository.open(careless, { writes: true }).catch((error: unknown) => error);
	expect(isBackupError(opened, "sink_unconditional")).toBe(true);
	const one = await Repository.open(careless, { writes: true, singleWriter: true });
	for (const generation of [1, 2])
		expect(await one.generations.commit("test", () => ({ condemnedAt: 0 }))).toMatchObject({ generation });
	// What the newest one is stays known to a process that was slower.
	const slower = await Repository.open(careless, { writes: true, singleWriter: true });
	await one.generations.commit("test", () => ({ condemnedAt: 0 }));
	expect(await slower.generations.commit("test", () => ({ condemnedAt: 0 }))).toMatchObject({
		generation: 4,
	});
	await expect(Repository.open(careless)).resolves.toBeDefined();
});

const overwriting = (sink: MemorySink): Partial<Sink> => ({
	create: async (name, bytes) => {
		await sink.put(name, bytes);
		return true;
	},
});

const bound = (sink: MemorySink): Sink => ({
	name: sink.name,
	get: (...args) => sink.get(...args),
	size: (...args) => sink.size(...args),
	put: (...args) => sink.put(...args),
	create: (...args) => sink.create(...args),
	delete: (...args) => sink.delete(...args),
	list: (...args) => sink.list(...args),
});

async function* first<T>(count: number, all: AsyncIterable<T>): AsyncGenerator<T> {
	for await (const each of all) if (count-- > 0) yield each;
}
