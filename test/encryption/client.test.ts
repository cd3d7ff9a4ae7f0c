import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import { generateIdentity, identityToRecipient } from "age-encryption";
import { type BlobClient, toFile } from "canister-blobs/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encrypted, newKeyFile } from "../../examples/readme/encrypt.js";
import { Encryption, MasterKey } from "../../src/encryption/index.js";
import { pseudoBytes } from "../client/support/memory-store.js";
import { CHUNK, openScene, type Scene } from "../http/served.js";

const secret = Buffer.from("a sentence that nobody is to see. ".repeat(6_000));
const master = MasterKey.of(pseudoBytes(32, 11));

let scene: Scene;
let client: BlobClient;
let directory: string;
beforeAll(async () => {
	scene = await openScene();
	directory = await mkdtemp(join(tmpdir(), "blobs-encrypted-"));
	const identity = Ed25519KeyIdentity.generate();
	await scene.owner.admin.grantRole(identity.getPrincipal(), "writer");
	const encryption = await Encryption.of({ masterKey: await master, names: true });
	client = await scene.client(identity, { encryption });
});
afterAll(async () => {
	await scene.dispose();
	await rm(directory, { recursive: true });
});

const all = async <T>(items: AsyncIterable<T>) => {
	const found: T[] = [];
	for await (const item of items) found.push(item);
	return found;
};
const keysOf = async (from: BlobClient, options = {}) =>
	(await all(from.list({ visibility: "public", ...options })))
		.map((entry) => (entry.type === "blob" ? entry.blob.key : entry.path))
		.sort();
const same = (a: Uint8Array, b: Uint8Array) => expect(Buffer.compare(a, b)).toBe(0);
const open = { visibility: "public" } as const;

describe("C122 a client with an encryption works as one without", () => {
	test("what it stores it lists, by directories and by beginnings of names, and the store knows no name", async () => {
		for (const key of ["films/holiday.mp4", "films/home.mp4", "films/old/first.mp4", "notes.txt"])
			await client.upload(Buffer.from(key), { key, ...open, contentType: "text/plain" }).done;
		expect(await keysOf(client)).toEqual([
			"films/holiday.mp4",
			"films/home.mp4",
			"films/old/first.mp4",
			"notes.txt",
		]);
		expect(await keysOf(client, { recursive: false })).toEqual(["films/", "notes.txt"]);
		expect(await keysOf(client, { prefix: "films/", recursive: false })).toEqual([
			"films/holiday.mp4",
			"films/home.mp4",
			"films/old/",
		]);
		expect(await keysOf(client, { prefix: "films/ho" })).toEqual(["films/holiday.mp4", "films/home.mp4"]);
		const stored = await keysOf(scene.anonymous);
		expect(stored).toHaveLength(4);
		expect(stored.join()).not.toMatch(/films|holiday|notes/);
		expect(await client.stat("notes.txt")).toMatchObject({
			key: "notes.txt",
			size: 9,
			contentType: "text/plain",
		});
	});

	test("changes keep what opens a blob: another type, another name, a copy, a batch", async () => {
		await client.upload(secret, { key: "a/one", ...open, metadata: { author: "ann" } }).done;
		const updated = await client.update("a/one", { contentType: "text/html" });
		expect(updated).toMatchObject({ key: "a/one", contentType: "text/html", metadata: { author: "ann" } });
		expect(await client.rename("a/one", "b/two")).toMatchObject({ key: "b/two", size: secret.length });
		expect(await client.copy("b/two", "c")).toMatchObject({ key: "c", contentType: "text/html" });
		const prepared = await client.prepareUpload(secret, { key: "d/prepared", ...open }).done;
		const made = await client.batch([
			{ type: "commit", upload: prepared },
			{ type: "put", key: "d/put", source: secret.subarray(0, 100), visibility: "public" },
			{ type: "rename", from: "c", to: "d/renamed" },
			{ type: "update", key: "b/two", visibility: "public" },
		]);
		expect(made.map(({ key }) => key)).toEqual(["d/prepared", "d/put", "d/renamed", "b/two"]);
		for (const key of ["d/prepared", "d/renamed", "b/two"]) same(await client.download(key).bytes(), secret);
		same(await client.download("d/put").bytes(), secret.subarray(0, 100));
		await expect(client.batch([{ type: "update", key: "d/put", contentType: "a/b" }])).rejects.toMatchObject({
			code: "option_invalid",
		});
		const { items } = await client.deleteMany(["d/put", "d/prepared"]).done;
		expect(items.map(({ key }) => key)).toEqual(["d/put", "d/prepared"]);
		await client.delete("d/renamed");
		expect(await keysOf(client, { prefix: "d/" })).toEqual([]);
	});

	test("the feed and what was deleted show names and types, for who has the key alone", async () => {
		await scene.owner.admin.setKeepDeleted(1);
		const identity = Ed25519KeyIdentity.generate();
		await scene.owner.admin.grantRole(identity.getPrincipal(), "admin");
		await scene.owner.admin.grantRole(identity.getPrincipal(), "writer");
		const encryption = await Encryption.of({ masterKey: await master, names: true });
		const opening = await scene.client(identity, { encryption });
		const after = await opening.latestCursor();
		await client.upload(secret, { key: "kept/one", ...open, contentType: "text/html" }).done;
		await client.delete("kept/one");
		const feed = async (from: BlobClient) =>
			(await all(from.changes({ after }))).flatMap((change) =>
				change.type === "published"
					? [["published", change.manifest.key, change.manifest.contentType, change.manifest.size]]
					: change.type === "deleted"
						? [["deleted", change.key]]
						: [],
			);
		expect(await feed(opening)).toEqual([
			["published", "kept/one", "text/html", secret.length],
			["deleted", "kept/one"],
		]);
		expect(JSON.stringify(await feed(scene.owner))).not.toMatch(/kept|html/);
		const [deleted, ...more] = await all(client.listDeleted({ prefix: "kept/o" }));
		expect([deleted?.key, deleted?.manifest.contentType, more]).toEqual(["kept/one", "text/html", []]);
		expect(await all(client.listDeleted({ prefix: "kept/two" }))).toEqual([]);
		expect(await client.restore(deleted!)).toMatchObject({ key: "kept/one", contentType: "text/html" });
		same(await client.download("kept/one").bytes(), secret);
		await client.delete("kept/one");
		for (const each of await all(opening.listDeleted({ prefix: "kept/" }))) await opening.admin.purge(each);
		expect(await all(client.listDeleted({ prefix: "kept/" }))).toEqual([]);
		await scene.owner.admin.setKeepDeleted(0);
	});

	test("a download becomes a file, and a manifest is a reference to it", async () => {
		const manifest = await client.upload(secret, { key: "file", ...open }).done;
		const path = join(directory, "file");
		const { manifest: read } = await toFile(client.download("file"), path);
		expect(read).toMatchObject({ key: "file", size: secret.length });
		same(await readFile(path), secret);
		same(await client.download(manifest).bytes(), secret);
	});

	test("`encrypt: false` stores it as it is, under a sealed name", async () => {
		await client.upload(secret, { key: "plain", ...open, encrypt: false }).done;
		same(await client.download("plain").bytes(), secret);
		const stored = (await all(scene.anonymous.list({ visibility: "public" }))).filter(
			(entry) => entry.type === "blob" && entry.blob.size === secret.length,
		);
		expect(stored).toHaveLength(1);
	});
});

test("the example of ENCRYPTION.md seals and opens", async () => {
	const identity = await generateIdentity();
	const keyFile = await newKeyFile(await identityToRecipient(identity));
	const { agent, canisterId } = scene.fixture;
	const film = pseudoBytes(2_500_000);
	const part = await encrypted({ agent, canisterId }, keyFile, identity, film);
	same(part, film.subarray(1_000_000, 2_000_000));
	expect(keyFile).not.toContain(identity);
});

describe("C123 a server opens blobs when it has the key", () => {
	test("whole, by range and with their type; nothing of it is kept on disk", async () => {
		await client.upload(secret, { key: "served/page.txt", ...open, contentType: "text/plain" }).done;
		const encryption = await Encryption.of({ masterKey: await master, names: true });
		const cache = { directory: join(directory, "cache"), maxBytes: 1e9 };
		const served = await scene.serve({ client: await scene.client(undefined, { encryption }), cache });
		const whole = await served.ask("GET", "/served/page.txt");
		expect(whole).toMatchObject({ status: 200, headers: { "content-type": "text/plain" } });
		same(whole.body, secret);
		const from = CHUNK - 20;
		const part = await served.ask("GET", "/served/page.txt", { Range: `bytes=${from}-${from + 99}` });
		expect(part).toMatchObject({
			status: 206,
			headers: { "content-range": `bytes ${from}-${from + 99}/${secret.length}` },
		});
		same(part.body, secret.subarray(from, from + 100));
		expect(await served.ask("GET", "/films/none")).toMatchObject({ status: 404 });
		await served.handler.settle();
		for (const file of await readdir(cache.directory, { recursive: true, withFileTypes: true }).catch(
			() => [],
		))
			if (file.isFile())
				expect(await readFile(join(file.parentPath, file.name), "latin1")).not.toContain("nobody");
		await served.stop();
	});

	test("without it there are sealed bytes, and no name is found", async () => {
		const served = await scene.serve();
		expect(await served.ask("GET", "/served/page.txt")).toMatchObject({ status: 404 });
		const encryption = await Encryption.of({ masterKey: await master, names: true });
		const sealed = await served.ask("GET", `/${encryption.sealKey("served/page.txt")}`);
		expect(sealed).toMatchObject({ status: 200, headers: { "content-type": "application/octet-stream" } });
		expect(sealed.body.toString("latin1")).not.toContain("nobody");
		await served.stop();
	});
});
