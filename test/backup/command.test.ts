import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { BlobClient } from "../../src/client/node/index.js";
import { newId, ok, openStore, type StoreFixture } from "../support/store.js";
import { keyIn, start as startCommand } from "./support/command.js";
import { ACCESS, startS3 } from "./support/s3-server.js";

/** The commands in processes of their own, with a real canister over HTTP, files, and SIGKILL. */

const exec = promisify(execFile);

vi.setConfig({ testTimeout: 180_000 });

let fixture: StoreFixture;
let blobs: BlobClient;
let folder: string;
let keyFile: string;
let secret: string;
/** Chunks that are answered before the others; these wait for `release`. */
let chunksToCome = Number.POSITIVE_INFINITY;
let release = () => {};
let held = Promise.resolve();

beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "canister-blobs-command-"));
	keyFile = join(folder, "key.pem");
	const { identity: signer, secret: pem } = await keyIn(keyFile);
	secret = pem;
	fixture = await openStore({
		middleware: async (request, next) => {
			const reply = await next(request);
			if (reply.body.length > 1_000_000 && --chunksToCome < 0) await held;
			return reply;
		},
	});
	const grant = { id: newId(), who: signer.getPrincipal(), role: { backup: null } };
	ok(await fixture.store.blobs_grant_role(grant));
	blobs = new BlobClient({ agent: fixture.agent, canisterId: fixture.canisterId, localNetwork: true });
});
afterAll(async () => {
	await fixture?.dispose();
	await rm(folder, { recursive: true, force: true });
});

const start = (args: readonly string[], environment: Record<string, string> = {}) =>
	startCommand(args, { CANISTER_BLOBS_REPOSITORY: join(folder, "repository"), ...environment });
const run = (...args: string[]) => start(args).ended;
const store = () => ["--canister", fixture.canisterId.toText(), "--host", fixture.network.url, "--local"];
const backup = (...args: string[]) => ["backup", ...store(), "--identity", keyFile, "--json", ...args];

const large = randomBytes(12 * 2_080_768 + 5);
const digest = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

async function files(directory: string): Promise<string[]> {
	const found = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
	return found.filter((each) => each.isFile()).map((each) => join(each.parentPath, each.name));
}

test("a store is backed up, through SIGKILL, and restored; sha256sum verifies what lies in the repository", async () => {
	await blobs.upload(large, { key: "films/large.bin" }).done;
	const small = Array.from({ length: 40 }, (_, index) => ({
		key: `small/${index}`,
		source: randomBytes(2_000 + index),
	}));
	await blobs.uploadMany(small).done;
	expect(await run("backup", ...store(), "--identity", keyFile)).toMatchObject({ code: 10 });
	expect(await run("init")).toMatchObject({ code: 0 });
	expect(await run("init", "--json")).toMatchObject({
		code: 1,
		last: { type: "error", code: "repository_exists" },
	});

	// Killed once two chunks are there, of which no more than four come before.
	chunksToCome = 4;
	held = new Promise((resolve) => {
		release = resolve;
	});
	const killed = start(backup());
	const chunks = join(folder, "repository/chunks");
	while ((await files(chunks)).length < 2) await new Promise((resolve) => setTimeout(resolve, 2));
	killed.child.kill("SIGKILL");
	expect((await killed.ended).code).toBeNull();
	const kept = (await files(chunks)).length;
	expect(kept).toBeLessThan(12);
	chunksToCome = Number.POSITIVE_INFINITY;
	release();

	const made = await start(backup("--tag", "nightly")).ended;
	expect(made).toMatchObject({
		code: 0,
		last: {
			type: "summary",
			exitCode: 0,
			snapshot: { blobs: 41, missing: 0, tags: ["nightly"] },
			settingsComplete: true,
		},
	});
	expect(Number(made.last.reusedBytes)).toBeGreaterThanOrEqual(kept * 2_080_768);
	// C57: the hash of the module that the canister runs is recorded.
	expect(made.last.wasmHash).toBe(digest(fixture.wasm));

	for (const path of [...(await files(chunks)), ...(await files(join(folder, "repository/packs")))]) {
		const { stdout } = await exec("sha256sum", [path]);
		expect(stdout.slice(0, 64)).toBe(basename(path).slice(0, 64));
	}

	const target = join(folder, "restored");
	expect(await run("restore", "latest", "--to", target, "--json")).toMatchObject({
		code: 0,
		last: { restored: 41, failed: 0, missing: 0 },
	});
	expect((await exec("sha256sum", [join(target, "films/large.bin")])).stdout.slice(0, 64)).toBe(
		digest(large),
	);
	for (const { key, source } of small)
		expect(Buffer.compare(await readFile(join(target, key)), source), key).toBe(0);
	await writeFile(join(target, "small/7"), "mine");
	const again = await run("restore", "latest", "--to", target, "--json");
	expect(again).toMatchObject({ code: 3, last: { unchanged: 40, failed: 1, exitCode: 3 } });
	expect(again.lines).toContainEqual(expect.objectContaining({ type: "failed", key: "small/7" }));
	expect(await readFile(join(target, "small/7"), "utf8")).toBe("mine");
});

test("the next snapshot costs what changed; it is looked into, verified against the store, and the old is freed", async () => {
	await blobs.delete("small/1");
	await blobs.upload(new TextEncoder().encode("new"), { key: "small/new", contentType: "text/plain" }).done;
	const made = await start(backup()).ended;
	expect(made).toMatchObject({ code: 0, last: { changes: 2, fetchedBytes: 3, method: "feed" } });
	expect(Number(made.last.writtenBytes)).toBeLessThan(60_000);
	const listed = await run("snapshots", "--json", "--max-age", "1h");
	expect(listed).toMatchObject({ code: 0, last: { count: 2 } });
	const [first, second] = listed.lines.map(({ id }) => String(id)) as [string, string];
	expect(await run("diff", first, second.slice(0, 8))).toMatchObject({
		code: 0,
		out: '- "small/1"\n+ "small/new"\n1 added, 1 removed, 0 with other bytes, 0 with other metadata\n',
	});
	expect(await run("cat", "small/new", "--snapshot", "latest")).toMatchObject({ code: 0, out: "new" });
	expect(await run("cat", "small/1", "--snapshot", "latest")).toMatchObject({ code: 1, out: "" });
	expect((await run("ls", "small/n", "--snapshot", "latest", "--json")).lines[0]).toMatchObject({
		type: "blob",
		key: "small/new",
		size: 3,
		contentType: "text/plain",
	});
	expect(await run("verify", ...store(), "--identity", keyFile, "--json")).toMatchObject({
		code: 0,
		last: { snapshots: 2, damages: 0, sameAsStore: 41 },
	});
	expect(await run("forget", "--keep-last", "1", "--json")).toMatchObject({
		code: 0,
		last: { forgotten: 1, kept: 1 },
	});
	expect(await run("prune", "--grace", "0", "--json")).toMatchObject({ code: 0 });
	expect(await run("verify", "--json")).toMatchObject({ code: 0, last: { snapshots: 1, damages: 0 } });

	const [path] = await files(join(folder, "repository/chunks"));
	const bytes = await readFile(path as string);
	bytes[5]! ^= 1;
	await writeFile(path as string, bytes);
	const damaged = await run("verify", "--json");
	expect(damaged).toMatchObject({ code: 1, last: { type: "summary", exitCode: 1 } });
	expect(damaged.lines).toContainEqual(expect.objectContaining({ type: "damage", key: "films/large.bin" }));
});

describe("for scripts and cron", () => {
	test("quiet prints nothing where all is well, and a late snapshot is told all the same", async () => {
		const repository = { CANISTER_BLOBS_REPOSITORY: join(folder, "quiet") };
		expect(await start(["init", "-q"], repository).ended).toMatchObject({ code: 0, out: "", err: "" });
		expect(await start(["snapshots", "-q"], repository).ended).toMatchObject({ code: 0, out: "", err: "" });
		const late = await start(["snapshots", "-q", "--max-age", "26h"], repository).ended;
		expect(late).toMatchObject({ code: 3, out: "", err: "no snapshot: over 26h\n" });
	});

	test("a bucket is a repository as well, with its keys from the environment", async () => {
		const server = await startS3("bucket");
		try {
			const { accessKeyId, secretAccessKey, region } = ACCESS;
			const environment = {
				CANISTER_BLOBS_REPOSITORY: "s3://bucket/backups/store",
				AWS_ENDPOINT_URL_S3: server.endpoint,
				AWS_ACCESS_KEY_ID: accessKeyId,
				AWS_SECRET_ACCESS_KEY: secretAccessKey,
				AWS_REGION: region,
			};
			for (const command of [["init"], backup(), ["verify", "--json"]]) {
				const { code, out, err } = await start(command, environment).ended;
				expect({ code, err }, command[0]).toEqual({ code: 0, err: "" });
				expect(out).not.toContain(secretAccessKey);
			}
			expect([...server.objects.keys()].every((name) => name.startsWith("backups/store/"))).toBe(true);
			const keyless = await start(["snapshots"], { ...environment, AWS_SECRET_ACCESS_KEY: "" }).ended;
			expect(keyless.code).toBe(2);
		} finally {
			await server.close();
		}
	});

	test("C52 a secret is in no line that is printed, and errors say what to do", async () => {
		const refused = await start(["backup", ...store(), "--json"]).ended;
		expect(refused).toMatchObject({ code: 1, last: { type: "error", exitCode: 1 } });
		const wrong = await start(backup("--host", "http://127.0.0.1:1", "--nothing")).ended;
		expect(wrong).toMatchObject({ code: 2, last: { type: "error", exitCode: 2, code: "usage" } });
		const all = JSON.stringify([refused, wrong]);
		for (const line of secret.split("\n").slice(1, -2)) expect(all).not.toContain(line);
	});

	test.each([
		["backup", "--canister", "nonsense"],
		["restore", "latest"],
		["prune", "--grace", "soon"],
	])("%s %s %s: a wrong command line is told as one", async (...args) => {
		const { code, err } = await run(...args);
		expect(code).toBe(2);
		expect(err).toContain("--help");
	});
});

describe("a backup in maintenance that is ended from outside", () => {
	const atMode = async (wanted: string) => {
		while ((await blobs.mode({ trust: "subnet" })).mode !== wanted)
			await new Promise((resolve) => setTimeout(resolve, 20));
	};
	/** A new repository, so that there are chunks to wait for. */
	const made = async (name: string) => {
		const repository = { CANISTER_BLOBS_REPOSITORY: join(folder, name) };
		expect(await start(["init"], repository).ended).toMatchObject({ code: 0 });
		return repository;
	};
	const holdChunks = () => {
		chunksToCome = 0;
		held = new Promise((resolve) => {
			release = resolve;
		});
	};
	const letChunks = () => {
		chunksToCome = Number.POSITIVE_INFINITY;
		release();
	};

	beforeAll(async () => {
		const { identity } = await keyIn(join(folder, "administrator.pem"));
		ok(
			await fixture.store.blobs_grant_role({
				id: newId(),
				who: identity.getPrincipal(),
				role: { admin: null },
			}),
		);
		await blobs.upload(large, { key: "films/for maintenance" }).done;
	});
	const administrators = (...args: string[]) => {
		const identity = ["--identity", join(folder, "administrator.pem")];
		return ["backup", ...store(), ...identity, "--hold", "maintenance", "--json", ...args];
	};

	test.each(["SIGINT", "SIGTERM"] as const)(
		"by %s, while it fetches: the store is live again",
		async (signal) => {
			const repository = await made(`by-${signal}`);
			holdChunks();
			const running = start(administrators(), repository);
			await atMode("maintenance");
			running.child.kill(signal);
			const { code, last } = await running.ended;
			expect(code).not.toBe(0);
			expect(last).toMatchObject({ type: "error" });
			expect((await blobs.mode({ trust: "subnet" })).mode).toBe("live");
			expect(await files(join(folder, `by-${signal}`, "modes"))).toEqual([]);
			letChunks();
		},
	);

	test("by SIGTERM, while an upload stays open: the store is live again", async () => {
		const repository = await made("by-drain");
		const open = await blobs.prepareUpload(large.subarray(0, 3_000_000), { key: "open" }).done;
		const running = start(administrators(), repository);
		await atMode("draining");
		running.child.kill("SIGTERM");
		expect((await running.ended).code).not.toBe(0);
		expect((await blobs.mode({ trust: "subnet" })).mode).toBe("live");
		await blobs.batch([{ type: "commit", upload: open }]);
		expect(await blobs.stat("open")).toMatchObject({ size: 3_000_000 });
	});

	test("by SIGKILL: the next one, which needs no maintenance itself, has it live again", async () => {
		const repository = await made("by-kill");
		holdChunks();
		const running = start(administrators(), repository);
		await atMode("maintenance");
		running.child.kill("SIGKILL");
		expect((await running.ended).code).toBeNull();
		letChunks();
		expect((await blobs.mode({ trust: "subnet" })).mode).toBe("maintenance");
		expect(await start(administrators("--hold", "lease"), repository).ended).toMatchObject({
			code: 0,
			last: { type: "summary", exitCode: 0 },
		});
		expect((await blobs.mode({ trust: "subnet" })).mode).toBe("live");
	});
});
