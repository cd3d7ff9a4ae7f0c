import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { generateIdentity, identityToRecipient } from "age-encryption";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { hex, sha256 } from "../../src/backup/format/names.js";
import {
	addKey,
	backup,
	checkSink,
	type Damage,
	differences,
	dropDamagedIndexes,
	forget,
	listKeys,
	prune,
	Repository,
	removeKey,
	repair,
	verify,
} from "../../src/backup/index.js";
import { ObjectNames } from "../../src/backup/sealing/object-names.js";
import { SealedSink } from "../../src/backup/sealing/sealed-sink.js";
import { PLAIN_BYTES, plainSize, SEGMENT_BYTES, Segments } from "../../src/backup/sealing/segments.js";
import { updateBlob } from "../../src/client/blobs/changing.js";
import { Download } from "../../src/client/download/download.js";
import { startUpload } from "../../src/client/upload/index.js";
import { Encryption, type KeyHolder, MasterKey } from "../../src/encryption/index.js";
import { MemoryStore, pseudoBytes } from "../client/support/memory-store.js";
import { clientOf } from "./support/client.js";
import { contentOf } from "./support/content.js";
import { MemorySink } from "./support/sinks.js";

/** Encrypted repositories, of a store in memory. */

const CANISTER = "aaaaa-aa";
const CHUNK = 524_288;

const FOR_ALL: KeyHolder = { passphrase: "five words of the test", logN: 14 };
const SECRETS = { passphrase: "five words of the test" };

async function sceneOf(sink = new MemorySink()) {
	const store = new MemoryStore();
	const context = store.context({ chunkBytes: CHUNK });
	const repository = await Repository.init(sink, { encryptFor: FOR_ALL });
	return {
		store,
		context,
		sink,
		repository,
		put: (key: string, bytes: Uint8Array) => startUpload(context, bytes, { key }),
		backup: (into = repository) => backup(into, { client: clientOf(store), canister: CANISTER }),
		open: (its = sink) => Repository.open(its, { secrets: SECRETS }),
	};
}

const digest = (bytes: Uint8Array) => hex(sha256(bytes));

describe("C117 an encrypted repository does what others do", () => {
	test("backs up, lists, reads, compares, forgets and prunes, in any process that has what opens it", async () => {
		const scene = await sceneOf();
		const [large, small] = [pseudoBytes(2 * CHUNK + 77, 1), Buffer.from("small")];
		await scene.put("dir/large", large).done;
		await scene.put("dir/small", new Uint8Array(small)).done;
		const first = (await scene.backup()).summary.id;
		await scene.put("dir/other", pseudoBytes(CHUNK, 2)).done;
		await updateBlob(scene.context, "dir/small", { replaceMetadata: { by: "me" } });
		const second = (await scene.backup(await scene.open())).summary.id;
		const another = await scene.open();
		expect(await contentOf(another, first)).toEqual({
			"dir/large": digest(large),
			"dir/small": digest(small),
		});
		const changes = [];
		for await (const { key, change } of differences(another, first, second)) changes.push([key, change]);
		expect(changes).toEqual([
			["dir/other", "added"],
			["dir/small", "metadata"],
		]);
		expect(await verify(another)).toMatchObject({ snapshots: 2, damages: 0 });
		await forget(another, { ids: [first] });
		await prune(another, { graceMs: 0 });
		await prune(await scene.open(), { graceMs: 0 });
		expect(await verify(await scene.open())).toMatchObject({ snapshots: 1, damages: 0 });
		expect(Object.keys(await contentOf(await scene.open(), second))).toHaveLength(3);
	});

	test("is refused without what opens it, with an error that says so", async () => {
		const { sink } = await sceneOf();
		await expect(Repository.open(sink)).rejects.toMatchObject({ code: "repository_encrypted" });
		await expect(Repository.open(sink, { secrets: async () => ({}) })).rejects.toMatchObject({
			code: "repository_encrypted",
		});
		await expect(Repository.open(sink, { secrets: { passphrase: "wrong" } })).rejects.toMatchObject({
			code: "key_file_locked",
		});
	});

	test("its sink does what every sink does", async () => {
		const objects = new Map<string, Uint8Array>();
		const master = await MasterKey.random();
		const results = await checkSink(() => SealedSink.of(new MemorySink(objects), master));
		expect(results.filter(({ error }) => error)).toEqual([]);
	});
});

test("C50 blobs that were encrypted before are backed up and restored sealed, by a client without the key", async () => {
	const scene = await sceneOf();
	const encryption = await Encryption.of({ masterKey: await MasterKey.random() });
	const sealing = scene.store.context({ chunkBytes: CHUNK, encryption });
	const text = "a sentence that nobody is to see. ".repeat(20_000);
	await startUpload(sealing, Buffer.from(text), { key: "sealed", contentType: "text/x-secret" }).done;
	const plain = new MemorySink();
	const repository = await Repository.init(plain);
	const { summary } = await backup(repository, { client: clientOf(scene.store), canister: CANISTER });
	for (const bytes of plain.objects.values()) {
		expect(Buffer.from(bytes).includes("a sentence that nobody")).toBe(false);
		expect(Buffer.from(bytes).includes("x-secret")).toBe(false);
	}
	const stored = await new Download(scene.store.context(), "sealed", {}).bytes();
	expect(await contentOf(repository, summary.id)).toEqual({ sealed: digest(stored) });
	// With the key it would read what it opens, whose hashes are others.
	const opening = { client: clientOf(scene.store, { encryption }), canister: CANISTER };
	await expect(backup(repository, opening)).rejects.toMatchObject({ code: "option_invalid" });
});

describe("C50 whoever sees an encrypted repository", () => {
	const secret = Buffer.from("a sentence that nobody is to see. ".repeat(40_000));
	let scene: Awaited<ReturnType<typeof sceneOf>>;
	beforeAll(async () => {
		scene = await sceneOf();
		await scene.put("clients/ann smith", new Uint8Array(secret)).done;
		await scene.put("clients/robert", new Uint8Array(secret.subarray(0, 1_000))).done;
		await scene.backup();
	});

	test("finds no plaintext, no key of a blob, and no hash of either, in names or in bytes", () => {
		const hashes = [0, CHUNK, 2 * CHUNK].map((at) => digest(secret.subarray(at, at + CHUNK)));
		const secrets = [
			"nobody is to see",
			"clients",
			"smith",
			"robert",
			CANISTER,
			"snapshot",
			"entries",
			"cbpack",
			"cbindex",
		];
		expect([...scene.sink.objects.keys()].filter((name) => name.startsWith("chunks/"))).toHaveLength(2);
		for (const [name, bytes] of scene.sink.objects) {
			const text = `${name} ${Buffer.from(bytes).toString("latin1")}`;
			for (const each of secrets) expect(text.includes(each), `${each} in ${name}`).toBe(false);
			for (const each of hashes) {
				expect(text.includes(each), name).toBe(false);
				expect(text.includes(Buffer.from(each, "hex").toString("latin1")), name).toBe(false);
			}
		}
	});

	test("cannot tell whether a certain content is there: another repository has other names for it", async () => {
		const other = await sceneOf();
		await other.put("clients/ann smith", new Uint8Array(secret)).done;
		await other.backup();
		const shared = [...other.sink.objects.keys()].filter((name) => scene.sink.objects.has(name));
		expect(shared.filter((name) => /^(chunks|packs|index|keys)\//.test(name))).toEqual([]);
	});

	test("and writes to the store learns nothing about other keys by the sizes of packs", async () => {
		const sizes = async (guess: string, isEncrypted: boolean) => {
			const { put, backup, sink } = await sceneOf();
			const plain = new MemorySink();
			await put("clients/ann smith", Uint8Array.of(1)).done;
			await put(`clients/guesses/${guess}`, Uint8Array.of(2)).done;
			await backup(isEncrypted ? undefined : await Repository.init(plain));
			const packs = [...(isEncrypted ? sink : plain).objects].filter(([name]) => name.startsWith("packs/"));
			return packs.map(([, { length }]) => length).sort((a, b) => a - b);
		};
		expect(await sizes("clients/ann smith", true)).toEqual(await sizes("Qk8zvW1p:xL0jYt3e", true));
		// What an attacker would measure where pages are compressed.
		expect(await sizes("clients/ann smith", false)).not.toEqual(await sizes("Qk8zvW1p:xL0jYt3e", false));
	});
});

describe("C118 what was changed in an encrypted repository is found", () => {
	let scene: Awaited<ReturnType<typeof sceneOf>>;
	let whole: Map<string, Uint8Array>;
	beforeAll(async () => {
		scene = await sceneOf();
		await scene.put("large", pseudoBytes(2 * CHUNK, 1)).done;
		for (let i = 0; i < 30; i++) await scene.put(`small/${i}`, pseudoBytes(6_000, i + 2)).done;
		await scene.backup();
		whole = scene.sink.objects;
	});

	/** What is damaged in a copy after a change to it. */
	async function damagesAfter(change: (objects: Map<string, Uint8Array>) => void) {
		const objects = new Map([...whole].map(([name, bytes]) => [name, new Uint8Array(bytes)]));
		change(objects);
		const sink = new MemorySink(objects);
		const damages: Damage[] = [];
		await dropDamagedIndexes(await SealedSink.of(sink, scene.repository.masterKey!));
		await verify(await scene.open(sink), { onDamage: (damage) => damages.push(damage) });
		return { sink, damages, keys: [...new Set(damages.flatMap(({ key }) => key ?? []))].sort() };
	}
	const namesIn = (folder: string) => [...whole.keys()].filter((name) => name.startsWith(folder));
	const flip = (objects: Map<string, Uint8Array>, name: string, at: number) => {
		const bytes = objects.get(name)!;
		bytes[at < 0 ? bytes.length + at : at]! ^= 1;
	};

	test.each(["chunks/", "packs/", "index/", "generations/"])(
		"one bit of an object in %s, wherever it is",
		async (folder) => {
			const name = namesIn(folder).at(-1)!;
			for (const at of [0, 40, -1]) {
				const outcome = await damagesAfter((objects) => flip(objects, name, at)).then(
					({ damages }) => damages.length,
					(error: { code: string }) => error.code,
				);
				expect(outcome, `${name} ${at}`).toSatisfy(
					(is: unknown) => is === "repository_damaged" || Number(is) > 0,
				);
			}
		},
	);

	test("a flipped bit of a pack damages the blobs in its segment alone; repair brings them back", async () => {
		const other = new MemorySink(new Map(whole));
		const pack = namesIn("packs/").sort((a, b) => whole.get(b)!.length - whole.get(a)!.length)[0]!;
		const { sink, keys } = await damagesAfter((objects) => flip(objects, pack, SEGMENT_BYTES + 500));
		expect(keys.length).toBeGreaterThan(5);
		expect(keys.length).toBeLessThan(20);
		const repaired = await repair(await scene.open(sink), { from: await scene.open(other) });
		expect(repaired).toMatchObject({ damages: 0 });
		expect(await verify(await scene.open(sink))).toMatchObject({ damages: 0 });
	});

	test("an object that was cut, also where a segment ends, exchanged for another, or put under another name", async () => {
		const [first, second] = namesIn("chunks/") as [string, string];
		const CHANGES: ((objects: Map<string, Uint8Array>) => void)[] = [
			(objects) => objects.set(first, objects.get(first)!.slice(0, -1)),
			(objects) => objects.set(first, objects.get(first)!.slice(0, 2 * SEGMENT_BYTES)),
			(objects) => objects.set(first, Buffer.concat([objects.get(first)!, objects.get(second)!])),
			(objects) => objects.set(first, objects.get(second)!),
			(objects) => objects.delete(first),
			(objects) => {
				const bytes = objects.get(first)!;
				const swapped = Buffer.concat([
					bytes.subarray(SEGMENT_BYTES, 2 * SEGMENT_BYTES),
					bytes.subarray(0, SEGMENT_BYTES),
					bytes.subarray(2 * SEGMENT_BYTES),
				]);
				objects.set(first, swapped);
			},
		];
		for (const [index, change] of CHANGES.entries())
			expect((await damagesAfter(change)).keys, `change ${index}`).toEqual(["large"]);
	});
});

describe("C51 no pair of key and nonce seals two objects", () => {
	/** Salts of all objects that were ever written, and those that two of them have. */
	function recorded() {
		const seen = new Map<string, string>();
		const repeated: string[] = [];
		const sink = new MemorySink();
		const record = (name: string, bytes: Uint8Array) => {
			if (name === "repository.json" || name.startsWith("keys/")) return;
			const salt = hex(bytes.subarray(0, 31));
			const of = createHash("sha256").update(bytes).digest("hex");
			if (seen.has(salt) && seen.get(salt) !== of) repeated.push(name);
			seen.set(salt, of);
		};
		const [put, create] = [sink.put.bind(sink), sink.create.bind(sink)];
		sink.put = (name, bytes) => {
			record(name, bytes);
			return put(name, bytes);
		};
		sink.create = (name, bytes) => {
			record(name, bytes);
			return create(name, bytes);
		};
		return { sink, seen, repeated, record };
	}

	test("over backups, some of them at once, forgetting, pruning and repair; and the recorder finds one that does", async () => {
		const { sink, seen, repeated, record } = recorded();
		const scene = await sceneOf(sink);
		for (let round = 0; round < 3; round++) {
			for (let i = 0; i < 5; i++)
				await scene.put(`f/${i}`, pseudoBytes(i === 0 ? CHUNK : 3_000, 10 * round + i)).done;
			await Promise.all([scene.backup(), scene.backup(await scene.open())]);
			await forget(await scene.open(), { keep: { last: 1 } });
			await prune(await scene.open(), { graceMs: 0 });
		}
		await repair(await scene.open());
		expect(seen.size).toBeGreaterThan(30);
		expect(repeated).toEqual([]);
		const salt = Buffer.alloc(31, 1);
		record("packs/x", Buffer.concat([salt, Buffer.from("one")]));
		record("packs/y", Buffer.concat([salt, Buffer.from("two")]));
		expect(repeated).toEqual(["packs/y"]);
	});
});

describe("C121 keys of a repository", () => {
	test("are added, removed and changed without an object's being written anew", async () => {
		const { sink, repository, open } = await sceneOf();
		const identity = await generateIdentity();
		const sealed = () =>
			[...sink.objects]
				.filter(([name]) => !name.startsWith("keys/"))
				.map(([name, bytes]) => [name, digest(bytes)]);
		const before = sealed();
		const [first] = await listKeys(sink);
		await expect(removeKey(sink, first!.id)).rejects.toMatchObject({ code: "key_slot_last" });
		const recipient = await identityToRecipient(identity);
		const added = await addKey(sink, repository.masterKey!, { recipient, note: "in the safe" });
		expect(await listKeys(sink)).toHaveLength(2);
		await removeKey(sink, first!.id.slice(0, 6));
		expect(await listKeys(sink)).toEqual([added]);
		expect(sealed()).toEqual(before);
		await expect(open()).rejects.toMatchObject({ code: "key_file_locked" });
		const opened = await Repository.open(sink, { secrets: { identities: [identity] } });
		expect(opened.masterKey?.id).toBe(repository.masterKey?.id);
		await expect(removeKey(sink, "")).rejects.toMatchObject({ code: "key_slot_not_found" });
	});

	test("two that each remove what the other left leave one", async () => {
		const { sink, repository } = await sceneOf();
		const second = await addKey(sink, repository.masterKey!, { passphrase: "another", logN: 14 });
		const first = (await listKeys(sink)).find(({ id }) => id !== second.id)!;
		await Promise.allSettled([removeKey(sink, first.id), removeKey(sink, second.id)]);
		expect((await listKeys(sink)).length).toBeGreaterThan(0);
	});

	test("of another repository open nothing", async () => {
		const [one, two] = [await sceneOf(), await sceneOf()];
		for (const [name, bytes] of [...one.sink.objects])
			if (name.startsWith("keys/")) {
				two.sink.objects.set(name, bytes);
				one.sink.objects.delete(name);
			}
		expect((await two.open()).masterKey?.id).toBe(two.repository.masterKey?.id);
		await expect(one.open()).rejects.toMatchObject({ code: "repository_damaged" });
	});
});

describe("C120 a second implementation makes the same", () => {
	const vectors = JSON.parse(
		readFileSync(join(import.meta.dirname, "../encryption/vectors/vectors.json"), "utf8"),
	) as {
		master: string;
		objects: { name: string; size: number; sealedSize: number; sealed: string }[];
		objectNames: [string, string][];
	};
	const master = () => MasterKey.of(Buffer.from(vectors.master, "hex"));
	const plaintext = (size: number) =>
		Uint8Array.from({ length: size }, (_, at) => (7 * at + Math.floor(at / 251)) % 256);

	test("names of objects", async () => {
		const names = new ObjectNames(await (await master()).derive("object names", 64));
		for (const [name, sealed] of vectors.objectNames) {
			expect(names.seal(name)).toBe(sealed);
			expect(names.open(sealed)).toBe(name);
		}
		expect(
			names.open(vectors.objectNames[0]![1].replace(/.$/, (digit) => (digit === "0" ? "1" : "0"))),
		).toBeUndefined();
	});

	test("objects are opened", async () => {
		const segments = new Segments(await (await master()).derive("objects", 32));
		for (const { name, size, sealedSize, sealed } of vectors.objects) {
			const bytes = Buffer.from(sealed, "base64url");
			expect(bytes).toHaveLength(sealedSize);
			expect(plainSize(sealedSize)).toBe(size);
			const opened = segments.open(name, 0, bytes, true);
			expect(Buffer.compare(Buffer.concat(opened as Buffer[]), plaintext(size))).toBe(0);
		}
	});
});

test("any range of an object of any length is read, by whole segments and one byte", async () => {
	const sink = new MemorySink();
	const sealed = await SealedSink.of(sink, await MasterKey.random());
	const sizes = fc.oneof(
		fc.integer({ min: 1, max: 300 }),
		fc.constantFrom(-1, 0, 1, PLAIN_BYTES).map((by) => 2 * PLAIN_BYTES + by),
	);
	await fc.assert(
		fc.asyncProperty(sizes, fc.nat(3 * PLAIN_BYTES), fc.nat(3 * PLAIN_BYTES), async (size, start, length) => {
			const bytes = pseudoBytes(size, size);
			await sealed.put("runs/x", bytes);
			expect(await sealed.size("runs/x")).toBe(size);
			const got = await sealed.get("runs/x", start, length);
			expect(Buffer.compare(got!, bytes.subarray(start, start + length))).toBe(0);
		}),
		{ numRuns: 100, seed: 50 },
	);
});
