import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ls, whoami } from "../../src/cli/blobs/look.js";
import { isAlive } from "../../src/cli/connect/running.js";
import { runCommand } from "../support/in-process.js";

/** `--network local` without a running network: one error that explains it, and how to start one. */

let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "canister-blobs-none-"));
	vi.spyOn(process, "cwd").mockReturnValue(folder);
});
afterEach(() => {
	vi.restoreAllMocks();
	rmSync(folder, { recursive: true });
});

const START =
	/Start one with: canister-blobs network --background --install store\.wasm --controller PRINCIPAL/;

const LOCAL_ELSEWHERE = { networks: { local: { bind: "127.0.0.1:1" } } };

test.each<[string, string[], object | undefined]>([
	["without a canister", [], undefined],
	["with a name that nothing knows", ["-c", "store"], undefined],
	["with an id, where the default of dfx does not answer", ["-c", "aaaaa-aa"], LOCAL_ELSEWHERE],
	["with the project that build makes", [], { canisters: { store: { type: "custom" } } }],
	["with a name in that project", ["-c", "store"], { canisters: { store: { type: "custom" } } }],
])("C149 %s", async (_, args, dfx) => {
	if (dfx !== undefined) writeFileSync(join(folder, "dfx.json"), JSON.stringify(dfx));
	const { last } = await runCommand(ls, "-n", "local", ...args, "--json");
	expect(last).toMatchObject({ exitCode: 1, code: "no_local_network" });
	expect(last.message).toMatch(/^no local network runs in this folder or above\./);
	expect(last.message).toMatch(START);
});

test("C149 one that is gone is named with its log and the last line of it", async () => {
	mkdirSync(join(folder, ".canister-blobs"));
	// Of no process: numbers end below.
	const note = { pid: 2 ** 30, url: "http://127.0.0.1:1/", rootKey: "", canisters: [] };
	writeFileSync(join(folder, ".canister-blobs/network.json"), JSON.stringify(note));
	const said = async () => (await runCommand(ls, "-n", "local", "--json")).last.message as unknown as string;
	expect(await said()).toMatch(/is gone \(it was process 1073741824, at http.*It left no log\. Start one/);
	const log = join(folder, ".canister-blobs/network.log");
	writeFileSync(log, "2026-12-01T03:00:00.000Z started\nuse: --network local\n");
	expect(await said()).toContain(
		`Its log ${log} ends with: use: --network local (it was killed: it could not say`,
	);
	const end = "2026-12-01T03:06:00.000Z ended with exit code 0: SIGTERM";
	writeFileSync(log, `2026-12-01T03:00:00.000Z started\n${end}\n`);
	expect(await said()).toContain(`Its log ${log} ends with: ${end}. Start one`);
	// Who asks no store needs no network.
	expect(await runCommand(whoami, "-n", "local")).toMatchObject({ code: 0 });
});

test("C149 a process is not alive that has ended and that its parent has not asked about", async () => {
	const { spawn } = await import("node:child_process");
	// The shell never asks about the program in its background, which has ended when its output has.
	const shell = spawn("sh", ["-c", "sleep 0 & echo $!; exec sleep 1000"], {
		stdio: ["ignore", "pipe", "ignore"],
	});
	const pid = await new Promise<number>((resolve) =>
		shell.stdout.once("data", (data) => resolve(Number(String(data)))),
	);
	await expect.poll(() => isAlive(pid), { timeout: 30_000 }).toBe(false);
	expect(() => process.kill(pid, 0)).not.toThrow();
	expect(isAlive(shell.pid!)).toBe(true);
	shell.kill();
});
