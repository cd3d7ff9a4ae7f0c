import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateIdentity, identityToRecipient } from "age-encryption";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { backup, DirectorySink, Repository } from "../../src/backup/index.js";
import { init } from "../../src/cli/backup/init.js";
import { repair } from "../../src/cli/backup/repair.js";
import { verify } from "../../src/cli/backup/verify.js";
import { cat } from "../../src/cli/blobs/get.js";
import type { Command } from "../../src/cli/command.js";
import { key } from "../../src/cli/keys/key.js";
import { startUpload } from "../../src/client/upload/index.js";
import { clientOf } from "../backup/support/client.js";
import { start } from "../backup/support/command.js";
import { MemoryStore } from "../client/support/memory-store.js";
import { COMMAND } from "../support/command.js";
import { runCommand } from "../support/in-process.js";

/** Commands about keys and encrypted repositories, in this process but for one. */

let folder: string;
let identity: string;
let recipient: string;
beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "blobs-keys-"));
	identity = await generateIdentity();
	recipient = await identityToRecipient(identity);
	await writeFile(at("identity"), `# a comment\n${identity}\n`);
	await writeFile(at("first"), "the first passphrase\n");
	await writeFile(at("second"), "the second passphrase\n");
});
afterAll(() => rm(folder, { recursive: true }));
afterEach(() => vi.restoreAllMocks());

const at = (name: string) => join(folder, name);

const repo = () => ["--repo", at("R")];
const by = (name: string) => ["--passphrase-file", at(name)];
const slotIn = (out: string) => /\b([0-9a-f]{8}) {2}20/.exec(out)?.[1] as string;

describe("C121 who can open a repository", () => {
	test("one holder after the other, without an object's changing, and no secret in what is printed", async () => {
		const said: string[] = [];
		const ran = async (command: Command, ...args: string[]) => {
			const result = await runCommand(command, ...args);
			said.push(result.out);
			return result;
		};
		expect(await ran(init, ...repo(), "--encrypt", "--new-passphrase-file", at("first"))).toMatchObject({
			code: 0,
		});
		const objects = async () =>
			(await readdir(at("R"), { recursive: true })).filter((name) => !name.startsWith("keys")).sort();
		const before = await objects();
		expect(
			await ran(key, "add", ...repo(), ...by("first"), "--recipient", recipient, "--note", "safe"),
		).toMatchObject({
			code: 0,
			out: expect.stringMatching(/added .*age1.*"safe"/),
		});
		const listed = await ran(key, "list", ...repo());
		expect(listed.out).toMatch(/2 can open it/);
		const passphrase = slotIn(listed.out.split("\n").find((line) => line.includes("passphrase")) as string);
		const change = ["--age-identity", at("identity"), "--new-passphrase-command", `cat ${at("second")}`];
		expect(await ran(key, "change", passphrase, ...repo(), ...change)).toMatchObject({ code: 0 });
		expect(await objects()).toEqual(before);
		expect(await ran(verify, ...repo(), ...by("first"))).toMatchObject({ code: 12 });
		expect(await ran(verify, ...repo(), ...by("second"))).toMatchObject({ code: 0 });
		expect(await ran(verify, ...repo())).toMatchObject({
			code: 12,
			out: expect.stringMatching(/is encrypted/),
		});
		const slots = (await ran(key, "list", ...repo())).out;
		const age = slotIn(slots.split("\n").find((line) => line.includes("age1")) as string);
		expect(await ran(key, "remove", age, ...repo())).toMatchObject({ code: 0 });
		expect(await ran(key, "remove", slotIn(slots), ...repo())).toMatchObject({ code: 1 });
		expect(await ran(key, "add", ...repo(), ...by("second"))).toMatchObject({
			code: 2,
			out: expect.stringMatching(/for whom/),
		});
		for (const secret of ["first passphrase", "second passphrase", identity])
			expect(said.join("\n")).not.toContain(secret);
	});

	test("its blobs are read with a secret out of the environment, by a process of its own; a command that fails tells nothing", async () => {
		const store = new MemoryStore();
		await startUpload(store.context(), Buffer.from("hello"), { key: "greeting" }).done;
		const encryptFor = { passphrase: "of the environment", logN: 14 };
		const repository = await Repository.init(new DirectorySink(at("E")), { encryptFor });
		await backup(repository, { client: clientOf(store), canister: "aaaaa-aa" });
		const environment = {
			CANISTER_BLOBS_REPOSITORY: at("E"),
			CANISTER_BLOBS_PASSPHRASE: "of the environment",
		};
		const read = await start(["cat", "greeting", "--snapshot", "latest"], environment).ended;
		expect(read).toMatchObject({ code: 0, out: "hello" });
		const failed = await runCommand(
			cat,
			"greeting",
			"--snapshot",
			"latest",
			"--repo",
			at("E"),
			"--passphrase-command",
			"echo hunter2; exit 3",
		);
		expect(failed.code).not.toBe(0);
		expect(failed.out).toMatch(/--passphrase-command failed \(3\)/);
		expect(failed.out).not.toMatch(/hunter2/);
		const restored = ["restore", "latest", "--to", at("restored"), "--json"];
		expect(await start(restored, environment).ended).toMatchObject({
			code: 0,
			last: { restored: 1, failed: 0 },
		});
		expect(await readFile(at("restored/greeting"), "utf8")).toBe("hello");
		const locked = await start(restored, { ...environment, CANISTER_BLOBS_PASSPHRASE: "wrong" }).ended;
		expect(locked).toMatchObject({ code: 12, last: { type: "error", exitCode: 12 } });
		await writeFile(at("of-the-environment"), "of the environment\n");
		expect(await runCommand(repair, "--repo", at("E"), ...by("of-the-environment"))).toMatchObject({
			code: 0,
		});
	});
});

/** A terminal of its own, by `script` of util-linux. */
const hasTerminal = spawnSync("script", ["--version"]).status === 0;

/** Runs the command on a terminal, and types a line each time that it asks. */
async function typed(args: readonly string[], answers: readonly string[]) {
	const words = [process.execPath, COMMAND, ...args].map((word) => `'${word}'`).join(" ");
	const child = spawn("script", ["-qec", words, "/dev/null"], { stdio: ["pipe", "pipe", "inherit"] });
	let shown = "";
	let asked = 0;
	child.stdout.on("data", (data) => {
		shown += data;
		for (; asked < (shown.match(/(passphrase|again|repository): /gi) ?? []).length; asked++)
			child.stdin.write(`${answers[asked] ?? ""}\r`);
	});
	const [code] = await once(child, "close");
	return { code, shown };
}

test.skipIf(!hasTerminal)(
	"C52 a terminal asks for a passphrase, twice for a new one, and shows nothing of it",
	async () => {
		const secret = "typed by hand";
		const made = ["init", "--encrypt", "--repo", at("T")];
		const wrong = await typed(made, [secret, "something else"]);
		expect(wrong).toMatchObject({ code: 2, shown: expect.stringContaining("not the same") });
		expect(await typed(made, [secret, secret])).toMatchObject({ code: 0 });
		const list = ["snapshots", "--repo", at("T")];
		const opened = await typed(list, [secret]);
		expect(opened).toMatchObject({ code: 0, shown: expect.stringContaining("Passphrase") });
		expect((await typed(list, ["wrong"])).code).toBe(12);
		expect(wrong.shown + opened.shown).not.toContain(secret);
	},
);

test("C121 a key file for blobs is made once, and changed", async () => {
	const file = ["--key-file", at("K")];
	expect(await runCommand(key, "new", ...file, "--recipient", recipient)).toMatchObject({ code: 0 });
	const made = await readFile(at("K"), "utf8");
	expect(await runCommand(key, "new", ...file, "--recipient", recipient)).toMatchObject({ code: 2 });
	expect(await readFile(at("K"), "utf8")).toBe(made);
	const add = ["--age-identity", at("identity"), "--new-passphrase-file", at("first")];
	expect(await runCommand(key, "add", ...file, ...add)).toMatchObject({ code: 0 });
	const { out } = await runCommand(key, "list", ...file);
	expect(out).toMatch(/2 can open it/);
	expect(await runCommand(key, "remove", slotIn(out), ...file)).toMatchObject({ code: 0 });
	expect((await runCommand(key, "list", ...file)).out).toMatch(/passphrase\n1 can open it/);
	expect((await readdir(folder)).filter((name) => name.startsWith(".K"))).toEqual([]);
});
