import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hex, sha256 } from "../../src/backup/format/names.js";
import { encodePack, type ItemForm, readPackTable } from "../../src/backup/format/pack.js";
import {
	backup,
	blobsIn,
	differences,
	dropDamagedIndexes,
	forget,
	prune,
	Repository,
	repair,
	restore,
	verify,
} from "../../src/backup/index.js";
import { rewriteIndexes } from "../../src/backup/repository/compact.js";
import { changeRole, setQuota } from "../../src/client/administration/administration.js";
import { deleteBlob, moveBlob, updateBlob } from "../../src/client/blobs/changing.js";
import type { ClientContext } from "../../src/client/context.js";
import { CanisterError } from "../../src/client/errors/errors.js";
import { startUpload } from "../../src/client/upload/index.js";
import { MemoryStore, pseudoBytes } from "../client/support/memory-store.js";
import { clientOf } from "./support/client.js";
import { contentOf } from "./support/content.js";
import { MemorySink } from "./support/sinks.js";

/** Backups of a store in memory: what is in them, what they cost, and what happens to several at once. */

const CANISTER = "aaaaa-aa";
const CHUNK = 65_536;

class Scene {
	readonly store = new MemoryStore();
	readonly context: ClientContext = this.store.context({ chunkBytes: CHUNK });
	readonly sink: MemorySink;

	private constructor(
		readonly repository: Repository,
		sink: MemorySink,
	) {
		this.sink = sink;
	}

	static async make(sink = new MemorySink()): Promise<Scene> {
		return new Scene(await Repository.init(sink), sink);
	}

	put(key: string, bytes: Uint8Array | string): PromiseLike<unknown> {
		const content = typeof bytes === "string" ? Buffer.from(bytes) : bytes;
		return startUpload(this.context, new Uint8Array(content), { key }).done;
	}

	delete(key: string) {
		return deleteBlob(this.context, key);
	}

	async backup(options: Partial<Parameters<typeof backup>[1]> = {}, repository = this.repository) {
		return backup(repository, { client: clientOf(this.store), canister: CANISTER, ...options });
	}

	/** What a snapshot holds, by key. */
	content(id: string, repository = this.repository): Promise<Record<string, string>> {
		return contentOf(repository, id);
	}
}

function deferred() {
	let resolve = () => {};
	const promise = new Promise<void>((done) => {
		resolve = done;
	});
	return { promise, resolve };
}

/** Another process in a scene, that falls asleep before certain requests to the sink. */
async function sleeperIn({ sink }: Scene, sleepsBefore: (method: string, name: string) => boolean) {
	const slept = deferred();
	const woken = deferred();
	const sleepy = new MemorySink(sink.objects);
	sleepy.before = async (method, name) => {
		if (!sleepsBefore(method, name)) return;
		slept.resolve();
		await woken.promise;
	};
	return { repository: await Repository.open(sleepy), slept: slept.promise, wake: woken.resolve };
}

/** All is written; what is left is to commit. */
const isCommit = (method: string, name: string) => method === "create" && name.startsWith("generations/");

const digest = (bytes: Uint8Array | string) => hex(sha256(Buffer.from(bytes)));

describe("a snapshot", () => {
	test("holds every blob, of no byte, one chunk and many, what is said of it, and the settings", async () => {
		const scene = await Scene.make();
		const many = pseudoBytes(6 * CHUNK + 5);
		await scene.put("empty", "");
		await scene.put("dir/small", "small");
		await scene.put("dir/many", many);
		await updateBlob(scene.context, "dir/small", { contentType: "text/x", replaceMetadata: { by: "me" } });
		await changeRole(scene.context, "blobs_grant_role", "2chl6-4hpzw-vqaaa-aaaaa-c", "writer");
		const { summary, snapshot } = await scene.backup({ tags: ["first"], wasmHash: "ab".repeat(32) });
		expect(summary).toMatchObject({
			canister: CANISTER,
			blobs: 3,
			bytes: many.length + 5,
			tags: ["first"],
			missing: 0,
		});
		expect(snapshot).toMatchObject({ method: "feed", settingsComplete: true, wasmHash: "ab".repeat(32) });
		expect(await scene.content(summary.id)).toEqual({
			empty: digest(""),
			"dir/small": digest("small"),
			"dir/many": digest(many),
		});
		const entries = [];
		for await (const entry of blobsIn(scene.repository, summary.id, { prefix: "dir/s" })) entries.push(entry);
		expect(entries).toMatchObject([{ key: "dir/small", contentType: "text/x", metadata: { by: "me" } }]);
		expect(await verify(scene.repository)).toMatchObject({ damages: 0, snapshots: 1 });
	});

	test("is of another store where its canister is another, and shares its bytes", async () => {
		const scene = await Scene.make();
		const bytes = pseudoBytes(3 * CHUNK);
		await scene.put("a", bytes);
		await scene.backup();
		const other = await Scene.make(new MemorySink());
		await other.put("prefix/b", bytes);
		const result = await backup(scene.repository, { client: clientOf(other.store), canister: "2vxsx-fae" });
		expect(result).toMatchObject({ fetchedBytes: 0, reusedBytes: bytes.length });
		expect(await scene.content(result.summary.id)).toEqual({ "prefix/b": digest(bytes) });
	});
});

describe("the next snapshot", () => {
	test("C45 has what was deleted no more; only what changed is fetched, though blobs were renamed and copied", async () => {
		const scene = await Scene.make();
		for (let index = 0; index < 40; index++)
			await scene.put(`blob-${index}`, pseudoBytes(1_000 + index, index + 1));
		const first = await scene.backup();
		await scene.delete("blob-3");
		await moveBlob(scene.context, "blobs_rename", "blob-4", "renamed");
		await moveBlob(scene.context, "blobs_copy", "blob-5", "copied");
		await updateBlob(scene.context, "blob-6", { contentType: "text/new" });
		await scene.put("blob-7", "new content");
		const { summary, fetchedBytes, changes } = await scene.backup();
		expect({ fetchedBytes, changes }).toEqual({ fetchedBytes: 11, changes: 6 });
		const found = [];
		for await (const each of differences(scene.repository, first.summary.id, summary.id)) found.push(each);
		expect(found).toEqual([
			{ key: "blob-3", change: "removed" },
			{ key: "blob-4", change: "removed" },
			{ key: "blob-6", change: "metadata" },
			{ key: "blob-7", change: "content" },
			{ key: "copied", change: "added" },
			{ key: "renamed", change: "added" },
		]);
		const content = await scene.content(summary.id);
		expect(content.renamed).toBe(digest(pseudoBytes(1_004, 5)));
		expect(Object.keys(content).length).toBe(40);
		// What the first has stays as it was.
		expect((await scene.content(first.summary.id))["blob-3"]).toBe(digest(pseudoBytes(1_003, 4)));
	});

	test("C46 of random histories equals a full one, page for page", async () => {
		const keys = ["a", "a/b", "c/d", "c/e", "f"];
		const step = fc.oneof(
			fc.record({
				type: fc.constant("put"),
				key: fc.constantFrom(...keys),
				seed: fc.integer({ min: 1, max: 5 }),
			}),
			fc.record({ type: fc.constant("delete"), key: fc.constantFrom(...keys), seed: fc.constant(0) }),
			fc.record({ type: fc.constant("backup"), key: fc.constant(""), seed: fc.constant(0) }),
			fc.record({ type: fc.constant("role"), key: fc.constant(""), seed: fc.integer({ min: 0, max: 1 }) }),
		);
		await fc.assert(
			fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (history) => {
				const scene = await Scene.make();
				const model: Record<string, string> = {};
				for (const { type, key, seed } of history) {
					if (type === "put") {
						const bytes = pseudoBytes(seed * 40_000, seed);
						await scene.put(key, bytes);
						model[key] = digest(bytes);
					} else if (type === "delete") {
						await scene.delete(key);
						delete model[key];
					} else if (type === "role") {
						const method = seed === 1 ? "blobs_grant_role" : "blobs_revoke_role";
						await changeRole(scene.context, method, "2chl6-4hpzw-vqaaa-aaaaa-c", "reader");
					} else await scene.backup();
				}
				// A lease is a change of the store, too.
				const last = await scene.backup({ hold: "feed" });
				const full = await scene.backup({ hold: "feed" }, await Repository.init(new MemorySink()));
				expect(await scene.content(last.summary.id)).toEqual(model);
				for (const tree of ["blobs", "settings"] as const)
					expect(last.snapshot[tree]).toEqual(full.snapshot[tree]);
				expect(last.snapshot.head).toBe(full.snapshot.head);
				expect(await verify(scene.repository)).toMatchObject({ damages: 0 });
			}),
			{ numRuns: 25 },
		);
	});

	test("C49 of a store that is written to all the time holds each write, in it or in the next", async () => {
		const scene = await Scene.make();
		for (let index = 0; index < 12; index++) await scene.put(`blob-${index}`, pseudoBytes(2_000, index + 1));
		let turn = 0;
		// While it fetches, what it was going to fetch is replaced and deleted.
		scene.store.hooks.before = async ({ method, nth }) => {
			if (method !== "blobs_leaves" || turn > 8) return;
			turn++;
			await scene.put(`blob-${(nth + 5) % 12}`, `replaced ${turn}`);
			await scene.delete(`blob-${(nth + 7) % 12}`);
		};
		const { summary, snapshot } = await scene.backup();
		scene.store.hooks = {};
		expect(turn).toBe(9);
		expect(snapshot.missingCount).toBe(0);
		// Exactly the store at that position of the feed.
		const model = new Map<string, string>();
		for await (const change of clientOf(scene.store).changes()) {
			if (change.sequence > BigInt(snapshot.sequence)) break;
			if (change.type === "published") model.set(change.manifest.key, hex(change.manifest.root));
			else if (change.type === "deleted") model.delete(change.key);
		}
		const roots = new Map<string, string>();
		for await (const { key, root } of blobsIn(scene.repository, summary.id)) roots.set(key, root);
		expect(roots).toEqual(new Map([...model].sort()));
		expect(await verify(scene.repository)).toMatchObject({ damages: 0 });
	});

	test("C44 of a store that was rolled back is refused, and on demand made by comparing lists", async () => {
		const scene = await Scene.make();
		await scene.put("a", "one");
		await scene.backup();
		await scene.put("b", "two");
		await scene.backup();
		// Another store under the same id: its feed has other heads.
		const fork = await Scene.make();
		await fork.put("a", "one");
		await fork.put("c", "three");
		await fork.put("d", "four");
		const client = clientOf(fork.store);
		await expect(scene.backup({ client })).rejects.toMatchObject({ code: "rolled_back" });
		expect((await scene.repository.snapshots()).length).toBe(2);
		const notes: string[] = [];
		const { summary, snapshot } = await scene.backup({
			client,
			acceptRollback: true,
			onNote: (text) => notes.push(text),
		});
		expect(snapshot.method).toBe("lists");
		expect(notes.join("\n")).toContain("rolled back or forked");
		expect(await scene.content(summary.id)).toEqual({
			a: digest("one"),
			c: digest("three"),
			d: digest("four"),
		});
	});
});

describe("no lock, no clock:", () => {
	const filled = async () => {
		const scene = await Scene.make();
		const context = scene.store.context({ chunkBytes: 700_000 });
		for (let index = 0; index < 6; index++)
			await startUpload(context, new Uint8Array(pseudoBytes(700_000, index + 1)), { key: `blob-${index}` })
				.done;
		return scene;
	};

	test("a backup that sleeps longer than any grace finds what was deleted, and writes it again", async () => {
		const scene = await filled();
		const notes: string[] = [];
		const { repository, slept, wake } = await sleeperIn(scene, isCommit);
		const made = scene.backup({ onNote: (text) => notes.push(text) }, repository);
		await slept;
		const first = await prune(scene.repository, { graceMs: 0 });
		expect(first.deleted).toBeGreaterThan(5);
		expect([...scene.sink.objects.keys()].filter((name) => /^(chunks|packs)/.test(name))).toEqual([]);
		wake();
		const { summary } = await made;
		expect(notes).toEqual([expect.stringContaining("it looks again")]);
		expect(await verify(scene.repository)).toMatchObject({ damages: 0, snapshots: 1 });
		expect(Object.keys(await scene.content(summary.id)).length).toBe(6);
	});

	test("what was only marked meanwhile is unmarked by the commit, and a later prune leaves it", async () => {
		const scene = await filled();
		const { repository, slept, wake } = await sleeperIn(scene, isCommit);
		const made = scene.backup({}, repository);
		await slept;
		expect((await prune(scene.repository)).marked).toBeGreaterThan(5);
		const before = scene.sink.written;
		wake();
		await made;
		expect(scene.sink.written - before).toBeLessThan(10_000);
		expect((await scene.repository.generations.latest()).marked).toEqual([]);
		expect(await prune(scene.repository, { graceMs: 0 })).toMatchObject({ deleted: 0 });
		expect(await verify(scene.repository)).toMatchObject({ damages: 0 });
	});

	test("a prune that sleeps between condemning and deleting destroys nothing that was written since", async () => {
		const scene = await filled();
		await scene.backup();
		await forget(scene.repository, { ids: (await scene.repository.snapshots()).map(({ id }) => id) });
		const { repository, slept, wake } = await sleeperIn(scene, (method) => method === "delete");
		const pruned = prune(repository, { graceMs: 0 });
		await slept;
		const { fetchedBytes } = await scene.backup();
		expect(fetchedBytes).toBe(6 * 700_000);
		wake();
		expect((await pruned).deleted).toBeGreaterThan(5);
		expect(await verify(scene.repository)).toMatchObject({ damages: 0, snapshots: 1 });
	});

	test("a prune under which indexes are merged looks again, and marks nothing that is needed", async () => {
		const scene = await filled();
		await scene.backup();
		const merging = new MemorySink(scene.sink.objects);
		let isMerged = false;
		merging.before = async (method, name) => {
			if (isMerged || method !== "get" || !name.startsWith("packs/")) return;
			isMerged = true;
			await scene.repository.refresh();
			await rewriteIndexes(scene.repository, scene.repository.index.segments, () => true);
		};
		expect(await prune(await Repository.open(merging))).toMatchObject({ marked: 0, deleted: 0 });
		expect(isMerged).toBe(true);
		expect((await scene.repository.generations.latest()).marked).toEqual([]);
	});

	test("backups, prunes and forgets of many processes at once leave every snapshot whole", async () => {
		const scene = await filled();
		await scene.backup();
		const process = async (index: number) => {
			const repository = await Repository.open(new MemorySink(scene.sink.objects), { writes: true });
			for (let turn = 0; turn < 3; turn++) {
				if (index % 3 === 0) await prune(repository, { graceMs: 0 });
				else if (index % 3 === 1) await scene.backup({ canister: `canister-${index}` }, repository);
				else await forget(repository, { keep: { last: 1 } });
			}
		};
		await Promise.all(Array.from({ length: 6 }, (_, index) => process(index)));
		const snapshots = await scene.repository.snapshots();
		expect(snapshots.length).toBeGreaterThanOrEqual(3);
		expect(await verify(scene.repository)).toMatchObject({ damages: 0 });
		await prune(scene.repository, { graceMs: 0 });
		expect(await verify(scene.repository)).toMatchObject({ damages: 0 });
	});
});

test("prune frees what only forgotten snapshots needed, and writes packs anew that are half empty", async () => {
	const scene = await Scene.make();
	for (let index = 0; index < 30; index++) await scene.put(`small-${index}`, pseudoBytes(20_000, index + 1));
	await scene.put("large", pseudoBytes(600_000, 99));
	await scene.backup();
	for (let index = 0; index < 25; index++) await scene.delete(`small-${index}`);
	await scene.delete("large");
	const { summary } = await scene.backup();
	expect(await prune(scene.repository, { graceMs: 0 })).toMatchObject({ deleted: 0, rewritten: 0 });
	const { forgotten } = await forget(scene.repository, { keep: { last: 1 } });
	expect(forgotten.length).toBe(1);
	const size = () => [...scene.sink.objects.values()].reduce((sum, { length }) => sum + length, 0);
	const before = size();
	const expected = await prune(scene.repository, { dryRun: true, graceMs: 0 });
	expect(expected.marked).toBeGreaterThan(0);
	expect(size()).toBe(before);
	const { rewritten, deletedBytes } = await prune(scene.repository, { graceMs: 0 });
	expect(rewritten).toBeGreaterThan(0);
	expect(deletedBytes).toBeGreaterThan(1_000_000);
	expect(size()).toBeLessThan(150_000);
	expect(Object.keys(await scene.content(summary.id)).length).toBe(5);
	expect(await verify(await Repository.open(scene.sink))).toMatchObject({ damages: 0 });
});

describe("verify finds and names by blob", () => {
	const made = async () => {
		const scene = await Scene.make();
		await scene.put("large", pseudoBytes(20 * CHUNK, 7));
		await scene.put("twin/a", "the same");
		await scene.put("twin/b", "the same");
		await scene.put("other", "other");
		await scene.backup();
		return scene;
	};
	const found = async (scene: Scene) => {
		const keys = new Set<string>();
		const reasons: string[] = [];
		const { damages } = await verify(await Repository.open(scene.sink), {
			onDamage: ({ key, reason }) => {
				if (key !== undefined) keys.add(key);
				reasons.push(reason);
			},
		});
		expect(damages).toBe(reasons.length);
		return { keys: [...keys].sort(), reasons };
	};
	const objects = (scene: Scene, start: string, holding: string) =>
		[...scene.sink.objects].filter(
			([name, bytes]) => name.startsWith(start) && Buffer.from(bytes).includes(holding),
		);

	interface PackedPage extends ItemForm {
		readonly sha: string;
		readonly bytes: Uint8Array;
	}
	interface PageIn {
		readonly pack: string;
		readonly sha: string;
		readonly items: readonly PackedPage[];
		readonly item: PackedPage;
	}
	/** A page in its pack, with all that stands there. */
	const pageIn = async (scene: Scene, sha: string): Promise<PageIn> => {
		const { index, sink } = await Repository.open(scene.sink);
		const [found] = await index.find(sha);
		const { object: pack } = found!.location;
		const bytes = scene.sink.objects.get(pack)!;
		const items = (await readPackTable(sink, pack, bytes.length)).map((item) => ({
			...item,
			sha: item.sha.toString("hex"),
			bytes: bytes.subarray(item.offset, item.offset + item.length),
		}));
		return { pack, sha, items, item: items.find((item) => item.sha === sha)! };
	};

	test("a flipped bit", async () => {
		const scene = await made();
		const [[, pack]] = objects(scene, "packs/", "the same") as [[string, Uint8Array]];
		pack[Buffer.from(pack).indexOf("the same")]! ^= 1;
		expect((await found(scene)).keys).toEqual(["twin/a", "twin/b"]);
	});

	test("a missing pack, a cut one, and a chunk in the place of another", async () => {
		const missing = await made();
		const [[name]] = objects(missing, "packs/", "the same") as [[string, Uint8Array]];
		missing.sink.objects.delete(name);
		expect((await found(missing)).keys).toEqual(["large", "other", "twin/a", "twin/b"]);
		const cut = await made();
		const [[cutName, bytes]] = objects(cut, "packs/", "the same") as [[string, Uint8Array]];
		cut.sink.objects.set(cutName, bytes.subarray(0, -1));
		expect((await found(cut)).keys).toEqual(["large", "other", "twin/a", "twin/b"]);
	});

	test("a swapped page, which no blob can be read by", async () => {
		const scene = await made();
		const { summary, snapshot } = await scene.backup();
		const blobs = await pageIn(scene, snapshot.blobs.root);
		const settings = await pageIn(scene, snapshot.settings.root);
		// The page of the settings where that of the blobs was, so that each still is a page of this repository.
		const swapped = blobs.items.map((item) =>
			item.sha === blobs.sha ? { ...settings.item, sha: item.sha } : item,
		);
		const parts = swapped.map((item) => ({ ...item, sha: Buffer.from(item.sha, "hex") }));
		scene.sink.objects.set(blobs.pack, encodePack(parts, Buffer.alloc(16)));
		const { reasons } = await found(scene);
		expect(reasons.length).toBeGreaterThan(0);
		const other = await Repository.open(scene.sink);
		await expect(contentOf(other, summary.id)).rejects.toMatchObject({ code: "item_missing" });
	});

	test("each bit of a whole small repository, in whatever object", async () => {
		const scene = await Scene.make();
		await scene.put("a", "some bytes");
		await scene.backup();
		for (const [name, original] of [...scene.sink.objects]) {
			// Of a generation that is not the newest, of a marker and of the date of the making nothing depends.
			for (let at = 0; at < original.length; at += 17) {
				const bytes = new Uint8Array(original);
				bytes[at]! ^= 4;
				scene.sink.objects.set(name, bytes);
				const damages = await Repository.open(scene.sink)
					.then((repository) => verify(repository))
					.then((result) => result.damages)
					.catch(() => 1);
				if (damages === 0) expect(name).toMatch(/^(repository\.json|generations\/)/);
				scene.sink.objects.set(name, original);
			}
		}
	});

	test("a part of the bytes at a time, all of them in t runs", async () => {
		const scene = await made();
		let bytes = 0;
		for (let part = 1; part <= 5; part++)
			bytes += (await verify(scene.repository, { read: { part, of: 5 } })).bytesRead;
		expect(bytes).toBe((await verify(scene.repository)).bytesRead);
		expect((await verify(scene.repository, { read: "none" })).bytesRead).toBe(0);
	});

	test("what the store certifies otherwise, and not what it changed since", async () => {
		const scene = await made();
		const client = clientOf(scene.store);
		expect(await verify(scene.repository, { client })).toMatchObject({
			damages: 0,
			sameAsStore: 4,
			changedSince: 0,
		});
		await scene.put("other", "changed");
		await scene.put("new", "new");
		expect(await verify(scene.repository, { client })).toMatchObject({
			damages: 0,
			sameAsStore: 3,
			changedSince: 2,
		});
		const other = await Scene.make();
		await other.put("large", "not what was backed up");
		expect(await verify(scene.repository, { client: clientOf(other.store) })).toMatchObject({ damages: 1 });
	});
});

describe("repair brings back", () => {
	const made = async () => {
		const scene = await Scene.make();
		await scene.put("many", pseudoBytes(6 * CHUNK, 7));
		await scene.put("a", "some bytes");
		await scene.put("b", "others");
		const { summary } = await scene.backup();
		const content = await scene.content(summary.id);
		return { scene, id: summary.id, content };
	};
	const flip = (scene: Scene, start: string) => {
		for (const [name, bytes] of scene.sink.objects) if (name.startsWith(start)) bytes[3]! ^= 1;
	};

	test("a chunk from the store, the sound items of its pack kept", async () => {
		const { scene, id, content } = await made();
		for (const [name, bytes] of scene.sink.objects)
			if (name.startsWith("packs/") && bytes.length > 100_000) bytes[100_000]! ^= 1;
		const client = clientOf(scene.store);
		expect((await verify(scene.repository)).damages).toBeGreaterThan(0);
		expect(await repair(scene.repository)).toMatchObject({ repaired: 0 });
		const opened = await Repository.open(scene.sink, { writes: true });
		expect(await repair(opened, { client })).toMatchObject({ repaired: 1, damages: 0 });
		expect(await verify(await Repository.open(scene.sink))).toMatchObject({ damages: 0 });
		expect(await scene.content(id, opened)).toEqual(content);
	});

	test("no page: it says what that is, and a backup writes it again once its snapshots are forgotten", async () => {
		const { scene, id } = await made();
		const { blobs } = await scene.repository.read(id);
		const { location } = (await scene.repository.index.find(blobs.root))[0]!;
		scene.sink.objects.get(location.object)![location.offset + 20]! ^= 1;
		const client = clientOf(scene.store);
		const opened = await Repository.open(scene.sink, { writes: true });
		const left: [string | undefined, string][] = [];
		const result = await repair(opened, {
			client,
			onDamage: ({ sha256, reason }) => left.push([sha256, reason]),
		});
		expect(result.damages).toBe(1);
		expect(left).toEqual([
			[blobs.root, expect.stringMatching(/^a page of a tree: .*; .*forget the snapshots .* back up again$/)],
		]);
		await scene.put("c", "more");
		await expect(scene.backup({}, opened)).rejects.toMatchObject({ code: "item_missing" });
		await forget(opened, { ids: [id] });
		const { summary } = await scene.backup({}, opened);
		expect(summary.blobs).toBe(4);
		expect(await verify(await Repository.open(scene.sink))).toMatchObject({ damages: 0 });
	});

	test("everything from another repository, and all indexes from packs", async () => {
		const { scene, id, content } = await made();
		const copy = new MemorySink(
			new Map([...scene.sink.objects].map(([name, bytes]) => [name, new Uint8Array(bytes)])),
		);
		flip(scene, "packs/");
		flip(scene, "index/");
		await expect(Repository.open(scene.sink)).rejects.toMatchObject({ code: "repository_damaged" });
		expect(await dropDamagedIndexes(scene.sink)).toBeGreaterThan(0);
		const opened = await Repository.open(scene.sink, { writes: true });
		expect(await repair(opened, { from: await Repository.open(copy) })).toMatchObject({ damages: 0 });
		expect(await scene.content(id, opened)).toEqual(content);
		expect(await verify(await Repository.open(scene.sink))).toMatchObject({ damages: 0 });
	});
});

describe("restore", () => {
	let folder: string;
	beforeAll(async () => {
		folder = await mkdtemp(join(tmpdir(), "canister-blobs-restore-"));
	});
	afterAll(() => rm(folder, { recursive: true, force: true }));

	test("makes files; again nothing; overwrites only when told to; a prefix; an owner; a dry run", async () => {
		const scene = await Scene.make();
		await scene.put("a/b/c.bin", pseudoBytes(4 * CHUNK + 1));
		await scene.put("empty", "");
		const { summary } = await scene.backup();
		const target = join(folder, "plain");
		const run = (options = {}) => restore(scene.repository, summary.id, target, options);
		expect(await run({ dryRun: true })).toMatchObject({ restored: 2 });
		await expect(readdir(target)).rejects.toThrow("ENOENT");
		expect(await run()).toMatchObject({ restored: 2, failed: 0, missing: 0, bytes: 4 * CHUNK + 1 });
		expect(Buffer.compare(await readFile(join(target, "a/b/c.bin")), pseudoBytes(4 * CHUNK + 1))).toBe(0);
		expect(await readdir(join(target, "a/b"))).toEqual(["c.bin"]);
		expect(await run()).toMatchObject({ restored: 0, unchanged: 2 });
		await writeFile(join(target, "empty"), "mine");
		expect(await run()).toMatchObject({ unchanged: 1, failed: 1 });
		expect(await readFile(join(target, "empty"), "utf8")).toBe("mine");
		expect(await run({ overwrite: true })).toMatchObject({ replaced: 1, failed: 0 });
		expect(await run({ prefix: "a/" })).toMatchObject({ unchanged: 1 });
		expect(await run({ owner: "2vxsx-fae" })).toMatchObject({ unchanged: 0, failed: 0 });
	});

	test("C48 goes on where it was killed, at whatever chunk, and ends right", async () => {
		const scene = await Scene.make();
		await scene.put("file", pseudoBytes(10 * CHUNK));
		const { summary } = await scene.backup();
		for (let chunk = 0; chunk < 10; chunk++) {
			const target = join(folder, `killed-${chunk}`);
			let reads = 0;
			let isDead = false;
			const dying = new MemorySink(scene.sink.objects);
			dying.before = (method, name) => {
				if (isDead || (method === "get" && name.startsWith("packs/") && reads++ > chunk)) {
					isDead = true;
					throw new Error("killed");
				}
			};
			const repository = await Repository.open(dying);
			await restore(repository, summary.id, target).catch(() => {});
			expect(await restore(scene.repository, summary.id, target)).toMatchObject({ failed: 0 });
			expect(Buffer.compare(await readFile(join(target, "file")), pseudoBytes(10 * CHUNK))).toBe(0);
			expect(await readdir(target)).toEqual(["file"]);
		}
	});

	test("of a key and one below it makes a file of one, and leaves nothing of the other", async () => {
		const scene = await Scene.make();
		await scene.put("a", pseudoBytes(40 * CHUNK));
		await scene.put("a/b", "below");
		const { summary } = await scene.backup();
		const target = join(folder, "below");
		expect(await restore(scene.repository, summary.id, target)).toMatchObject({ restored: 1, failed: 1 });
		const files = (await readdir(target, { recursive: true, withFileTypes: true })).filter((each) =>
			each.isFile(),
		);
		expect(files.map(({ name }) => name)).toEqual([expect.not.stringMatching(/part$/)]);
	});

	test("never leaves its directory, though a link would lead it out", async () => {
		const scene = await Scene.make();
		await scene.put("out/file", "secret");
		await scene.put("fine", "fine");
		const { summary } = await scene.backup();
		const target = join(folder, "linked");
		const outside = await mkdtemp(join(folder, "outside-"));
		await restore(scene.repository, summary.id, target, { prefix: "fine" });
		await symlink(outside, join(target, "out"));
		const failed: string[] = [];
		const result = await restore(scene.repository, summary.id, target, {
			overwrite: true,
			onFile: ({ key, reason }) => reason && failed.push(key),
		});
		expect(failed).toEqual(["out/file"]);
		expect(result).toMatchObject({ failed: 1, unchanged: 1 });
		expect(await readdir(outside)).toEqual([]);
	});
});

test("C48 a backup killed at every write goes on, and fetches nothing again that was written alone", async () => {
	const content = pseudoBytes(8 * 600_000, 3);
	let kept = 0;
	for (let at = 0; at < 24; at++) {
		const scene = await Scene.make();
		await startUpload(scene.store.context({ chunkBytes: 600_000 }), new Uint8Array(content), {
			key: "large",
		}).done;
		await scene.put("small", "small");
		let writes = 0;
		let isDead = false;
		const dying = new MemorySink(scene.sink.objects);
		dying.before = (method) => {
			if (isDead || ((method === "put" || method === "create") && writes++ >= at)) {
				isDead = true;
				throw new Error("killed");
			}
		};
		await scene.backup({}, await Repository.open(dying)).catch(() => {});
		const written = [...scene.sink.objects.keys()].filter((name) => name.startsWith("chunks/")).length;
		const { summary, reusedBytes } = await scene.backup();
		const isMade = (await scene.repository.snapshots()).length === 2;
		if (!isMade) expect(reusedBytes).toBeGreaterThanOrEqual(written * 600_000);
		kept = Math.max(kept, written);
		expect(await scene.content(summary.id)).toEqual({ large: digest(content), small: digest("small") });
		expect(await verify(scene.repository)).toMatchObject({ damages: 0 });
	}
	expect(kept).toBe(8);
});

test("a feed that was pruned is replaced by lists, which it says; settings come along where they may be read", async () => {
	const scene = await Scene.make();
	for (let index = 0; index < 5; index++) await scene.put(`blob-${index}`, `content ${index}`);
	await setQuota(scene.context, "2chl6-4hpzw-vqaaa-aaaaa-c", undefined);
	await scene.backup();
	await scene.put("blob-1", "changed");
	await scene.delete("blob-2");
	await changeRole(scene.context, "blobs_grant_role", "2chl6-4hpzw-vqaaa-aaaaa-c", "reader");
	const client = clientOf(scene.store);
	const changes = client.changes.bind(client);
	let isFirst = true;
	client.changes = async function* (options) {
		if (isFirst) {
			isFirst = false;
			throw new CanisterError({ cursor_pruned: { first: 7n } });
		}
		yield* changes(options);
	};
	const notes: string[] = [];
	const { summary, snapshot } = await scene.backup({ client, onNote: (text) => notes.push(text) });
	expect(snapshot).toMatchObject({ method: "lists", settingsComplete: true });
	expect(notes).toEqual([expect.stringContaining("reaches back to change 7 only")]);
	expect(await scene.content(summary.id)).toEqual({
		"blob-0": digest("content 0"),
		"blob-1": digest("changed"),
		"blob-3": digest("content 3"),
		"blob-4": digest("content 4"),
	});
});
