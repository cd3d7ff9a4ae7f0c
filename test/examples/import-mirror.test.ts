import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { IDL } from "@dfinity/candid";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { planPaths } from "../../examples/mirror/paths.js";
import { deployCanister } from "../../examples/support/deploy.js";
import type { Middleware } from "../../src/localnet/index.js";
import { METHODS, MIN_CHUNK_BYTES, manifests, type WireManifest } from "../../src/protocol/index.js";
import { assemble } from "../localnet/support/wat.js";
import { idlOf } from "../support/idl.js";
import { newId, ok, openStore, publication, rootOf, type StoreFixture } from "../support/store.js";
import { bundleForTests, contents, type Outcome, put, runScript, type Start } from "./support/scripts.js";

/**
 * The two scripts as their users run them: processes of their own, against a network over HTTP. One test starts them
 * from their sources, on a network that signs by BLS; the others bundled once, where signatures cost nothing.
 */

const IMPORT = "examples/import/import-directory.ts";
const MIRROR = "examples/mirror/mirror.ts";
/** From its source a script takes a second or two to start. */
const TIMEOUT_MS = 180_000;
/** Three chunks of the default size. */
const LARGE = 2 * 2_080_768 + 5;

vi.setConfig({ testTimeout: TIMEOUT_MS });

let fixture: StoreFixture;
/** The bundles, by the paths of the scripts. */
const bundles = new Map<string, string>();
let built: string;
let folder: string;
let keyFile: string;
/** Chunks that the store was asked for. */
let chunksRead = 0;
let signer: Ed25519KeyIdentity;
/** Stands between the scripts and the network. */
const direct: Middleware = (request, next) => next(request);
let between = direct;

beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "canister-blobs-scripts-"));
	const { privateKey } = generateKeyPairSync("ed25519");
	keyFile = join(folder, "key.pem");
	await writeFile(keyFile, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
	const { d } = privateKey.export({ format: "jwk" });
	signer = Ed25519KeyIdentity.fromSecretKey(new Uint8Array(Buffer.from(d!, "base64url")));
	built = await mkdtemp(join(tmpdir(), "canister-blobs-bundles-"));
	for (const script of [IMPORT, MIRROR]) bundles.set(script, await bundleForTests(script, built));
	fixture = await openStore({
		middleware: (request, next) => between(request, next),
		onMessage: ({ method }) => {
			if (method === "blobs_get_chunk") chunksRead++;
		},
	});
	const grant = { id: newId(), who: signer.getPrincipal(), role: { writer: null } };
	ok(await fixture.store.blobs_grant_role(grant));
});
afterAll(async () => {
	await fixture?.dispose();
	for (const made of [folder, built]) await rm(made, { recursive: true, force: true });
});
afterEach(async () => {
	for (const name of await readdir(folder))
		if (name !== "key.pem") await rm(join(folder, name), { recursive: true });
});

const run = (script: string, args: readonly string[], start: Partial<Start> = {}): Promise<Outcome> =>
	runScript(args, {
		canister: fixture.canisterId.toText(),
		host: fixture.network.url,
		key: keyFile,
		started: [bundles.get(script)!],
		...start,
	});

const large = randomBytes(LARGE);
const FILES = {
	"readme.txt": "hello",
	empty: "",
	"photos/2026/large.bin": large,
	"photos/2026/small.bin": randomBytes(70_000),
	"Übergröße/漢字 🎉.txt": "unicode",
};

test("started from their sources, on a network that signs by BLS, they take a file up and down", async () => {
	const signed = await openStore({ signatures: "bls" });
	try {
		const grant = { id: newId(), who: signer.getPrincipal(), role: { writer: null } };
		ok(await signed.store.blobs_grant_role(grant));
		const [source, mirror] = [join(folder, "source"), join(folder, "mirror")];
		await put(source, { "a/file": randomBytes(3_000) });
		for (const [script, directory] of [
			[IMPORT, source],
			[MIRROR, mirror],
		] as const) {
			const { url: host } = signed.network;
			const canister = signed.canisterId.toText();
			const started = ["--import", "tsx", script];
			const outcome = await run(script, [directory], { canister, host, started });
			expect(outcome, script).toMatchObject({ code: 0 });
		}
		expect(await contents(mirror)).toEqual(await contents(source));
	} finally {
		await signed.dispose();
	}
});

test("a directory goes up and comes down; a second time nothing does; a change is one file, a removal too", async () => {
	const source = join(folder, "source");
	const mirror = join(folder, "mirror");
	await put(source, FILES);
	const size = Object.values(FILES).reduce((sum, file) => sum + Buffer.byteLength(file), 0);

	const first = await run(IMPORT, [source, "--prefix", "backup/"]);
	expect(first).toMatchObject({
		code: 0,
		summary: `5 uploaded, 0 updated, 0 unchanged, 0 skipped, 0 failed, ${size} bytes sent`,
	});
	expect((await run(IMPORT, [source, "--prefix", "backup"])).summary).toBe(
		"0 uploaded, 0 updated, 5 unchanged, 0 skipped, 0 failed, 0 bytes sent",
	);

	const mirrored = (await run(MIRROR, [mirror, "--prefix", "backup"])).summary;
	expect(mirrored).toBe(
		`5 fetched, 0 damaged and fetched anew, 0 unchanged, 0 removed, 0 failed, ${size} bytes`,
	);
	expect(await contents(mirror)).toEqual(await contents(source));
	const unchanged = "0 fetched, 0 damaged and fetched anew, 5 unchanged, 0 removed, 0 failed, 0 bytes";
	const before = chunksRead;
	expect((await run(MIRROR, [mirror, "--prefix", "backup"])).summary).toBe(unchanged);
	expect((await run(MIRROR, [mirror, "--prefix", "backup", "--verify"])).summary).toBe(unchanged);
	// Nor is anything fetched where only the index is lost.
	await rm(join(mirror, ".canister-blobs/index.json"));
	expect((await run(MIRROR, [mirror, "--prefix", "backup"])).summary).toBe(unchanged);
	expect(chunksRead).toBe(before);

	// An attempt that was cut off has left this, of a blob that is no more.
	await put(mirror, { ".canister-blobs/0123.part": "part" });
	const changed = Buffer.from(large);
	changed[LARGE - 1]! ^= 1;
	await put(source, { "photos/2026/large.bin": changed });
	expect((await run(IMPORT, [source, "--prefix", "backup"])).summary).toMatch(
		/^1 uploaded, 0 updated, 4 unchanged/,
	);
	// Of its three chunks the last: the two before it are in the old file.
	expect((await run(MIRROR, [mirror, "--prefix", "backup"])).summary).toBe(
		"1 fetched, 0 damaged and fetched anew, 4 unchanged, 0 removed, 0 failed, 5 bytes",
	);
	expect(await contents(mirror)).toEqual(await contents(source));

	expect(await readdir(join(mirror, ".canister-blobs"))).toEqual(["index.json"]);

	await put(mirror, { "photos/mine.txt": "not the mirror's" });
	const writer = await fixture.storeFor(signer);
	for (const name of ["large.bin", "small.bin"]) {
		const key = `backup/photos/2026/${name}`;
		ok(await writer.blobs_delete({ id: newId(), key, precondition: { none: null } }));
	}
	expect((await run(MIRROR, [mirror, "--prefix", "backup"])).summary).toMatch(/ 3 unchanged, 0 removed/);
	expect((await run(MIRROR, [mirror, "--prefix", "backup", "--delete"])).summary).toMatch(
		/ 3 unchanged, 2 removed, 0 failed/,
	);
	expect(Object.keys(await contents(mirror))).toEqual([
		"empty",
		"photos/mine.txt",
		"readme.txt",
		"Übergröße/漢字 🎉.txt",
	]);
	await expect(stat(join(mirror, "photos/2026"))).rejects.toThrow("ENOENT");
	await expect(stat(join(mirror, "photos/mine.txt"))).resolves.toBeDefined();

	// Everything would look gone: an index is for one canister and prefix.
	const other = await run(MIRROR, [mirror, "--delete"]);
	expect(other).toMatchObject({ code: 1, summary: "" });
	expect(other.stderr).toContain("is a mirror of");
});

test("what changes at once while it is mirrored is in the directory wholly", async () => {
	const mirror = join(folder, "mirror");
	const item = (key: string, text: string) => {
		const content = Buffer.from(text);
		return { put: { key: `live/${key}`, content, ...publication(rootOf(content, 2_080_768)) } };
	};
	const batch = (...items: object[]) => fixture.store.blobs_batch({ id: newId(), items: items as never });
	ok(await batch(item("gone", "before"), item("stays", "before")));
	let isListed = false;
	between = async (request, next) => {
		const reply = await next(request);
		if (!isListed && Buffer.from(request.body).includes("blobs_list")) {
			isListed = true;
			const removal = { delete: { key: "live/gone", precondition: { none: null } } };
			ok(await batch(removal, item("stays", "after"), item("new", "after")));
		}
		return reply;
	};
	try {
		const outcome = await run(MIRROR, [mirror, "--prefix", "live"]);
		expect(outcome).toMatchObject({ code: 0, summary: expect.stringContaining(" 0 failed") });
	} finally {
		between = direct;
	}
	expect(isListed).toBe(true);
	const after = Buffer.from("after").toString("base64");
	expect(await contents(mirror)).toEqual({ new: after, stays: after });
});

test("nothing is removed for a caller who sees less, nor most of a mirror, without being told", async () => {
	const mirror = join(folder, "mirror");
	const source = join(folder, "source");
	const names = ["a", "b", "c", "d"];
	await put(source, Object.fromEntries(names.map((name) => [name, name])));
	await run(IMPORT, [source, "--prefix", "seen"]);
	const again = (...flags: string[]) => run(MIRROR, [mirror, "--prefix", "seen", "--delete", ...flags]);
	expect((await again()).summary).toMatch(/^4 fetched/);
	const refused = async (outcome: Promise<Outcome>, reason: string) => {
		const { code, summary, stderr } = await outcome;
		expect({ code, summary }).toEqual({ code: 1, summary: "" });
		expect(stderr).toContain(reason);
		expect(await contents(mirror)).toEqual(await contents(source));
	};

	// The blobs are private: to the anonymous caller the store is empty.
	const anonymous = (...flags: string[]) =>
		run(MIRROR, [mirror, "--prefix", "seen", "--delete", ...flags], { key: "" });
	await refused(anonymous(), `It was made by ${signer.getPrincipal().toText()}`);
	await refused(anonymous("--new-reader"), "no longer holds 4 of the mirror's 4 files");

	const role = { id: newId(), who: signer.getPrincipal(), role: { reader: null } };
	ok(await fixture.store.blobs_grant_role(role));
	const promoted = await again();
	expect(promoted, promoted.stderr).toMatchObject({
		summary: expect.stringMatching(/ 4 unchanged, 0 removed/),
	});
	ok(await fixture.store.blobs_revoke_role({ ...role, id: newId() }));
	await refused(again(), "which it no longer can");

	const writer = await fixture.storeFor(signer);
	for (const name of names.slice(1))
		ok(await writer.blobs_delete({ id: newId(), key: `seen/${name}`, precondition: { none: null } }));
	await refused(again("--new-reader"), "more than 50 %");
	expect((await again("--new-reader", "--max-delete", "75")).summary).toMatch(/ 1 unchanged, 3 removed/);
	expect(Object.keys(await contents(mirror))).toEqual(["a"]);
	expect((await again("--max-delete", "101")).stderr).toContain("from 0 to 100");
});

test("a file that was tampered with is found by --verify and put right, whatever its size and time say", async () => {
	const mirror = join(folder, "mirror");
	const source = join(folder, "source");
	await put(source, { "a/large.bin": large, "b.txt": "right" });
	await run(IMPORT, [source, "--prefix", "tampered"]);
	await run(MIRROR, [mirror, "--prefix", "tampered"]);
	const { atime, mtime } = await stat(join(mirror, "b.txt"));
	await writeFile(join(mirror, "b.txt"), "wrong");
	await utimes(join(mirror, "b.txt"), atime, mtime);
	// A file system's times are finer than those that can be set: what the mirror noted is set to the same.
	const indexPath = join(mirror, ".canister-blobs/index.json");
	const index: { files: [string, { modifiedMs: number }][] } = JSON.parse(await readFile(indexPath, "utf8"));
	for (const [path, entry] of index.files) entry.modifiedMs = (await stat(join(mirror, path))).mtimeMs;
	await writeFile(indexPath, JSON.stringify(index));

	expect((await run(MIRROR, [mirror, "--prefix", "tampered"])).summary).toMatch(
		/^0 fetched, 0 damaged and fetched anew, 2 unchanged/,
	);
	const verified = await run(MIRROR, [mirror, "--prefix", "tampered", "--verify"]);
	expect(verified.summary).toMatch(/^0 fetched, 1 damaged and fetched anew, 1 unchanged/);
	expect(verified.stderr).toContain("damaged b.txt");
	expect(await contents(mirror)).toEqual(await contents(source));
});

describe("what an import cannot take", () => {
	test("links are skipped, bad names are failures with a reason, the rest arrives", async () => {
		const source = join(folder, "source");
		await put(source, { "good.txt": "good", "bad\nname": "bad" });
		await symlink("/etc", join(source, "directory-link"));
		await symlink("good.txt", join(source, "link"));
		// A name that is no text at all can be listed, and not be opened by what the list says.
		await writeFile(Buffer.concat([Buffer.from(`${source}/`), Buffer.from([0xff, 0xfe])]), "bytes");

		const outcome = await run(IMPORT, [source, "--prefix", "partly"]);
		expect(outcome).toMatchObject({
			code: 1,
			summary: "1 uploaded, 0 updated, 0 unchanged, 2 skipped, 2 failed, 4 bytes sent",
		});
		expect(outcome.stderr).toContain("directory-link: neither a file nor a directory");
		expect(outcome.stderr).toContain("it holds a control character");
		expect(outcome.stderr).toContain("ENOENT");
	});

	test("no directory, no canister, no key, a key of another kind: one line that says so", async () => {
		const source = join(folder, "source");
		await put(source, { file: "x" });
		const nowhere = await run(IMPORT, [join(folder, "nowhere")]);
		expect(nowhere).toMatchObject({ code: 1, summary: "" });
		expect(nowhere.stderr).toContain("ENOENT");
		const canister = await run(IMPORT, [source], { canister: "" });
		expect(canister).toMatchObject({ code: 1, stderr: "Which store? Give --canister ID.\n" });
		const anonymous = await run(IMPORT, [source], { key: "" });
		expect(anonymous.code).toBe(1);
		expect(anonymous.stderr).toContain("Sign in with an identity");

		const { privateKey } = generateKeyPairSync("ec", { namedCurve: "secp256k1" });
		const wrongKey = join(folder, "wrong.pem");
		await writeFile(wrongKey, privateKey.export({ type: "pkcs8", format: "pem" }));
		const wrong = await run(IMPORT, [source], { key: wrongKey });
		expect(wrong).toMatchObject({ code: 1, summary: "" });
		expect(wrong.stderr).toContain("an Ed25519 key is wanted");
	});
});

describe("keys that a file system would take amiss", () => {
	test("nothing is written outside of the directory, and what cannot stand in it is named", async () => {
		const mirror = join(folder, "mirror");
		const outside = join(folder, "outside");
		const bytes = Buffer.from("content");
		for (const key of [
			"a\\..\\..\\escaped",
			"C:/escaped",
			"nul.txt",
			".canister-blobs/index.json",
			".Canister-Blobs/x",
			"trailing./x",
			"case/NAME",
			"case/name",
			"both",
			"both/file",
			"link/escaped",
			"fine",
		]) {
			const request = { id: newId(), key: `amiss/${key}`, ...publication(rootOf(bytes, 2_080_768)) };
			ok(await fixture.store.blobs_put_blob(request, bytes));
		}
		await mkdir(mirror);
		await mkdir(outside);
		await symlink(outside, join(mirror, "link"));

		// They are public: whoever mirrors them needs no key.
		const amiss = [mirror, "--prefix", "amiss"];
		const outcome = await run(MIRROR, amiss, { key: "" });
		expect(outcome).toMatchObject({
			code: 1,
			summary: "3 fetched, 0 damaged and fetched anew, 0 unchanged, 0 removed, 9 failed, 21 bytes",
		});
		expect(outcome.stderr).toContain(
			'failed "both/file": "both" is a file, and cannot be a directory as well',
		);
		expect(outcome.stderr).toMatch(/failed "link\/escaped": .*link is no directory/);
		expect(Object.keys(await contents(mirror))).toEqual(["both", "case/NAME", "fine"]);
		expect(await readdir(outside)).toEqual([]);
		expect((await readdir(folder)).sort()).toEqual(["key.pem", "mirror", "outside"]);
		// What could not be fetched is not gone: the index has nothing of it to remove.
		const again = await run(MIRROR, [...amiss, "--delete"], { key: "" });
		expect(again.summary).toMatch(/ 3 unchanged, 0 removed, 9 failed/);
	});

	test("a canister that answers with keys that no store allows writes nothing", async () => {
		const keys = ["../escaped", "a/../../escaped", "/tmp/canister-blobs-escaped", "a//b", "\u001b[2J", ""];
		const canister = (await deployCanister(fixture.agent, hostileStore(keys))).toText();
		const outcome = await run(MIRROR, [join(folder, "mirror"), "--delete"], { canister });
		expect(outcome).toMatchObject({ code: 1, summary: "" });
		expect(outcome.stderr).toContain("is no entry of the list");
		expect(outcome.stderr).not.toContain("\u001b");
		expect(await contents(join(folder, "mirror"))).toEqual({});
		expect(await readdir(folder)).not.toContain("escaped");
		await expect(stat("/tmp/canister-blobs-escaped")).rejects.toThrow("ENOENT");
	});

	test("the plan of paths", () => {
		const { files, refused } = planPaths([
			["ok/x", 1],
			["ok/é", 2],
			["ok/e\u0301", 3],
			["..", 4],
			["ok/X/y", 5],
			["con", 6],
			["console", 7],
			[`${"é".repeat(127)}`, 8],
			[`${"é".repeat(128)}`, 9],
		]);
		expect([...files.values()]).toEqual([1, 2, 7, 8]);
		expect([...refused.keys()]).toEqual(["ok/e\u0301", "..", "con", "é".repeat(128), "ok/X/y"]);
	});
});

/** A canister that lists these keys, as no real store would. */
function hostileStore(keys: string[]): Uint8Array {
	const blob = (key: string): WireManifest => ({
		key,
		sequence: 1n,
		canister_version: 1n,
		root: new Uint8Array(32),
		size: 1n,
		chunk_size: MIN_CHUNK_BYTES,
		content_type: "text/plain",
		visibility: "public",
		owner: signer.getPrincipal(),
		created_at: 0n,
		modified_at: 0n,
		metadata: [],
		sha256: [],
		expires_at: [],
	});
	const entries = keys.map((key) => ({ blob: manifests.encode(blob(key)) }));
	const answer = { ok: { entries, next: [], expired: [], certificate: [], witness: [] } };
	const page = new Uint8Array(IDL.encode([idlOf(METHODS.blobs_list.result)], [answer]));
	const data = [...page].map((byte) => `\\${byte.toString(16).padStart(2, "0")}`).join("");
	return assemble(`(module
		(import "ic0" "msg_reply_data_append" (func $append (param i32 i32)))
		(import "ic0" "msg_reply" (func $reply))
		(memory 1)
		(data (i32.const 0) "${data}")
		(func (export "canister_query blobs_list")
			(call $append (i32.const 0) (i32.const ${page.length}))
			(call $reply)))`);
}
