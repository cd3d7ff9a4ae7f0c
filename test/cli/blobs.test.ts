import { execFile, execFileSync, spawn } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mv, rm as remove } from "../../src/cli/blobs/change.js";
import { cat, get } from "../../src/cli/blobs/get.js";
import { ls, stat, whoami } from "../../src/cli/blobs/look.js";
import { put } from "../../src/cli/blobs/put.js";
import { grant, revoke } from "../../src/cli/blobs/rights.js";
import { update } from "../../src/cli/blobs/update.js";
import { uploads } from "../../src/cli/blobs/uploads.js";
import type { Command } from "../../src/cli/command.js";
import { identityOf } from "../../src/cli/connect/identities.js";
import { encryptionOf } from "../../src/cli/keys/encryption.js";
import { key } from "../../src/cli/keys/key.js";
import { pseudoBytes } from "../client/support/memory-store.js";
import { openScene, type Scene, until } from "../http/served.js";
import { COMMAND, startCommand } from "../support/command.js";
import { runCommand } from "../support/in-process.js";

/** The commands for blobs, on a store in the local network. Most run in this process. */

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
		["get into stdout by its path", get, ["a", "/dev/stdout"], /canister-blobs cat/],
		["misspell an option", put, ["a", "--tpye", "x"], /^there is no option --tpye; did you mean --type\?$/],
		["misspell a letter", whoami, ["--hots", "x"], /did you mean --host\?/],
		["give an option that there is not", ls, ["--everything"], /^there is no option --everything$/],
		["update nothing", update, ["a"], /nothing to change/],
		["update both ways", update, ["a", "--public", "--private"], /not both/],
		["abort no upload", uploads, ["abort"], /the ids that uploads list prints/],
		["abort half an id", uploads, ["abort", "ab"], /32 hex digits/],
		["do something else with uploads", uploads, ["resume"], /list or abort/],
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
		["grant whom there is not", grant, ["nobody", "writer", "-c", "aaaaa-aa"], /nobody is no principal/],
		[
			"grant bytes of no unit",
			grant,
			["aaaaa-aa", "writer", "--prefix", "a", "--bytes", "1XB"],
			/512MiB or 1\.5GB/,
		],
		[
			"put without a type",
			put,
			[import.meta.filename, "--type", ""],
			/--type takes a media type.*it is empty/,
		],
		["update to no type", update, ["a", "--type", ""], /--type takes a media type.*it is empty/],
		[
			"put one name twice",
			put,
			[import.meta.filename, "--metadata", "a=1", "--metadata", "a=2"],
			/"a" two values/,
		],
		[
			"set and remove one name",
			update,
			["a", "--metadata", "a=1", "--remove-metadata", "a"],
			/--metadata sets "a" and --remove-metadata removes it/,
		],
		[
			"leave out of a file",
			put,
			[import.meta.filename, "--exclude", "*.tmp"],
			/--exclude is for a directory/,
		],
		["leave out of stdin", put, ["-", "a", "--include", "*.tmp"], /--include is for a directory/],
		["leave out nothing", put, [import.meta.dirname, "--exclude", ""], /--exclude takes a glob/],
		[
			"name a user of a host",
			ls,
			["-c", "aaaaa-aa", "--host", "http://ann@127.0.0.1:1"],
			/without a user name, as in/,
		],
		[
			"name a path of a host",
			ls,
			["-c", "aaaaa-aa", "--host", "http://127.0.0.1:1/api"],
			/without a path, as in/,
		],
		[
			"name a query and a fragment of a host",
			ls,
			["-c", "aaaaa-aa", "--host", "http://127.0.0.1:1?a=1#b"],
			/without a query and a fragment, as in http:\/\/127\.0\.0\.1:1$/,
		],
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
		// As `aws s3 cp` does, it makes the folders on the way.
		for (const path of [at("new", "deep", "two.jpg"), `${at("other")}/`])
			expect(await run(get, "album/one.jpg", path, ...as("ann"))).toMatchObject({ code: 0 });
		expect((await readFile(at("new", "deep", "two.jpg"))).equals(bytes)).toBe(true);
		expect((await readFile(at("other", "one.jpg"))).equals(bytes)).toBe(true);
		const partly = ["album/one.jpg", "album/none", ...as("ann")];
		const would = await run(remove, "--dry-run", ...partly);
		expect({ ...would, out: would.out.split("\n").sort() }).toMatchObject({
			code: 3,
			out: [
				"",
				"1 would be deleted, 1 not there, 0 failed",
				'no blob "album/none"',
				'would delete "album/one.jpg"',
			],
		});
		const removed = await run(remove, ...partly, "--json");
		expect(removed.last).toMatchObject({ exitCode: 3, deleted: 1, absent: 1, failed: 0 });
		expect(removed.lines).toContainEqual({ type: "absent", key: "album/none" });
		expect(await run(remove, ...partly)).toMatchObject({
			code: 1,
			out: expect.stringMatching(/^0 deleted, 2 not there/m),
		});
		expect(await run(remove, "-f", "-R", "none/", ...partly)).toMatchObject({ code: 0 });
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
			/"site\/a\.txt"\n +"site\/deep\/"\n1 blob, 3 bytes, 1 directory$/m,
		);
		expect((await run(ls, "site/", "-R", "--json")).lines.map(({ key }) => key).slice(0, 3)).toEqual(
			Object.keys(files).map((name) => `site/${name}`),
		);
		const { out } = await run(stat, "site/deep/er/c.txt", "--url");
		const { canisterId, network } = scene.fixture;
		expect(out).toBe(`http://${canisterId}.localhost:${new URL(network.url).port}/site/deep/er/c.txt\n`);
		expect(await run(get, "site/", at("copy"))).toMatchObject({ code: 0 });
		for (const [name, text] of Object.entries(files))
			expect(await readFile(at("copy", name), "utf8")).toBe(text);
		expect((await run(remove, "site/", "-R", "--dry-run", ...as("ann"))).out).toMatch(/3 would be deleted/);
		expect((await run(remove, "site/deep/", "-R", ...as("ann"))).out).toMatch(/2 deleted/);
		expect((await run(ls, "site", "-R")).out).toMatch(/^1 blob,/m);
	});

	test("one of many that cannot be a file is named; the others are there, and the exit code tells", async () => {
		for (const key of ["odd/a", "odd/a/b", "odd/c"])
			await scene.owner.upload(Buffer.from(key), { key, visibility: "public" }).done;
		const { last, lines } = await run(get, "odd/", at("odd"), "--json");
		expect(last).toMatchObject({ exitCode: 3, blobs: 2, failed: 1 });
		expect(lines.filter(({ type }) => type === "failed")).toEqual([
			{ type: "failed", key: "odd/a/b", reason: expect.stringMatching(/is not a directory/) },
		]);
		expect((await readdir(at("odd"))).sort()).toEqual(["a", "c"]);
	});

	test("no link inside the folder leads a file elsewhere, and stdout is no file", async () => {
		await scene.owner.upload(Buffer.from("x"), { key: "led/away/x", visibility: "public" }).done;
		await mkdir(at("elsewhere"));
		await mkdir(at("led"));
		await symlink(at("elsewhere"), at("led", "away"));
		const { last, lines } = await run(get, "led/", at("led"), "--json");
		expect(last).toMatchObject({ exitCode: 3, blobs: 0, failed: 1 });
		expect(lines[0]).toMatchObject({ reason: expect.stringMatching(/is not a directory/) });
		expect(await readdir(at("elsewhere"))).toEqual([]);
		expect((await run(get, "none/", at("none"), "--json")).last).toMatchObject({ code: "blob_not_found" });
	});

	test("update changes what is named and nothing else, without the bytes", async () => {
		await writeFile(at("page"), "page");
		await run(put, at("page"), "page", "--metadata", "a=1", "--metadata", "b=2", ...as("ann"));
		const told = await run(
			update,
			"page",
			...["--type", "text/html", "--public", "--metadata", "c=3", "--remove-metadata", "a"],
			...["--expires", "12h", ...as("ann"), "--json"],
		);
		expect(told.last).toMatchObject({
			exitCode: 0,
			contentType: "text/html",
			visibility: "public",
			metadata: { b: "2", c: "3" },
			expiresAt: expect.any(String),
		});
		const only = ["--metadata", "d=4", "--replace-metadata", "--expires", "never", "--private"];
		const replaced = await run(update, "page", ...only, ...as("ann"), "--json");
		expect(replaced.last).toMatchObject({
			contentType: "text/html",
			visibility: "private",
			metadata: { d: "4" },
		});
		expect(replaced.last.expiresAt).toBeUndefined();
		const refused = await run(update, "page", "--public", ...as("eve"), "--json");
		expect(refused.last).toMatchObject({ exitCode: 1 });
		expect(String(refused.last.message)).toContain(
			`canister-blobs grant ${await principalOf("eve")} writer --canister ${scene.fixture.canisterId}`,
		);
	});

	test("uploads lists what is open, and aborts it by its id", async () => {
		await scene.owner.admin.grantRole(await principalOf("bob"), "writer");
		const bob = ["-i", at("bob")];
		const blobs = await scene.client((await identityOf({ identity: at("bob"), local: false })) as never);
		await blobs.prepareUpload(pseudoBytes(200_000), { key: "interrupted" }).done;
		const { lines, last } = await run(uploads, ...bob, "--json");
		expect(last).toMatchObject({ exitCode: 0, uploads: 1 });
		expect(lines[0]).toMatchObject({ type: "upload", key: "interrupted", size: 200_000 });
		const { id } = lines[0] as unknown as { id: string };
		expect((await run(uploads, "list", "interrupted", "--all", ...as("ann"))).out).toMatch(
			new RegExp(`^${id} .* of 196 KiB, expires .*"interrupted"  ${await principalOf("bob")}`),
		);
		// To others it is not there, and says so.
		expect(await run(uploads, "abort", id, ...as("ann"))).toMatchObject({
			code: 1,
			out: expect.stringMatching(/no open upload.*\n0 aborted/),
		});
		expect((await run(uploads, "abort", id, ...bob)).out).toMatch(/aborted .*"interrupted"\n1 aborted/);
		expect((await run(uploads, ...bob)).out).toBe("0 open uploads\n");
	});
});

describe("what is left out of a directory, and what is refused", () => {
	const pem = () => readFile(at("ann"), "utf8");
	const write = async (files: Readonly<Record<string, string>>) => {
		const root = await mkdtemp(at("directory-"));
		for (const [name, text] of Object.entries(files)) {
			await mkdir(join(root, name, ".."), { recursive: true });
			await writeFile(join(root, name), text);
		}
		return root;
	};
	const keysBelow = async (prefix: string) => {
		const { lines } = await run(ls, "-R", prefix, ...as("ann"), "--json");
		return lines.flatMap(({ type, key }) => (type === ("blob" as never) ? [key as unknown as string] : []));
	};

	test("C147 the command's own folder always, and what --exclude and --include say", async () => {
		const root = await write({
			"a.html": "a",
			"deep/b.html": "b",
			"deep/b.tmp": "b",
			"drafts/c.html": "c",
			".canister-blobs/network.json": "{}",
			"deep/.canister-blobs/network.log": "",
			"node_modules/x/index.js": "x",
		});
		const all = await run(put, root, "all", ...as("ann"));
		expect(all).toMatchObject({ code: 0, out: expect.stringMatching(/^5 uploaded/m) });
		expect(all.out).toMatch(
			/^1 file in node_modules will be uploaded; to leave them out: --exclude node_modules$/m,
		);
		const globs = ["--exclude", "node_modules", "--exclude", "drafts/**", "--include", "*.html"];
		const some = await run(put, root, "some", ...globs, ...as("ann"));
		expect(some).toMatchObject({ code: 0, out: expect.not.stringContaining("node_modules") });
		expect(await keysBelow("some")).toEqual(["some/a.html", "some/deep/b.html"]);
		const unused = ["--exclude", "drafts/", "--exclude", "Deep", "--include", "*.html"];
		const noted = await run(put, root, "noted", ...unused, ...as("ann"));
		expect(noted.out).toMatch(/^nothing matches "Deep"$/m);
		expect(noted.out).not.toContain("drafts");
		const nothing = await run(put, root, "nothing", "--include", "*.htm", ...as("ann"), "--json");
		expect(nothing.last).toMatchObject({ exitCode: 1, code: "nothing_included" });
	});

	test("C155 private keys in the ways in which editors, shells and other formats write them", async () => {
		const key = await pem();
		const lines = key.trimEnd().split("\n");
		const files = {
			"bom.pem": `\ufeff${key}`,
			"secret.yaml": `data:\n  key: |\n${lines.map((line) => `    ${line}\n`).join("")}`,
			"account.json": JSON.stringify({ private_key: key }),
			"age.txt": `age-secret-key-1${"q".repeat(58)}\n`,
		};
		const root = await write({ ...files, "index.html": "<p>" });
		await writeFile(join(root, "utf16.pem"), Buffer.from(`\ufeff${key}`, "utf16le"));
		const refused = await run(put, root, "ways", "--public", ...as("ann"), "--json");
		const message = refused.last.message as unknown as string;
		for (const name of [...Object.keys(files), "utf16.pem"]) expect(message).toContain(join(root, name));
		expect(message).not.toContain("index.html");
	});

	test("C147 private keys, of which nothing is uploaded until that is asked for", async () => {
		const root = await write({
			"index.html": "<p>",
			"certs/server.key": `# of the server\n${await pem()}`,
			"age.txt": `AGE-SECRET-KEY-1${"Q".repeat(58)}\n`,
			"ssh/id": "-----BEGIN OPENSSH PRIVATE KEY-----\r\nb3Bl\r\n",
			"cert.pem": "-----BEGIN CERTIFICATE-----\n",
			"notes.md": "A key begins with -----BEGIN PRIVATE KEY----- and has base64 below.",
		});
		const refused = await run(put, root, "keys", "--public", ...as("ann"), "--json");
		expect(refused.last).toMatchObject({ exitCode: 1, code: "private_key" });
		const message = refused.last.message as unknown as string;
		for (const name of ["certs/server.key", "age.txt", "ssh/id"]) expect(message).toContain(join(root, name));
		for (const name of ["cert.pem", "notes.md", "index.html"]) expect(message).not.toContain(name);
		expect(message).toMatch(
			/nothing was uploaded\. Leave them out with --exclude, or give --allow-private-keys\.$/,
		);
		expect(await keysBelow("keys")).toEqual([]);
		const without = ["--exclude", "certs", "--exclude", "age.txt", "--exclude", "ssh"];
		expect(await run(put, root, "keys", ...without, ...as("ann"))).toMatchObject({ code: 0 });
		expect(await keysBelow("keys")).toHaveLength(3);
		const asked = await run(put, root, "keys", "--allow-private-keys", ...as("ann"));
		expect(asked).toMatchObject({ code: 0, out: expect.stringMatching(/^3 uploaded/m) });
		const one = await run(put, at("ann"), "keys/", ...as("ann"));
		expect(one).toMatchObject({ code: 1, out: expect.stringMatching(/ann" holds a private key/) });
		expect(await run(put, at("ann"), "keys/", "--allow-private-keys", ...as("ann"))).toMatchObject({
			code: 0,
		});
	});
});

describe("sealed keys", () => {
	test("of open uploads are shown and found by their names where the key file is given", async () => {
		await writeFile(at("passphrase"), "the passphrase\n");
		const made = ["new", "--key-file", at("sealing"), "--new-passphrase-file", at("passphrase")];
		expect(await runCommand(key, ...made)).toMatchObject({ code: 0 });
		const sealing = ["--key-file", at("sealing"), "--passphrase-file", at("passphrase"), "--encrypted-names"];
		const encryption = await encryptionOf({
			"key-file": [at("sealing")],
			"passphrase-file": at("passphrase"),
			"encrypted-names": true,
		});
		const ann = (await identityOf({ identity: at("ann"), local: false })) as never;
		const blobs = await scene.client(ann, { encryption: encryption! });
		await blobs.prepareUpload(pseudoBytes(200_000), { key: "secret/plan" }).done;
		expect((await run(uploads, ...as("ann"))).out).not.toContain("secret/plan");
		const found = await run(uploads, "list", "secret/plan", ...sealing, ...as("ann"));
		expect(found.out).toMatch(/"secret\/plan"\n1 open upload\n$/);
		const { lines } = await run(uploads, "--all", ...sealing, ...as("ann"), "--json");
		expect(lines).toContainEqual(expect.objectContaining({ type: "upload", key: "secret/plan" }));
		const [id] = lines.flatMap(({ key, id }) => (key === ("secret/plan" as never) ? [id] : []));
		expect(await run(uploads, "abort", String(id), ...sealing, ...as("ann"))).toMatchObject({ code: 0 });
	});
});

describe("as processes", () => {
	/** A line of a shell, `$C` being the command. */
	const shell = (line: string): Promise<{ code: number; out: string; err: string }> =>
		new Promise((done) => {
			const command = `'${process.execPath}' '${COMMAND}'`;
			execFile("bash", ["-c", line.replaceAll("$C", command)], (error, out, err) => {
				done({ code: typeof error?.code === "number" ? error.code : 0, out, err });
			});
		});

	test("what cannot be read as stdin is not taken for nothing", async () => {
		const args = [...as("ann"), ...store()].join(" ");
		for (const [stdin, code, message] of [
			["< /tmp", 2, /stdin is a directory/],
			["<&-", 1, /Nothing came over stdin.*--allow-empty/],
			["< /dev/null", 1, /Nothing came over stdin/],
		] as const)
			expect(await shell(`$C put - none ${args} ${stdin}`)).toEqual({
				code,
				out: "",
				err: expect.stringMatching(message),
			});
		expect(await scene.owner.find("none")).toBeUndefined();
		expect(await shell(`$C put - none --allow-empty ${args} < /dev/null`)).toMatchObject({ code: 0 });
		expect(await scene.owner.stat("none")).toMatchObject({ size: 0 });
	});

	test("C155 a private key is found in whichever part of a pipe it comes", async () => {
		const args = [...as("ann"), ...store()].join(" ");
		const pipe = `(printf 'Bag Attributes\\n'; sleep 0.2; cat '${at("ann")}')`;
		expect(await shell(`${pipe} | $C put - bag ${args}`)).toEqual({
			code: 1,
			out: "",
			err: expect.stringMatching(/"stdin" holds a private key/),
		});
		expect(await scene.owner.find("bag")).toBeUndefined();
		const allowed = `$C put - bag --allow-private-keys ${args}`;
		expect(await shell(`${pipe} | ${allowed}`)).toMatchObject({ code: 0 });
		const whole = (await scene.owner.download("bag", { trust: "subnet" }).bytes()).length;
		expect(whole).toBe((await readFile(at("ann"))).length + "Bag Attributes\n".length);
	});

	test("C148 an output that nothing can be written to is said, without a stack", async () => {
		await scene.put("full", pseudoBytes(300_000));
		const args = store().join(" ");
		for (const command of ["cat full", "stat full", "ls", "ls --json"])
			expect(await shell(`$C ${command} ${args} > /dev/full`)).toEqual({
				code: 1,
				out: "",
				err: "canister-blobs: There is no space left to write stdout (ENOSPC). Free some space, then run the command again.\n",
			});
		expect(await shell(`$C stat none ${args} 2> /dev/full`)).toMatchObject({ code: 1, out: "", err: "" });
	});

	test("a reader that ends, as head does, ends the command without a word, whatever it writes", async () => {
		const args = store().join(" ");
		// More than a pipe holds, in long lines.
		const items = Array.from({ length: 200 }, (_, i) => ({
			key: `pipe/${"x".repeat(900)}${i}`,
			source: pseudoBytes(i),
			visibility: "public" as const,
		}));
		await scene.owner.uploadMany(items).done;
		await scene.owner.upload(pseudoBytes(1_000_000), { key: "piped-out", visibility: "public" }).done;
		for (const line of [`cat piped-out ${args}`, `ls -R ${args}`, `ls -R --json ${args}`]) {
			const ran = await shell(`set -o pipefail; $C ${line} | head -c 1 > /dev/null`);
			expect(ran, line).toEqual({ code: 141, out: "", err: "" });
		}
		const ran = await shell("$C help | head -n 1");
		expect(ran).toEqual({ code: 0, out: expect.stringMatching(/^Usage/), err: "" });
	});

	test("help of a command by either word; after -- nothing is an option", async () => {
		const help = await shell("$C help put");
		expect(help).toEqual(await shell("$C put --help"));
		expect(help.out).toMatch(/^Usage: canister-blobs put/);
		expect(await shell("$C help nothing")).toMatchObject({
			code: 2,
			err: expect.stringMatching(/no command/),
		});
		expect((await shell("$C stta a")).err).toBe(
			'canister-blobs: there is no command "stta"; did you mean stat?\nTry: canister-blobs --help\n',
		);
		const args = [...as("ann"), ...store()].join(" ");
		expect(await shell(`$C rm ${args} -- -h --json`)).toEqual({
			code: 1,
			out: "0 deleted, 2 not there, 0 failed\n",
			err: 'no blob "-h"\nno blob "--json"\n',
		});
	});

	test("stdin goes up, and stdout has the bytes and nothing else", async () => {
		const bytes = Buffer.from(pseudoBytes(300_000));
		const args = ["put", "-", "piped", "--public", ...as("ann"), ...store(), "--json"];
		const child = spawn(process.execPath, [COMMAND, ...args], {
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
