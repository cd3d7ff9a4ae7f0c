import { execFileSync, spawnSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NoOperationTraceWriter, parseWorkflow } from "@actions/workflow-parser";
import { DirectorySink, Repository } from "canister-blobs/backup";
import { BlobClient } from "canister-blobs/node";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { work } from "../../examples/schedules/worker.js";
import { deployCanister } from "../../examples/support/deploy.js";
import { keyIn } from "../backup/support/command.js";
import { COMMAND, startCommand } from "../support/command.js";
import { openStore, type StoreFixture } from "../support/store.js";

/** The examples of schedules, run as their users run them: a shell, the built command, a real canister over HTTP. */

vi.setConfig({ testTimeout: 120_000 });

const EXAMPLES = join(import.meta.dirname, "../../examples/schedules");
let fixture: StoreFixture;
let blobs: BlobClient;
let folder: string;
const at = (name: string) => join(folder, name);
const text = (name: string) => readFile(join(EXAMPLES, name), "utf8");

beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "canister-blobs-schedules-"));
	const { identity } = await keyIn(at("key.pem"));
	// Processes of their own verify what it signs.
	fixture = await openStore({ signatures: "bls" }, identity);
	blobs = new BlobClient({ agent: fixture.agent, canisterId: fixture.canisterId, localNetwork: true });
	await blobs.upload(Buffer.from("hello"), { key: "greeting" }).done;
	await mkdir(at("bin"));
	await writeFile(at("bin/canister-blobs"), `#!/bin/sh\nexec '${process.execPath}' '${COMMAND}' "$@"\n`);
	await chmod(at("bin/canister-blobs"), 0o755);
	expect((await ended(startCommand(["init", "--repo", at("R")]))).code).toBe(0);
});
afterAll(async () => {
	await fixture?.dispose();
	await rm(folder, { recursive: true, force: true });
});

async function ended({ said, ended }: ReturnType<typeof startCommand>) {
	const [code] = await ended;
	return { code, ...said };
}

const network = () => `--host ${fixture.network.url} --local`;
const environment = (more: Record<string, string> = {}) => ({
	...{ PATH: `${at("bin")}:${process.env.PATH}`, CANISTER: fixture.canisterId.toText() },
	...{ CANISTER_BLOBS_REPOSITORY: at("R"), CANISTER_BLOBS_IDENTITY: at("key.pem") },
	BACKUP_OPTIONS: network(),
	RESTORE_OPTIONS: network(),
	...more,
});

/** As cron runs a line: by /bin/sh, in an environment of nothing but what it was told. */
async function shell(line: string, env: Record<string, string>) {
	const { spawn } = await import("node:child_process");
	const child = spawn("/bin/sh", ["-c", line], { env, stdio: ["ignore", "pipe", "pipe"] });
	const said = { out: "", err: "" };
	child.stdout.on("data", (data) => {
		said.out += data;
	});
	child.stderr.on("data", (data) => {
		said.err += data;
	});
	const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
	return { code, ...said };
}
/** The script forgets what its rules do not keep: of an hour, all but the last. */
const newest = async () => (await snapshots()).at(-1)?.id;
const snapshots = async () => (await Repository.open(new DirectorySink(at("R")))).snapshots();

test("the lines of the crontab make a snapshot, say nothing, and complain where there is none", async () => {
	const lines = (await text("crontab")).split("\n").filter((line) => /^[0-9]/.test(line));
	const commands = lines.map((line) => {
		const [, command] = /^(?:\S+\s+){5}(.*)$/.exec(line) ?? [];
		return (command as string).replace("/usr/local/lib/canister-blobs/", `${EXAMPLES}/`);
	});
	const [backupLine, watchLine] = commands as [string, string];
	expect(await shell(watchLine, environment())).toMatchObject({
		code: 3,
		err: expect.stringMatching(/no snapshot/),
	});
	expect(await shell(`sh ${backupLine}`, environment())).toEqual({ code: 0, out: "", err: "" });
	expect(await shell(watchLine, environment())).toEqual({ code: 0, out: "", err: "" });
	expect(await snapshots()).toMatchObject([{ blobs: 1, missing: 0 }]);
	// What fails is told, and ends with a code.
	const failed = await shell(`sh ${backupLine}`, environment({ CANISTER: "2vxsx-fae" }));
	expect(failed.code).toBe(1);
	expect(failed.err).not.toBe("");
});

const hasSystemd = spawnSync("systemd-analyze", ["--version"]).status === 0;
test.skipIf(!hasSystemd)("systemd takes the units, and the timer's times", async () => {
	for (const name of ["canister-blobs-backup.service", "canister-blobs-backup.timer"])
		await writeFile(at(name), await text(name));
	const verified = spawnSync(
		"systemd-analyze",
		["verify", "--man=no", at("canister-blobs-backup.service"), at("canister-blobs-backup.timer")],
		{ encoding: "utf8" },
	);
	const about = verified.stderr.split("\n").filter((line) => line.includes("canister-blobs-backup"));
	expect(about).toEqual([]);
	const [, times] = /OnCalendar=(.*)/.exec(await text("canister-blobs-backup.timer")) ?? [];
	execFileSync("systemd-analyze", ["calendar", times as string]);
});

test("what systemd starts makes a snapshot", async () => {
	const [, line] = /ExecStart=(.*)/.exec(await text("canister-blobs-backup.service")) ?? [];
	const before = await newest();
	const started = (line as string).replace("/usr/local/lib/canister-blobs/", `${EXAMPLES}/`);
	expect(await shell(started, environment())).toEqual({ code: 0, out: "", err: "" });
	expect(await newest()).not.toBe(before);
});

describe("the workflow", () => {
	const parsed = async (content: string) =>
		parseWorkflow({ name: "backup.yml", content }, new NoOperationTraceWriter());

	test("is one, by the parser of GitHub", async () => {
		const content = await text("github-actions.yml");
		expect((await parsed(content)).context.errors.getErrors()).toEqual([]);
		const wrong = await parsed(content.replace("runs-on:", "runs-under:"));
		expect(wrong.context.errors.getErrors()).not.toEqual([]);
	});

	test("writes its key for nobody else, and its backup makes a snapshot", async () => {
		const content = await text("github-actions.yml");
		const runs = [...content.matchAll(/^ +run: (.*)$/gm)].map(([, line]) => line as string);
		const [key, make] = [runs.find((line) => line.includes("key.pem")), runs.at(-1)];
		const pem = await readFile(at("key.pem"), "utf8");
		const home = at("checkout");
		await mkdir(join(home, "scripts"), { recursive: true });
		await writeFile(join(home, "scripts/backup.sh"), await text("backup.sh"));
		expect(await shell(`cd ${home} && ${key}`, environment({ KEY: pem }))).toMatchObject({
			code: 0,
			out: "",
		});
		expect(execFileSync("stat", ["-c", "%a", join(home, "key.pem")], { encoding: "utf8" })).toBe("600\n");
		const before = await newest();
		const env = environment({ CANISTER_BLOBS_IDENTITY: "key.pem" });
		expect(await shell(`cd ${home} && ${make}`, env)).toEqual({ code: 0, out: "", err: "" });
		expect(await newest()).not.toBe(before);
	});
});

test("a worker takes a snapshot at each interval, tells what fails, and ends by its signal", async () => {
	const controller = new AbortController();
	const told: string[] = [];
	const sink = new DirectorySink(at("R"));
	const create = sink.create.bind(sink);
	let isFull = true;
	sink.create = (name, bytes) => {
		if (!isFull || !name.startsWith("generations/")) return create(name, bytes);
		isFull = false;
		return Promise.reject(new Error("no space left"));
	};
	await work({
		...{ sink, client: blobs, canister: fixture.canisterId.toText(), everyMs: 10, signal: controller.signal },
		tell: ({ type }) => {
			if (told.push(type) === 3) controller.abort();
		},
	});
	expect(told).toEqual(["failed", "made", "made"]);
});

test("from nothing: a new canister holds what the last snapshot has, and is backed up without a byte", async () => {
	await blobs.upload(Buffer.from("more"), { key: "dir/more" }).done;
	expect(await shell(`sh ${EXAMPLES}/backup.sh`, environment())).toMatchObject({ code: 0 });
	const canisterId = await deployCanister(fixture.agent, fixture.wasm);
	const recovered = await shell(`sh ${EXAMPLES}/recover.sh`, environment({ NEW: canisterId.toText() }));
	expect(recovered).toMatchObject({ code: 0, out: expect.stringMatching(/2 restored.*the store is live/) });
	expect(recovered.out).toMatch(/recovered|0 KiB fetched/);
	const restored = new BlobClient({ agent: fixture.agent, canisterId, localNetwork: true });
	expect(Buffer.from(await restored.download("dir/more").bytes()).toString()).toBe("more");
	expect((await snapshots()).at(-1)).toMatchObject({ tags: ["recovered"], blobs: 2 });
});
