import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isBackupError } from "../../src/backup/errors.js";
import { encodeIndex, type Location } from "../../src/backup/format/index-file.js";
import {
	chunkName,
	generationName,
	hex,
	packName,
	REPOSITORY,
	sha256,
} from "../../src/backup/format/names.js";
import { encodePack, MAX_ITEM_BYTES, type NewItem, readPackTable } from "../../src/backup/format/pack.js";
import { adoptOrphans } from "../../src/backup/making/adopt.js";
import { rewriteIndexes } from "../../src/backup/repository/compact.js";
import { Repository } from "../../src/backup/repository/repository.js";
import { DirectorySink } from "../../src/backup/sinks/directory.js";
import { MemorySink } from "./support/sinks.js";

/** Items, indexes and generations of a repository, with concurrent processes and with damage. */

let folder: string;
beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "canister-blobs-repository-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const shaOf = (bytes: Uint8Array) => hex(sha256(bytes));
const writerOf = (repository: Repository) => repository.writer(new AbortController().signal);

describe("items", () => {
	test("large and small ones are found by another process, by any of many indexes, each once stored", async () => {
		const path = join(folder, "items");
		const repository = await Repository.init(new DirectorySink(path));
		const items = [1, 100, 40_000, 524_287, 524_288, 2_080_768].flatMap((size) => [
			randomBytes(size),
			randomBytes(size),
		]);
		// Of random bytes two may be the same.
		for (const [index, item] of items.entries()) item[0] = index;
		for (let turn = 0; turn < 3; turn++) {
			const writer = writerOf(await Repository.open(new DirectorySink(path)));
			for (const bytes of items.slice(0, 4 * (turn + 1))) await writer.add("chunk", shaOf(bytes), bytes);
			await Promise.all(
				[0, 1].map(() => writer.add("page", shaOf(Buffer.from("page")), Buffer.from("page"))),
			);
			await writer.flush();
			expect(writer.written.chunkBytes).toBe(
				items.slice(4 * turn, 4 * turn + 4).reduce((sum, { length }) => sum + length, 0),
			);
		}
		await repository.refresh();
		expect(repository.index.segments.length).toBe(3);
		for (const bytes of items)
			expect(Buffer.compare(await repository.items.get(shaOf(bytes)), bytes)).toBe(0);
		await expect(repository.items.get("0".repeat(64))).rejects.toMatchObject({ code: "item_missing" });
	});

	test("the sink's failure is the writer's, and nothing is said to be there that is not", async () => {
		const sink = new MemorySink();
		const repository = await Repository.init(sink);
		const writer = writerOf(repository);
		sink.before = (method, name) => {
			if (method === "put" && name.startsWith("packs/")) throw new Error("the disk is full");
		};
		const bytes = randomBytes(100);
		await writer.add("chunk", shaOf(bytes), bytes);
		await expect(writer.flush()).rejects.toThrow("the disk is full");
		await expect(writer.add("chunk", shaOf(bytes), bytes)).rejects.toThrow("the disk is full");
		expect([...sink.objects.keys()].filter((name) => name.startsWith("index/"))).toEqual([]);
	});

	test("what an index says and is not there any more is written anew", async () => {
		const sink = new MemorySink();
		const repository = await Repository.init(sink);
		const bytes = randomBytes(600_000);
		const first = writerOf(repository);
		await first.add("chunk", shaOf(bytes), bytes);
		await first.flush();
		await sink.delete(chunkName(shaOf(bytes), first.run));
		const second = writerOf(repository);
		expect(await second.add("chunk", shaOf(bytes), bytes)).toBe(true);
		await second.flush();
		expect(Buffer.compare(await repository.items.get(shaOf(bytes)), bytes)).toBe(0);
	});

	test("are found while others merge the indexes and write packs anew", async () => {
		const sink = new MemorySink();
		const repository = await Repository.init(sink);
		const items = [randomBytes(100), randomBytes(200)] as const;
		const writer = writerOf(repository);
		for (const bytes of items) await writer.add("chunk", shaOf(bytes), bytes);
		await writer.flush();
		const reader = await Repository.open(sink);
		const merged = await Repository.open(sink);
		const old = [...sink.objects.keys()].find((name) => name.startsWith("packs/"))!;
		const mover = writerOf(repository);
		for (const bytes of items) await mover.rewrite("chunk", shaOf(bytes), bytes);
		await mover.flush();
		// The second look-up is still at the old pack when the first has learnt of the new one.
		let looked = 0;
		const first = reader.items.get(shaOf(items[0]));
		sink.before = async (method, name) => {
			if (method === "get" && name === old && ++looked === 2) await first;
		};
		sink.objects.delete(old);
		const both = await Promise.all([first, reader.items.get(shaOf(items[1]))]);
		expect(both.map(shaOf)).toEqual(items.map(shaOf));
		await rewriteIndexes(repository, repository.index.segments, () => true);
		expect(await writerOf(merged).has(shaOf(items[0]))).toBe(true);
	});

	test("no damaged index is merged into a sound one", async () => {
		const sink = new MemorySink();
		const repository = await Repository.init(sink);
		const writer = writerOf(repository);
		const bytes = randomBytes(100);
		await writer.add("chunk", shaOf(bytes), bytes);
		await writer.flush();
		const [[name, index]] = [...sink.objects].filter(([name]) => name.startsWith("index/")) as [
			[string, Uint8Array],
		];
		index[index.length - 1]! ^= 1;
		const merging = rewriteIndexes(repository, repository.index.segments, () => true);
		await expect(merging).rejects.toMatchObject({ code: "repository_damaged", details: { object: name } });
		expect([...sink.objects.keys()].filter((name) => name.startsWith("index/"))).toEqual([name]);
	});

	test("pages and snapshots stand compressed, under the hash of their own bytes, and are written anew as any", async () => {
		const sink = new MemorySink();
		const repository = await Repository.init(sink);
		const text = Buffer.from(JSON.stringify({ pages: "a page ".repeat(1_000) }));
		const noise = randomBytes(7_000);
		const writer = writerOf(repository);
		await writer.add("page", shaOf(text), text);
		await writer.add("page", shaOf(noise), noise);
		await writer.add("leaves", "ab".repeat(32), text.subarray(1));
		await writer.flush();
		const [pack = ""] = writer.ownPacks;
		const items = await readPackTable(sink, pack, sink.objects.get(pack)!.length);
		expect(items.map(({ kind, isGzip, length }) => [kind, isGzip, length < 200])).toEqual([
			["page", true, true],
			// What does not shrink stands as it is.
			["page", false, false],
			["leaves", false, false],
		]);
		const [first] = items;
		expect(sha256(gunzipSync(sink.objects.get(pack)!.subarray(0, first!.length)))).toEqual(first!.sha);
		// By a process that has only the packs, and through packs and indexes that are written anew.
		for (const name of sink.objects.keys()) if (name.startsWith("index/")) sink.objects.delete(name);
		const other = await Repository.open(sink, { writes: true });
		const adopting = writerOf(other);
		await adoptOrphans(other, adopting, undefined);
		await adopting.flush();
		expect(await other.items.get(shaOf(text))).toEqual(text);
		const again = writerOf(other);
		await again.rewrite("page", shaOf(text), await other.items.get(shaOf(text)));
		await again.flush();
		await rewriteIndexes(other, [...other.index.segments], ({ object }) => object !== pack);
		sink.objects.delete(pack);
		expect(await (await Repository.open(sink)).items.get(shaOf(text))).toEqual(text);
	});

	test("one that would unfold to more than there may be is none", async () => {
		for (const [bytes, isRead] of [
			[MAX_ITEM_BYTES, true],
			[MAX_ITEM_BYTES + 1, false],
		] as const) {
			const sink = new MemorySink();
			const repository = await Repository.init(sink);
			const page = Buffer.alloc(bytes);
			const writer = writerOf(repository);
			await writer.add("page", shaOf(page), page);
			await writer.flush();
			const read = await repository.items.get(shaOf(page)).catch((error: unknown) => error);
			if (isRead) expect((read as Uint8Array).length).toBe(bytes);
			else expect(read).toMatchObject({ code: "item_missing" });
		}
	});

	test("a changed byte is never handed out", async () => {
		const sink = new MemorySink();
		const repository = await Repository.init(sink);
		const writer = writerOf(repository);
		const items = [randomBytes(600_000), randomBytes(1_000)];
		for (const bytes of items) await writer.add("chunk", shaOf(bytes), bytes);
		await writer.flush();
		for (const [name, bytes] of sink.objects) if (/^(chunks|packs)/.test(name)) bytes[10]! ^= 1;
		for (const bytes of items) {
			const read = await repository.items.get(shaOf(bytes)).catch((error: unknown) => error);
			expect(isBackupError(read, "item_missing")).toBe(true);
		}
	});
});

describe("generations", () => {
	const summary = (id: string) => ({
		id,
		canister: "aaaaa-aa",
		at: new Date(0).toISOString(),
		tags: [],
		blobs: 0,
		bytes: 0,
		sequence: "0",
		missing: 0,
	});

	test("of 12 processes that commit at once each is in, exactly once, in a directory", async () => {
		const path = join(folder, "generations");
		await Repository.init(new DirectorySink(path));
		const ids = Array.from({ length: 12 }, () => hex(randomBytes(32)));
		await Promise.all(
			ids.map(async (id) => {
				const { generations } = await Repository.open(new DirectorySink(path), { writes: true });
				await generations.commit("test", ({ snapshots }) => ({ snapshots: [...snapshots, summary(id)] }));
			}),
		);
		const repository = await Repository.open(new DirectorySink(path));
		expect((await repository.snapshots()).map(({ id }) => id).sort()).toEqual([...ids].sort());
		expect((await repository.generations.latest()).generation).toBe(12);
		for await (const error of repository.generations.check()) throw error;
	});

	test("a commit whose answer was lost is not made twice", async () => {
		const sink = new MemorySink();
		const { generations } = await Repository.init(sink);
		const create = sink.create.bind(sink);
		let isLost = false;
		// The sink made it, the answer was lost, and the attempt after it is told that the object is there.
		sink.create = async (name, bytes) => {
			const made = await create(name, bytes);
			if (made && !isLost) {
				isLost = true;
				return create(name, bytes);
			}
			return made;
		};
		const { generation } = await generations.commit("test", () => ({ condemnedAt: 0 }));
		expect(generation).toBe(1);
		expect((await generations.latest()).generation).toBe(1);
	});

	test("one that no reader would take is refused, and the repository stays readable", async () => {
		const { generations } = await Repository.init(new MemorySink());
		const most = Array.from({ length: 20_000 }, () => summary("ab".repeat(32)));
		await generations.commit("test", () => ({ snapshots: most }));
		const more = generations.commit("test", () => ({ snapshots: [...most, most[0]!] }));
		await expect(more).rejects.toMatchObject({ code: "option_invalid" });
		const objects = Array.from({ length: 50_001 }, () => packName("cd".repeat(32)));
		const condemning = generations.commit("test", () => ({ condemned: objects }));
		await expect(condemning).rejects.toMatchObject({ code: "option_invalid" });
		expect((await generations.latest()).snapshots.length).toBe(20_000);
	});

	test("thousands are passed over by their folders, old ones shortened, and no number is ever free again", async () => {
		const sink = new MemorySink();
		const { generations } = await Repository.init(sink);
		const slept = await Repository.open(sink, { writes: true });
		for (let turn = 0; turn < 2_003; turn++) await generations.commit("test", () => ({}));
		await generations.shorten();
		expect((await generations.latest()).generation).toBe(2_003);
		for await (const error of generations.check()) throw error;
		let base = -1;
		await slept.generations.commit("test", ({ generation }) => {
			base = generation;
			return {};
		});
		expect(base).toBe(2_003);
		const lengths = [0, 1_987, 1_988].map((number) => sink.objects.get(generationName(number))!.length);
		expect(lengths[0]).toBeLessThan(lengths[2]!);
		expect(lengths[1]).toBeLessThan(lengths[2]!);
	});

	test("one that is missing or changed is damage, not a state", async () => {
		const sink = new MemorySink();
		const { generations } = await Repository.init(sink);
		for (let turn = 0; turn < 3; turn++) await generations.commit("test", () => ({}));
		const saved = sink.objects.get(generationName(1))!;
		sink.objects.set(
			generationName(1),
			Buffer.from(Buffer.from(saved).toString().replace('"by":"test"', '"by":"evil"')),
		);
		const found = [];
		for await (const error of generations.check()) found.push(error.message);
		expect(found).toEqual([expect.stringContaining("does not follow")]);
		sink.objects.delete(generationName(1));
		await expect(generations.latest()).rejects.toThrow("this generation is missing");
	});
});

describe("a hostile repository is refused:", () => {
	const location = (changes: Partial<Location>): Location => ({
		sha: "ab".repeat(32),
		kind: "chunk",
		isGzip: false,
		object: packName("cd".repeat(32)),
		objectBytes: 1_000,
		offset: 0,
		length: 10,
		...changes,
	});

	async function finding(index: Buffer, sha = "ab".repeat(32)): Promise<unknown> {
		const sink = new MemorySink();
		await Repository.init(sink);
		sink.objects.set(`index/${shaOf(index)}`, index);
		return Repository.open(sink)
			.then((repository) => repository.items.get(sha))
			.catch((error: unknown) => error);
	}

	const good = encodeIndex([location({})]);
	const changed = (at: number, value: number) => {
		const bytes = Buffer.from(good);
		bytes.writeUInt32BE(value, at);
		return bytes;
	};
	test.each<[string, Buffer]>([
		["an index that claims more records than it has", changed(16, 65_000)],
		["one that claims four billion of them", changed(16, 2 ** 32 - 1)],
		["one with a fanout that does not grow", changed(20 + 4 * 0xac, 0)],
		["one with a record beyond its pack", encodeIndex([location({ offset: 995 })])],
		["one with an item of 5 MiB", encodeIndex([location({ length: 5 * 2 ** 20, objectBytes: 6 * 2 ** 20 })])],
		["one with a pack of a gigabyte", encodeIndex([location({ objectBytes: 2 ** 30 })])],
		["one with a chunk that is compressed", encodeIndex([location({ isGzip: true })])],
		["one that is cut", good.subarray(0, -1)],
		["one that is none", randomBytes(5_000)],
	])("%s", async (_, index) => {
		expect(isBackupError(await finding(index), "repository_damaged")).toBe(true);
	});

	const item: NewItem = { sha: Buffer.alloc(32, 1), kind: "chunk", isGzip: false, bytes: Buffer.alloc(100) };
	const pack = encodePack([item], randomBytes(16));
	const broken = (at: number, value: number) => {
		const bytes = Buffer.from(pack);
		bytes.writeUInt32BE(value, at);
		return bytes;
	};
	test.each<[string, Buffer]>([
		["a pack whose items do not fill it", broken(132, 99)],
		["one with a chunk that is compressed", encodePack([{ ...item, isGzip: true }], randomBytes(16))],
		["one with an item of a kind to come", broken(133, 100 * 256 + 5)],
		["one whose table is longer than it", broken(pack.length - 12, 4)],
		["one that claims four billion items", broken(pack.length - 12, 2 ** 32 - 1)],
		["one that is cut", pack.subarray(0, -1)],
		["one of a few bytes", Buffer.from("pack")],
	])("%s", async (_, bytes) => {
		const sink = new MemorySink(new Map([["packs/x", bytes]]));
		const read = await readPackTable(sink, "packs/x", bytes.length).catch((error: unknown) => error);
		expect(isBackupError(read, "repository_damaged")).toBe(true);
	});

	test.each<[string, object, string]>([
		[
			"a repository of a later version",
			{ format: "canister-blobs backup repository", version: 3 },
			"repository_unsupported",
		],
		[
			"an encrypted one that names no key",
			{ format: "canister-blobs backup repository", version: 2, id: "0" },
			"repository_damaged",
		],
		["one of something else", { format: "tar", version: 1 }, "repository_damaged"],
	])("%s", async (_, config, code) => {
		const sink = new MemorySink();
		await Repository.init(sink);
		sink.objects.set(REPOSITORY, Buffer.from(JSON.stringify(config)));
		await expect(Repository.open(sink)).rejects.toMatchObject({ code });
	});
});

test("init refuses a place that holds anything, and goes on where it died", async () => {
	const sink = new MemorySink();
	await sink.put("something", Buffer.from("else"));
	await expect(Repository.init(sink)).rejects.toMatchObject({ code: "repository_exists" });
	await sink.delete("something");
	sink.before = (_, name) => {
		if (name === REPOSITORY) throw new Error("killed");
	};
	await expect(Repository.init(sink)).rejects.toThrow("killed");
	sink.before = () => {};
	await expect(Repository.open(sink)).rejects.toMatchObject({ code: "repository_not_found" });
	await Repository.init(sink);
	await expect(Repository.init(sink)).rejects.toMatchObject({ code: "repository_exists" });
});
