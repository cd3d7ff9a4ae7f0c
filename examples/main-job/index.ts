import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { HttpAgent } from "@dfinity/agent";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import type { MessageRecord } from "canister-blobs/localnet";
import { BlobClient, toFile } from "canister-blobs/node";
import { buildCanister } from "../support/build.js";
import { deployCanister, installWasm } from "../support/deploy.js";
import { openNetwork } from "../support/network.js";
import { UploadBar } from "./bar.js";
import { type Figures, formatTable } from "./table.js";
import { type Done, UploadProcess, uploadTask } from "./upload-process.js";
import type { UploadTask } from "./uploader.js";

/**
 * The main job: uploads a file chunk by chunk, kills the process in the middle, resumes in another one, upgrades the
 * canister meanwhile, and compares the download with the system's sha256sum. `npm start` (scripts/start.mjs) checks the
 * file, compiles and runs it.
 */

const KILL_AT = 0.35;
const UPGRADE_AT = 0.5;
const KEY = "main-job/file";
const FLOOR = 2_000;

const { values, positionals } = parseArgs({
	allowPositionals: true,
	options: { json: { type: "boolean", default: false }, wasm: { type: "string" } },
});
try {
	const figures = await run(positionals[0] ?? process.execPath, values.wasm, values.json);
	console.log(values.json ? JSON.stringify(figures, null, "\t") : `\n${formatTable(figures)}`);
	if (!figures.identical) process.exitCode = 1;
} catch (error) {
	// An agent's errors contain whole certificates, which a console would print byte by byte.
	console.error(`npm start: ${error instanceof Error ? error.message : error}`);
	process.exitCode = 1;
}

async function run(path: string, built: string | undefined, isQuiet: boolean): Promise<Figures> {
	const say = (text: string) => isQuiet || console.log(text);
	const { size } = await stat(path);
	const directory = await mkdtemp(join(tmpdir(), "canister-blobs-"));

	say(
		built === undefined
			? "2. Building the canister: canister-blobs build, about 20 s …"
			: `2. Taking ${built}`,
	);
	const wasm =
		built === undefined
			? await buildCanister(join(import.meta.dirname, "../store"), "store")
			: await readFile(built);
	say("3. Starting a local network and installing the canister …");
	const messages: MessageRecord[] = [];
	const network = await openNetwork({ metering: true, onMessage: (message) => messages.push(message) });
	try {
		const identity = Ed25519KeyIdentity.generate();
		const agent = await network.agent(identity);
		const canisterId = await deployCanister(agent, wasm);
		const uploader = Ed25519KeyIdentity.generate();
		const client = new BlobClient({ agent, canisterId });
		await client.admin.grantRole(uploader.getPrincipal(), "writer");
		say(`   ${canisterId.toText()} at ${network.url}, ${(wasm.length / 1e6).toFixed(1)} MB of Wasm`);
		say(`4. Uploading; the process that does is killed at ${percent(KILL_AT)} …`);
		messages.length = 0;

		const task = uploadTask(network, canisterId, uploader, path, KEY);
		const started = performance.now();
		const bar = new UploadBar(size, isQuiet);
		const done = await uploaded(task, bar, () => installWasm(agent, canisterId, wasm, "upgrade"));
		const uploadSeconds = seconds(started);
		say("5. Downloading as an anonymous reader, each chunk verified …");

		const downloadStarted = performance.now();
		const target = join(directory, basename(path));
		const reader = new BlobClient({
			agent: await HttpAgent.create({ host: network.url, rootKey: network.rootKey }),
			canisterId,
		});
		const { manifest } = await toFile(reader.download(KEY), target);
		const downloadSeconds = seconds(downloadStarted);
		say("6. Comparing both files with sha256sum …");

		const [sent, received] = [await sha256sum(path), await sha256sum(target)];
		const uploadMessages = network.local ? messages.filter(({ kind }) => kind === "update") : [];
		const puts = uploadMessages.filter(({ method }) => method === "blobs_put_chunk");
		const putBytes = sum(puts.map(({ ingressBytes }) => ingressBytes));
		const cycles = sum(uploadMessages.map((message) => Number(message.cycles)));
		return {
			file: path,
			bytes: size,
			chunks: Math.ceil(size / manifest.chunkBytes),
			chunksReused: Math.round(done.reused / manifest.chunkBytes),
			uploadSeconds,
			uploadMBPerSecond: size / 1e6 / uploadSeconds,
			downloadSeconds,
			downloadMBPerSecond: size / 1e6 / downloadSeconds,
			putInstructionsPerByte: known(sum(puts.map(({ instructions }) => Number(instructions))) / putBytes),
			cyclesPerByte: known(cycles / size),
			cyclesOverFloor: known(cycles / size / FLOOR),
			uploaderPeakMemoryMB: done.peakMemoryBytes / 1e6,
			uploaderIdleMemoryMB: done.idleMemoryBytes / 1e6,
			sha256: received,
			identical: sent === received && manifest.size === size,
		};
	} finally {
		await network.dispose();
		await rm(directory, { recursive: true, force: true });
	}
}

/** Uploads; kills the process halfway, resumes in another one, and upgrades the canister meanwhile. */
async function uploaded(task: UploadTask, bar: UploadBar, upgrade: () => Promise<void>): Promise<Done> {
	try {
		let reached = 0;
		const first = new UploadProcess(task, (progress) => {
			bar.show(progress);
			reached = progress.loaded / progress.total;
			if (reached >= KILL_AT) first.kill();
		});
		if ((await first.end) !== undefined)
			throw new Error("the file was uploaded before its process could be killed: give a larger one");
		bar.say(`Killed the uploading process at ${percent(reached)} (SIGKILL). Another one resumes.`);
		let upgrading: Promise<void> | undefined;
		const second = new UploadProcess(task, (progress) => {
			bar.show(progress);
			if (upgrading !== undefined || progress.loaded / progress.total < UPGRADE_AT) return;
			bar.say("Upgrading the canister while chunks are on their way.");
			upgrading = upgrade();
		});
		const done = await second.end;
		await upgrading;
		if (done === undefined) throw new Error("the second uploading process was killed from outside");
		return done;
	} finally {
		bar.end();
	}
}

async function sha256sum(path: string): Promise<string> {
	const { stdout } = await promisify(execFile)("sha256sum", [path]);
	return stdout.replace(/^\\/, "").slice(0, 64);
}

function seconds(since: number): number {
	return (performance.now() - since) / 1_000;
}

function percent(share: number): string {
	return `${Math.round(share * 100)} %`;
}

function sum(numbers: number[]): number {
	return numbers.reduce((total, each) => total + each, 0);
}

/** Unmeasured figures are left out. */
function known(value: number): number | undefined {
	return Number.isFinite(value) && value > 0 ? value : undefined;
}
