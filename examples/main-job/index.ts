import { execFile } from "node:child_process";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { parseArgs, promisify } from "node:util";
import { HttpAgent } from "@dfinity/agent";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import type { MessageRecord } from "canister-blobs/localnet";
import { BlobClient, toFile } from "canister-blobs/node";
import { SingleBar } from "cli-progress";
import { buildCanister } from "../support/build.js";
import { deployCanister, installWasm } from "../support/deploy.js";
import { openNetwork } from "../support/network.js";
import { type Figures, formatTable } from "./table.js";
import { UploadProcess, uploadTask } from "./upload-process.js";
import type { UploadTask } from "./uploader.js";

/**
 * The main job, for real: a file goes chunk by chunk into a canister, its process is killed in the middle, another
 * goes on, the canister is upgraded meanwhile, and what comes back is compared with the system's own sha256sum.
 */

const KILL_AT = 0.35;
const UPGRADE_AT = 0.5;
const KEY = "main-job/file";
const FLOOR = 2_000;

const USAGE = `npm start [-- PATH] [--json]

Uploads PATH (by default the node binary that runs this) into a canister on a local network and back.
  --json   print the figures as one JSON object
  --help   print this`;

const { values, positionals } = parseArgs({
	allowPositionals: true,
	options: { json: { type: "boolean", default: false }, help: { type: "boolean", default: false } },
});
if (values.help) console.log(USAGE);
else if (positionals.length > 1) {
	console.error(`One file at a time.\n\n${USAGE}`);
	process.exitCode = 2;
} else {
	const figures = await run(resolve(positionals[0] ?? process.execPath), values.json);
	console.log(values.json ? JSON.stringify(figures, null, "\t") : `\n${formatTable(figures)}`);
	if (!figures.identical) process.exitCode = 1;
}

async function run(path: string, isQuiet: boolean): Promise<Figures> {
	const say = (text: string) => isQuiet || console.log(text);
	const { size } = await stat(path);
	const directory = await mkdtemp(join(tmpdir(), "canister-blobs-"));

	say("Building the canister: canister-blobs build …");
	const wasm = await buildCanister(join(import.meta.dirname, "../store"), "store");
	const messages: MessageRecord[] = [];
	const network = await openNetwork({ metering: true, onMessage: (message) => messages.push(message) });
	try {
		say(`Network at ${network.url}`);
		const identity = Ed25519KeyIdentity.generate();
		const agent = await network.agent(identity);
		const canisterId = await deployCanister(agent, wasm);
		const uploader = Ed25519KeyIdentity.generate();
		const client = new BlobClient({ agent, canisterId });
		await client.admin.grantRole(uploader.getPrincipal(), "writer");
		say(`Canister ${canisterId.toText()} installed, ${wasm.length.toLocaleString("en-US")} bytes of Wasm`);
		messages.length = 0;

		const task = uploadTask(network, canisterId, uploader, path, KEY);
		const started = performance.now();
		const reached = await uploadAndKill(task, size, isQuiet);
		say(`Killed the uploading process (SIGKILL) at ${percent(reached)}. Another one goes on:`);
		const { done, upgraded } = await uploadAndUpgrade(task, size, isQuiet, () =>
			installWasm(agent, canisterId, wasm, "upgrade"),
		);
		const uploadSeconds = seconds(started);
		say(`Canister upgraded at ${percent(upgraded)}, under the upload.`);

		const downloadStarted = performance.now();
		const target = join(directory, basename(path));
		const reader = new BlobClient({
			agent: await HttpAgent.create({ host: network.url, rootKey: network.rootKey }),
			canisterId,
		});
		const { manifest } = await toFile(reader.download(KEY), target);
		const downloadSeconds = seconds(downloadStarted);
		say("Downloaded by an anonymous reader, every chunk verified. Comparing with sha256sum …");

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
			sha256: received,
			identical: sent === received && manifest.size === size,
		};
	} finally {
		await network.dispose();
		await rm(directory, { recursive: true, force: true });
	}
}

/** Uploads until a third is there, then kills the process. @returns the share that had arrived. */
async function uploadAndKill(task: UploadTask, size: number, isQuiet: boolean) {
	const bar = progressBar(size, isQuiet);
	let reached = 0;
	const upload = new UploadProcess(task, (loaded, total) => {
		bar?.update(loaded);
		reached = loaded / total;
		if (reached >= KILL_AT) upload.kill();
	});
	const done = await upload.end;
	bar?.stop();
	if (done !== undefined)
		throw new Error("the file is too small to be killed in the middle of: give one of 10 MB or more");
	return reached;
}

/** Uploads what is left; half-way through the whole, the canister is upgraded while chunks are under way. */
async function uploadAndUpgrade(
	task: UploadTask,
	size: number,
	isQuiet: boolean,
	upgrade: () => Promise<void>,
) {
	const bar = progressBar(size, isQuiet);
	let upgrading: Promise<void> | undefined;
	let upgraded = 0;
	const upload = new UploadProcess(task, (loaded, total) => {
		bar?.update(loaded);
		if (loaded / total < UPGRADE_AT) return;
		upgraded ||= loaded / total;
		upgrading ??= upgrade();
	});
	const done = await upload.end;
	await upgrading;
	bar?.stop();
	if (done === undefined) throw new Error("the second uploading process was killed from outside");
	return { done, upgraded };
}

function progressBar(size: number, isQuiet: boolean): SingleBar | undefined {
	if (isQuiet) return undefined;
	const bar = new SingleBar({
		format: "  {bar} {percentage}% | {value} of {total} MB | {eta_formatted} left",
		formatValue: (value, _, type) =>
			type === "value" || type === "total" ? (value / 1e6).toFixed(1) : `${value}`,
		noTTYOutput: true,
		notTTYSchedule: 5_000,
		etaBuffer: 50,
	});
	bar.start(size, 0);
	return bar;
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

/** A figure that nobody counted is no figure. */
function known(value: number): number | undefined {
	return Number.isFinite(value) && value > 0 ? value : undefined;
}
