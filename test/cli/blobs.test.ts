import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mv, rm as remove } from "../../src/cli/blobs/change.js";
import { cat, get } from "../../src/cli/blobs/get.js";
import { ls, stat, whoami } from "../../src/cli/blobs/look.js";
import { put } from "../../src/cli/blobs/put.js";
import { grant, revoke } from "../../src/cli/blobs/rights.js";
import type { Command } from "../../src/cli/command.js";
import { pseudoBytes } from "../client/support/memory-store.js";
import { openScene, type Scene, until } from "../http/served.js";
import { startCommand } from "../support/command.js";
import { runCommand } from "../support/in-process.js";

/** The commands for blobs, on a store in the local network; what needs a process of its own has one. */

let scene: Scene;
let folder: string;
const at = (...names: string[]) => join(folder, ...names);
const store = () => ["-c", scene.fixture.canisterId.toText(), "--host", scene.fixture.network.url, "--local"];
const run = (command: Command, ...args: string[]) => runCommand(command, ...args, ...store());
const as = (name: string) => ["-i", at(name)];

beforeAll(async () => {
	scene = await openScene({ signatures: "bls" });
	folder = await mkdtemp(join(tmpdir(), "canister-blobs-command-"));
	const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
	openssl("genpkey", "-algorithm", "ed25519", "-out", "ann");
	openssl("ecparam", "-name", "secp256k1", "-genkey", "-out", "bob");
	openssl("ecparam", "-name", "prime256v1", "-genkey", "-out", "eve");
	const { last } = await run(whoami, ...as("ann"), "--json");
	await scene.owner.admin.grantRole(last.principal as unknown as string, "admin");
});
afterAll(async () => {
	await scene?.dispose();
	await rm(folder, { recursive: true, force: true });
});

const principalOf = async (name: string): Promise<string> =>
	(await run(whoami, ...as(name), "--json")).last.principal as unknown as string;

describe("who asks", () => {
	test("whoami names the principal and the command that gives it a role; every kind of key is believed", async () => {
		expect((await run(whoami)).out).toMatch(/2vxsx-fae: anonymous.*--identity/);
		// Without a store nothing is asked of any network.
		const own = await runCommand(whoami, ...as("eve"));
		expect(own.out.trim()).toBe(await principalOf("eve"));
		const none = await run(whoami, ...as("eve"));
		expect(none).toMatchObject({ code: 0 });
		expect(none.out).toMatch(/^principal +\S+-\S+$/m);
		expect(none.out).toMatch(/An administrator gives a role by: canister-blobs grant \S+ writer --canister/);
		for (const name of ["bob", "eve"]) {
			const who = await principalOf(name);
			expect(await run(grant, who, "writer", ...as("ann"))).toMatchObject({ code: 0 });
			await writeFile(at("hello"), `hello from ${name}`);
			expect(await run(put, at("hello"), `of/${name}`, "--public", ...as(name))).toMatchObject({ code: 0 });
			expect((await run(cat, `of/${name}`)).out).toBe(`hello from ${name}`);
			expect(await run(revoke, who, "writer", ...as("ann"))).toMatchObject({ code: 0 });
			expect(await run(put, at("hello"), "no", ...as(name))).toMatchObject({ code: 1 });
		}
	});

	test("a grant holds below its prefix alone, until it is revoked by its id", async () => {
		const who = await principalOf("eve");
		await writeFile(at("small"), "small");
		const terms = ["--prefix", "inbox/eve", "--until", "1h", "--bytes", "1MiB", "--public-only"];
		const given = await run(grant, who, "writer", ...terms, ...as("ann"), "--json");
		expect(given.last).toMatchObject({ exitCode: 0, grant: expect.stringMatching(/^[0-9a-f]{32}$/) });
		const { grant: id } = given.last as unknown as { grant: string };
		expect(await run(put, at("small"), "inbox/eve/", "--public", ...as("eve"))).toMatchObject({ code: 0 });
		expect(await run(put, at("small"), "inbox/bob/", "--public", ...as("eve"))).toMatchObject({ code: 1 });
		expect(await run(revoke, who, "--grant", id, ...as("ann"))).toMatchObject({ code: 0 });
		expect(await run(put, at("small"), "inbox/eve/", "--public", ...as("eve"))).toMatchObject({ code: 1 });
	});
});

describe("what a command line cannot be", () => {
	test.each<[string, Command, string[], RegExp]>([
		["put nothing", put, [], /put takes a source and a key/],
		["put what is not there", put, ["no-such-file"], /cannot read no-such-file: ENOENT/],
		["put stdin without a key", put, ["-"], /give the whole key/],
		["put with metadata without a value", put, [import.meta.filename, "--metadata", "a"], /takes name=value/],
		["put what has ended", put, [import.meta.filename, "--expires", "2020-01-01"], /a time to come/],
		["get into stdout", get, ["a", "-"], /canister-blobs cat/],
		["cat as JSON", cat, ["a", "--json"], /takes no --json/],
		["cat backwards", cat, ["a", "--range", "9-1"], /first and the last byte/],
		["rm all below, by the way", remove, ["photos/"], /takes --recursive/],
		["rm an empty key", remove, ["", "-R"], /a key is empty; to delete all blobs of the store: --all/],
		["rm everything and something", remove, ["a", "--all"], /keys or --all/],
		["mv to nowhere", mv, ["a"], /the key that it has and the one that it gets/],
		[
			"grant what is no role",
			grant,
			["aaaaa-aa", "owner"],
			/no role "owner"; there are writer, reader, backup, admin/,
		],
		["grant for a prefix without one", grant, ["aaaaa-aa", "writer", "--bytes", "1"], /it takes --prefix/],
		["grant an administrator a prefix", grant, ["aaaaa-aa", "admin", "--prefix", "a"], /holds for all keys/],
		["revoke by half an id", revoke, ["aaaaa-aa", "--grant", "ab"], /32 hex digits/],
	])("%s", async (_, command, args, message) => {
		const { code, out } = await runCommand(command, ...args);
		expect({ code, out }).toEqual({ code: 2, out: expect.stringMatching(message) });
	});
});

describe("files", () => {
	test("there and back: a file by its name, with type and metadata; stat, range, mv, rm", async () => {
		const bytes = Buffer.from(pseudoBytes(200_000));
		await writeFile(at("photo.jpg"), bytes);
		const made = await run(put, at("photo.jpg"), "album/", "--metadata", "by=ann", ...as("ann"), "--json");
		expect(made.last).toMatchObject({
			exitCode: 0,
			key: "album/photo.jpg",
			size: 200_000,
			visibility: "private",
		});
		const shown = await run(stat, "album/photo.jpg", ...as("ann"));
		expect(shown.out).toMatch(/^type +"image\/jpeg"$/m);
		expect(shown.out).toMatch(/^by +"ann"$/m);
		expect((await run(cat, "album/photo.jpg", "--range", "7-9", ...as("ann"))).out).toBe(
			bytes.subarray(7, 10).toString(),
		);
		const taken = await run(put, at("photo.jpg"), "album/", "--if-absent", ...as("ann"), "--json");
		expect(taken.last).toMatchObject({ exitCode: 1, code: "precondition_failed" });
		expect(await run(mv, "album/photo.jpg", "album/one.jpg", ...as("ann"))).toMatchObject({ code: 0 });
		expect(await run(get, "album/one.jpg", folder, ...as("ann"))).toMatchObject({ code: 0 });
		expect((await readFile(at("one.jpg"))).equals(bytes)).toBe(true);
		expect(await run(get, "album/one.jpg", folder)).toMatchObject({ code: 1 });
		expect((await run(remove, "album/one.jpg", "album/none", ...as("ann"))).out).toMatch(
			/2 deleted, 0 failed/,
		);
		expect((await run(stat, "album/one.jpg", ...as("ann"), "--json")).last).toMatchObject({
			exitCode: 1,
			code: "blob_not_found",
		});
	});

	test("a directory there and back; again it sends nothing; ls by directories and all; rm below a prefix", async () => {
		const files = { "a.txt": "one", "deep/b.txt": "two", "deep/er/c.txt": "three" };
		for (const [name, text] of Object.entries(files)) {
			await mkdir(join(at("site"), name, ".."), { recursive: true });
			await writeFile(at("site", name), text);
		}
		const first = await run(put, at("site"), "site", "--public", ...as("ann"), "--json");
		expect(first.last).toMatchObject({ exitCode: 0, uploaded: 3, unchanged: 0, failed: 0 });
		const again = await run(put, at("site"), "site", "--public", ...as("ann"), "--json");
		expect(again.last).toMatchObject({ uploaded: 0, unchanged: 3, sentBytes: 0 });
		expect((await run(ls, "site")).out).toMatch(
			/"site\/a\.txt"\n +"site\/deep\/"\n1 blobs, 3 bytes, 1 directories/,
		);
		expect((await run(ls, "site/", "-R", "--json")).lines.map(({ key }) => key).slice(0, 3)).toEqual(
			Object.keys(files).map((name) => `site/${name}`),
		);
		expect(await run(get, "site/", at("copy"))).toMatchObject({ code: 0 });
		for (const [name, text] of Object.entries(files))
			expect(await readFile(at("copy", name), "utf8")).toBe(text);
		expect((await run(remove, "site/", "-R", "--dry-run", ...as("ann"))).out).toMatch(/3 would be deleted/);
		expect((await run(remove, "site/deep/", "-R", ...as("ann"))).out).toMatch(/2 deleted/);
		expect((await run(ls, "site", "-R")).out).toMatch(/^1 blobs/m);
	});

	test("one of many that cannot be a file is named; the others are there, and the exit code tells", async () => {
		for (const key of ["odd/a", "odd/a/b", "odd/c"])
			await scene.owner.upload(Buffer.from(key), { key, visibility: "public" }).done;
		const { last, lines } = await run(get, "odd/", at("odd"), "--json");
		expect(last).toMatchObject({ exitCode: 3, blobs: 2, failed: 1 });
		expect(lines.filter(({ type }) => type === "failed")).toEqual([
			{ type: "failed", key: "odd/a/b", reason: expect.stringMatching(/EEXIST|ENOTDIR/) },
		]);
		expect((await readdir(at("odd"))).sort()).toEqual(["a", "c"]);
	});
});

describe("as processes", () => {
	test("what cannot be read as stdin is not taken for nothing", async () => {
		const args = ["put", "-", "none", ...as("ann"), ...store()].join(" ");
		const main = join(import.meta.dirname, "../../dist/cli/main.js");
		for (const [stdin, message] of [["< /tmp", /stdin is a directory/]] as const) {
			const ran = spawnSync("sh", ["-c", `${process.execPath} ${main} ${args} ${stdin}`], {
				encoding: "utf8",
			});
			expect({ code: ran.status, err: ran.stderr }).toEqual({ code: 2, err: expect.stringMatching(message) });
		}
		expect(await scene.owner.find("none")).toBeUndefined();
	});

	test("stdin goes up, and stdout has the bytes and nothing else", async () => {
		const bytes = Buffer.from(pseudoBytes(300_000));
		const args = ["put", "-", "piped", "--public", ...as("ann"), ...store(), "--json"];
		const child = spawn(process.execPath, [join(import.meta.dirname, "../../dist/cli/main.js"), ...args], {
			stdio: ["pipe", "pipe", "inherit"],
		});
		child.stdin.end(bytes);
		const code = await new Promise((done) => child.on("close", done));
		expect(code).toBe(0);
		const read = startCommand(["cat", "piped", ...store()]);
		const parts: Buffer[] = [];
		read.child.stdout.on("data", (part) => parts.push(part));
		expect((await read.ended)[0]).toBe(0);
		expect(Buffer.concat(parts).equals(bytes)).toBe(true);
	});

	test("put that was killed resumes: what had arrived is not sent again", async () => {
		const bytes = Buffer.from(pseudoBytes(24 << 20));
		await writeFile(at("large"), bytes);
		const args = ["put", at("large"), "large", "--public", ...as("ann"), ...store(), "--json"];
		const first = startCommand(args);
		const arrived = async () => {
			for await (const upload of scene.owner.admin.listAllUploads()) return upload.receivedChunks;
			return 0;
		};
		await until(async () => (await arrived()) >= 2, 20_000);
		first.child.kill("SIGKILL");
		await first.ended;
		const second = await run(put, ...args.slice(1, 3), "--public", ...as("ann"), "--json");
		expect(second.last).toMatchObject({ exitCode: 0, size: bytes.length });
		expect(Number(second.last.reused)).toBeGreaterThan(0);
		expect((await scene.anonymous.stat("large")).size).toBe(bytes.length);
	});
});
