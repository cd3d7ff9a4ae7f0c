/** `canister-blobs network`: the network in a process of its own. */
import type { ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Principal } from "@dfinity/principal";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { startCommand } from "../support/command.js";
import { callCanister } from "./support/call.js";
import { agentFor, deploy, manage, testIdentity } from "./support/deploy.js";
import { probe } from "./support/wat.js";

const directory = mkdtempSync(join(tmpdir(), "canister-blobs-network-"));
let running: ChildProcess | undefined;

afterEach(() => void running?.kill("SIGKILL"));
afterAll(() => rmSync(directory, { recursive: true }));

function start(...args: string[]) {
	const network = startCommand(["network", ...args]);
	running = network.child;
	return network;
}

async function address({ said, ended }: ReturnType<typeof start>) {
	const printed = new Promise<void>((resolve) => {
		const timer = setInterval(() => {
			if (!said.out.includes("root key")) return;
			clearInterval(timer);
			resolve();
		}, 20);
		void ended.then(() => clearInterval(timer));
	});
	await Promise.race([printed, ended]);
	const match = /^url: (\S+)\nroot key: ([0-9a-f]{266})\n$/.exec(said.out);
	if (!match) throw new Error(`unexpected output: ${said.out}${said.err}`);
	return { url: match[1]!, rootKey: Buffer.from(match[2]!, "hex") };
}

describe("canister-blobs network", () => {
	test.each(["SIGINT", "SIGTERM"] as const)("answers agents, and ends with 0 by %s", async (signal) => {
		const blocks = join(directory, `${signal}.jsonl`);
		const network = start("--blocks", blocks, "--seed", "command");
		const agent = await agentFor(await address(network));
		const id = await deploy(agent, await probe());
		const reply = await callCanister(agent, id, "echo", Buffer.from("hello"));
		expect(Buffer.from(reply).toString()).toBe("hello");
		network.child.kill(signal);
		expect(await network.ended).toEqual([0, null]);
		expect(network.said.err).toBe("");
		const lines = readFileSync(blocks, "utf8").trim().split("\n");
		const last = lines
			.map((line) => JSON.parse(line))
			.filter(({ ingressMessages }) => ingressMessages > 0)
			.at(-1);
		expect(last).toMatchObject({
			height: expect.any(Number),
			time: expect.stringMatching(/^\d+$/),
			ingress: [{ canister: id.toText(), method: "echo", bytes: last.ingressBytes }],
		});
	});

	test("installs a file, and has the same root key and ids at the next start", async () => {
		const wasm = join(directory, "probe.wasm");
		writeFileSync(wasm, await probe());
		const identity = testIdentity(1);
		const args = ["--install", wasm, "--install", wasm, "--controller", identity.getPrincipal().toText()];
		const printed = async () => {
			const network = start(...args, "--json");
			await expect.poll(() => network.said.out, { timeout: 20_000 }).toContain("\n");
			return { network, ...JSON.parse(network.said.out) };
		};
		const first = await printed();
		const agent = await agentFor({ url: first.url, rootKey: Buffer.from(first.rootKey, "hex") }, identity);
		for (const id of first.canisters) {
			const reply = await callCanister(agent, Principal.fromText(id), "echo", Buffer.from("hello"));
			expect(Buffer.from(reply).toString()).toBe("hello");
			const canister_id = Principal.fromText(id);
			expect(await manage(agent, "canister_status", { canister_id })).toMatchObject({ version: 2n });
		}
		first.network.child.kill("SIGTERM");
		await first.network.ended;
		const second = await printed();
		expect([second.rootKey, second.canisters]).toEqual([first.rootKey, first.canisters]);
		expect(new Set(first.canisters).size).toBe(2);
		second.network.child.kill("SIGTERM");
		await second.network.ended;
	});

	test("runs in the background until it is stopped; other commands find it in the folder", async () => {
		const folder = mkdtempSync(join(directory, "project-"));
		const wasm = join(folder, "probe.wasm");
		writeFileSync(wasm, await probe());
		const runIn = async (cwd: string, ...args: string[]) => {
			const { said, ended } = startCommand(["network", ...args], {}, { cwd });
			const [code] = await ended;
			return { code, ...said };
		};
		const run = (...args: string[]) => runIn(folder, ...args);
		const controller = testIdentity(1).getPrincipal().toText();
		const started = await run("--background", "--install", wasm, "--controller", controller);
		expect(started).toMatchObject({ code: 0, err: "" });
		const [, url, id] =
			/^url: (\S+)\nroot key: \w+\ncanister: (\S+)\nuse: --network local --canister probe\n$/.exec(
				started.out,
			)!;
		const note = JSON.parse(readFileSync(join(folder, ".canister-blobs/network.json"), "utf8"));
		expect(note).toMatchObject({ url, canisters: [{ name: "probe", id }] });
		running = { kill: () => process.kill(note.pid, "SIGKILL") } as unknown as ChildProcess;
		expect((await fetch(`${url}/api/v2/status`)).status).toBe(200);
		expect(await run("--background")).toMatchObject({ code: 1, err: expect.stringContaining("already") });
		const log = () => readFileSync(join(folder, ".canister-blobs/network.log"), "utf8");
		expect(log()).toContain(` started: process ${note.pid}\n`);
		// As when the terminal is closed from which it was started.
		process.kill(note.pid, "SIGHUP");
		await expect.poll(log).toMatch(/^\S+Z SIGHUP: went on$/m);
		expect((await fetch(`${url}/api/v2/status`)).status).toBe(200);
		expect(await run("--stop", "--json")).toMatchObject({
			code: 2,
			err: expect.stringMatching(/--stop takes no other option/),
		});
		const elsewhere = mkdtempSync(join(directory, "other-"));
		const taken = await runIn(elsewhere, "--background", "--port", new URL(url!).port);
		expect(taken).toMatchObject({ code: 1, err: expect.stringMatching(/did not start:[\s\S]*is taken/) });
		expect(await run("--stop")).toEqual({ code: 0, out: `stopped the network at ${url}\n`, err: "" });
		running = undefined;
		expect(log()).toMatch(/^\S+Z SIGTERM: ends\n\S+Z ended with exit code 0: SIGTERM\n$/m);
		expect(await run("--stop")).toMatchObject({
			code: 1,
			err: expect.stringMatching(/no local network runs/),
		});
	});

	test.each([
		[["--port", "many"], 2, /^canister-blobs network: --port takes a number up to 65535, not many\n/],
		[["--profile", "moon"], 2, /^canister-blobs network: there is no profile "moon"/],
		[
			["--install", "/nowhere/store.wasm", "--controller", "2vxsx-fae"],
			2,
			/cannot read \/nowhere\/store\.wasm: ENOENT/,
		],
		[["--install", import.meta.filename, "--controller", "nobody"], 2, /"nobody" is not a valid principal/],
		[
			["--install", import.meta.filename, "--controller", "2vxsx-fae"],
			1,
			/did not start:[\s\S]*refused install_code/,
		],
	])("in the background it answers %j with %d and what is wrong", async (args, code, message) => {
		const cwd = mkdtempSync(join(directory, "wrong-"));
		const { said, ended } = startCommand(["network", "--background", ...args], {}, { cwd });
		expect(await ended).toEqual([code, null]);
		expect(said).toEqual({ out: "", err: expect.stringMatching(message) });
	});

	test("in the background it says why it ended where nothing caught an error, and the next start keeps that", async () => {
		const cwd = mkdtempSync(join(directory, "broken-"));
		const preload = join(cwd, "break.mjs");
		writeFileSync(preload, "process.on('SIGUSR2', () => { throw new Error('the probe broke'); });");
		const environment = { NODE_OPTIONS: `--import ${preload}` };
		const run = async (...args: string[]) => {
			const { said, ended } = startCommand(["network", ...args], environment, { cwd });
			return { code: (await ended)[0], ...said };
		};
		expect(await run("--background")).toMatchObject({ code: 0 });
		const { pid } = JSON.parse(readFileSync(join(cwd, ".canister-blobs/network.json"), "utf8"));
		process.kill(pid, "SIGUSR2");
		const log = () => readFileSync(join(cwd, ".canister-blobs/network.log"), "utf8");
		await expect
			.poll(log, { timeout: 20_000 })
			.toMatch(/ended with exit code 1: an error that nothing caught\n$/);
		expect(log()).toMatch(/Z an error that nothing caught: Error: the probe broke\n {4}at /);
		expect(await run("--background")).toMatchObject({ code: 0 });
		expect(log()).toContain("the probe broke");
		expect(await run("--stop")).toMatchObject({ code: 0 });
	});

	test("has the conditions of a profile", async () => {
		const network = start("--profile", "mainnet", "--blocks", join(directory, "empty.jsonl"));
		await address(network);
		// Blocks are made with nothing in them: there is an interval.
		await expect
			.poll(() => readFileSync(join(directory, "empty.jsonl"), "utf8").split("\n").length, {
				timeout: 20_000,
			})
			.toBeGreaterThan(2);
	});

	test.each([
		[["--port", "many"], 2, /--port takes a number up to 65535, not many/],
		[["--profile", "moon"], 2, /no profile "moon": it is one of mainnet, slow-uplink, lossy, throttled/],
		[["--nonsense"], 2, /nonsense/],
		[["--blocks", "/nowhere/blocks"], 1, /ENOENT/],
		[["--install", "/nowhere/store.wasm", "--controller", "2vxsx-fae"], 2, /ENOENT/],
		[["--install", "/nowhere/store.wasm"], 2, /--install and --controller go together/],
		[["--install", import.meta.filename, "--controller", "nobody"], 2, /"nobody" is not a valid principal/],
		[["--install", import.meta.filename, "--controller", "2vxsx-fae"], 1, /refused install_code/],
	])("answers %j with %d and what is wrong", async (args, code, message) => {
		const network = start(...args);
		expect(await network.ended).toEqual([code, null]);
		expect(network.said).toEqual({ out: "", err: expect.stringMatching(message) });
	});

	test("says that a port is taken", async () => {
		const first = start();
		const { url } = await address(first);
		const second = start("--port", new URL(url).port);
		expect(await second.ended).toEqual([1, null]);
		expect(second.said.err).toMatch(/port [0-9]+ is taken/);
		first.child.kill("SIGTERM");
		expect(await first.ended).toEqual([0, null]);
	});
});
