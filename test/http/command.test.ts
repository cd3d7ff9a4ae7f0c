import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { linkFor } from "../../src/cli/link-for.js";
import { serve } from "../../src/cli/serve.js";
import { Encryption, KeyFile, MasterKey } from "../../src/encryption/index.js";
import { keyIn } from "../backup/support/command.js";
import { pseudoBytes } from "../client/support/memory-store.js";
import { startCommand } from "../support/command.js";
import { openScene, type Scene, until } from "./served.js";

/** `canister-blobs serve` and `link-for`, as processes. */

const SECRET = "0123456789abcdef0123456789abcdef";
/** More than the system holds between a server and a reader that reads nothing. */
const LARGE = Buffer.alloc(32 << 20, pseudoBytes(4_099));

let scene: Scene;
let folder: string;
let running: ChildProcess | undefined;
beforeAll(async () => {
	// Real signatures: another process verifies them.
	scene = await openScene({ signatures: "bls" });
	folder = await mkdtemp(join(tmpdir(), "canister-blobs-serve-"));
	const { identity } = await keyIn(join(folder, "key.pem"));
	await writeFile(join(folder, "secret"), `${SECRET}\n`);
	await scene.owner.admin.grantRole(identity.getPrincipal(), "reader");
	await scene.put("public", LARGE.subarray(0, 1_000));
	await scene.put("private", LARGE.subarray(0, 100), { visibility: "private" });
	await scene.owner.upload(LARGE, { key: "large", visibility: "public", chunkBytes: 1 << 20 }).done;
});
afterEach(() => void running?.kill("SIGKILL"));
afterAll(async () => {
	await scene?.dispose();
	await rm(folder, { recursive: true, force: true });
});

const place = () => [
	"--canister",
	scene.fixture.canisterId.toText(),
	"--host",
	scene.fixture.network.url,
	"--local",
];
const rights = () => ["--identity", join(folder, "key.pem"), "--link-secret", join(folder, "secret")];

async function start(...args: string[]) {
	const server = startCommand(["serve", "-l", "0", "--admin", "127.0.0.1:0", ...place(), ...args]);
	const { child, said } = server;
	running = child;
	const lines = () =>
		said.out
			.split("\n")
			.filter(Boolean)
			.map((line) => JSON.parse(line) as Record<string, string>);
	await until(() => said.out.includes("\n") || child.exitCode !== null, 20_000);
	const [listening] = lines();
	if (listening === undefined) throw new Error(said.err);
	return { ...server, lines, url: listening.url!, admin: listening.admin! };
}

/** What the program says that ends by itself. */
async function run(args: readonly string[], environment: Record<string, string>) {
	const { said, ended } = startCommand(args, environment);
	const [code] = await ended;
	return { code, ...said };
}

describe("canister-blobs serve", () => {
	test("C123 opens blobs when it has the key file and what opens that, and says so of no secret", async () => {
		const masterKey = await MasterKey.random();
		await writeFile(
			join(folder, "key-file"),
			`${await KeyFile.wrap(masterKey, { passphrase: SECRET, logN: 14 })}`,
		);
		const identity = Ed25519KeyIdentity.generate();
		await scene.owner.admin.grantRole(identity.getPrincipal(), "writer");
		const sealing = await scene.client(identity, {
			encryption: await Encryption.of({ masterKey, names: true }),
		});
		await sealing.upload(LARGE.subarray(0, 300_000), {
			key: "sealed/film.mp4",
			visibility: "public",
			contentType: "video/mp4",
		}).done;
		const opening = ["--key-file", join(folder, "key-file"), "--encrypted-names"];
		const server = await start(...opening, "--passphrase-file", join(folder, "secret"));
		const whole = await fetch(`${server.url}/sealed/film.mp4`);
		expect([whole.status, whole.headers.get("content-type")]).toEqual([200, "video/mp4"]);
		expect(Buffer.compare(Buffer.from(await whole.arrayBuffer()), LARGE.subarray(0, 300_000))).toBe(0);
		const range = { headers: { Range: "bytes=299990-" } };
		const part = await fetch(`${server.url}/sealed/film.mp4`, range);
		expect([part.status, part.headers.get("content-range")]).toEqual([206, "bytes 299990-299999/300000"]);
		expect(Buffer.compare(Buffer.from(await part.arrayBuffer()), LARGE.subarray(299_990, 300_000))).toBe(0);
		expect(server.said.out + server.said.err).not.toContain(SECRET);
		server.child.kill("SIGTERM");
		expect(await server.ended).toEqual([0, null]);

		const keyless = await start();
		expect((await fetch(`${keyless.url}/sealed/film.mp4`)).status).toBe(404);
		keyless.child.kill("SIGTERM");
		await keyless.ended;
		const locked = await run(["serve", "-l", "0", ...place(), ...opening], {});
		expect(locked.code).not.toBe(0);
		expect(locked.err).toMatch(/key/);
	});

	test("serves public blobs, and private ones to who has a link", async () => {
		const server = await start(
			...rights(),
			"--cache",
			join(folder, "cache"),
			"--prefix",
			"/files/",
			"--cors",
			"*",
			"--fresh",
			"5",
		);
		const answer = await fetch(`${server.url}/files/public`, { headers: { Range: "bytes=10-19" } });
		expect([answer.status, answer.headers.get("access-control-allow-origin")]).toEqual([206, "*"]);
		expect(Buffer.from(await answer.arrayBuffer()).equals(LARGE.subarray(10, 20))).toBe(true);
		expect((await fetch(`${server.url}/files/private`)).status).toBe(404);

		const id = scene.fixture.canisterId.toText();
		const base = `${server.url}/files/`;
		const made = await run(["link-for", "private", "--canister", id, "--until", "1h", "--base", base], {
			CANISTER_BLOBS_LINK_SECRET: SECRET,
		});
		expect([made.code, made.err]).toEqual([0, ""]);
		const link = made.out.trim();
		const mine = await fetch(link);
		expect([mine.status, mine.headers.get("cache-control")]).toEqual([200, "private, no-store"]);
		expect(Buffer.from(await mine.arrayBuffer()).equals(LARGE.subarray(0, 100))).toBe(true);

		const metrics = await fetch(`${server.admin}/metrics`);
		expect(metrics.headers.get("content-type")).toContain("text/plain");
		expect(await metrics.text()).toContain(
			'canister_blobs_serve_requests_total{method="GET",status="206"} 1',
		);
		expect(await (await fetch(`${server.admin}/healthz`)).text()).toBe("ok\n");
		expect((await fetch(`${server.url}/metrics`)).status).toBe(404);

		server.child.kill("SIGTERM");
		expect(await server.ended).toEqual([0, null]);
		expect(server.said.err).toBe("");
		const requests = server.lines().filter(({ event }) => event === "request");
		expect(requests.slice(0, 3)).toMatchObject([
			{ method: "GET", path: "/files/public", status: 206, bytes: 10, end: "done", from: "127.0.0.1" },
			{ path: "/files/private", status: 404 },
			{ path: "/files/private", status: 200 },
		]);
		for (const secret of [SECRET, new URL(link).searchParams.get("signature")!])
			expect(server.said.out).not.toContain(secret);
	});

	test("ends by SIGTERM when answers under way are out, and takes no new connection meanwhile", async () => {
		const server = await start();
		const { hostname, port } = new URL(server.url);
		const slow = connect(Number(port), hostname);
		slow.write("GET /large HTTP/1.1\r\nHost: blobs\r\n\r\n");
		await once(slow, "readable");
		await fetch(`${server.url}/public`);
		server.child.kill("SIGTERM");
		await until(() => server.said.out.includes('"ending"'));
		await expect(fetch(`${server.url}/public`)).rejects.toThrow();
		expect(server.child.exitCode).toBeNull();
		let received = 0;
		for await (const part of slow) received += (part as Buffer).length;
		expect(received).toBeGreaterThan(LARGE.length);
		expect(await server.ended).toEqual([0, null]);
		expect(server.lines().slice(-2)).toMatchObject([
			{ path: "/large", end: "done", bytes: LARGE.length },
			{ event: "ended" },
		]);
	});

	test("cuts answers that take longer than the time of grace", async () => {
		const server = await start("--grace", "0");
		const { hostname, port } = new URL(server.url);
		const slow = connect(Number(port), hostname);
		slow.write("GET /large HTTP/1.1\r\nHost: blobs\r\n\r\n");
		slow.on("error", () => {});
		await once(slow, "readable");
		server.child.kill("SIGTERM");
		expect(await server.ended).toEqual([0, null]);
		expect(server.lines()).toContainEqual(expect.objectContaining({ path: "/large", end: "gone" }));
	});
});

describe("a command line that is wrong", () => {
	const SERVE = ["serve", "--canister", "aaaaa-aa"];
	const LINK = ["link-for", "a", "--canister", "aaaaa-aa"];
	const SIGNED = [...LINK, "--link-secret", "{secret}"];

	test.each([
		["serve without a store", ["serve"], "--canister"],
		["serve at no port", [...SERVE, "-l", "here"], "--listen"],
		["an identity without a secret", [...SERVE, "--identity", "{key}"], "--link-secret"],
		["a secret without an identity", [...SERVE, "--link-secret", "{secret}"], "--identity"],
		["a size that is none", [...SERVE, "--memory", "1XB"], "--memory"],
		["a prefix that is none", [...SERVE, "--prefix", "files"], "prefix"],
		["a small cache", [...SERVE, "--cache", "{cache}", "--cache-size", "1MiB"], "cache.maxBytes"],
		["link-for without a time", SIGNED, "--until"],
		["link-for a time that was", [...SIGNED, "--until", "2020-01-01"], "--until"],
		["link-for a time without a zone", [...SIGNED, "--until", "2099-01-01T10:00"], "--until"],
		["link-for without a secret", [...LINK, "--until", "1h"], "--link-secret"],
		["link-for a base without a slash", [...LINK, "--until", "1h", "--base", "https://a"], "--base"],
	])("is refused: %s", async (_, [name, ...args], said) => {
		const paths = {
			"{key}": join(folder, "key.pem"),
			"{secret}": join(folder, "secret"),
			"{cache}": join(folder, "c"),
		};
		const command = name === "serve" ? serve : linkFor;
		const error = await command.run(args.map((arg) => paths[arg as keyof typeof paths] ?? arg)).then(
			() => undefined,
			(thrown: Error) => thrown,
		);
		expect([error?.name, error?.message]).toEqual(["UsageError", expect.stringContaining(said)]);
	});
});
