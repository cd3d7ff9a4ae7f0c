import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { HttpAgent } from "@dfinity/agent";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import { createNetwork, type MessageRecord } from "canister-blobs/localnet";
import { BlobClient } from "canister-blobs/node";
import { UploadProcess, uploadTask } from "../examples/main-job/upload-process.js";
import { buildCanister } from "../examples/support/build.js";
import { deployCanister } from "../examples/support/deploy.js";
import { writeRandomFile } from "../examples/support/random-file.js";

/**
 * What an upload costs: instructions, cycles and bytes written, as the local network counts them with the replica's
 * weights, and the memory of the uploading process. No times: they say more about the machine than about the code.
 */

const GIB = 2 ** 30;
const FLOOR_CYCLES_PER_BYTE = 2_000;

/** What each figure may be at the most. A figure past its limit fails the bench. */
const LIMITS = {
	putInstructionsPerByte: 95,
	uploadCyclesOverFloor: 1.06,
	stableBytesWrittenPerByte: 1.3,
	clientPeakMemoryMB: 150,
};
type Figures = Record<keyof typeof LIMITS, number>;

const { values } = parseArgs({ options: { json: { type: "boolean", default: false } } });
const say = (text: string) => values.json || console.log(text);

const directory = await mkdtemp(join(tmpdir(), "canister-blobs-bench-"));
try {
	say("Building the canister …");
	const wasm = await buildCanister(join(import.meta.dirname, "../examples/store"), "store");
	say("1 GiB with every instruction counted …");
	const costs = await measureCosts(wasm);
	say("2 GiB, watching the memory of the uploading process …");
	const figures: Figures = { ...costs, clientPeakMemoryMB: await measureMemory(wasm) };
	print(figures);
} finally {
	await rm(directory, { recursive: true, force: true });
}

async function measureCosts(wasm: Uint8Array): Promise<Omit<Figures, "clientPeakMemoryMB">> {
	const messages: MessageRecord[] = [];
	await withStore(
		wasm,
		{ metering: true, onMessage: (message) => messages.push(message) },
		async (upload) => {
			messages.length = 0;
			await upload("gib", GIB);
		},
	);
	const updates = messages.filter(({ kind }) => kind === "update");
	const puts = updates.filter(({ method }) => method === "blobs_put_chunk");
	const total = (of: MessageRecord[], figure: (message: MessageRecord) => bigint | number) =>
		of.reduce((sum, message) => sum + Number(figure(message)), 0);
	return {
		putInstructionsPerByte: total(puts, ({ instructions }) => instructions) / GIB,
		uploadCyclesOverFloor: total(messages, ({ cycles }) => cycles) / GIB / FLOOR_CYCLES_PER_BYTE,
		stableBytesWrittenPerByte: total(messages, ({ stableBytesWritten }) => stableBytesWritten) / GIB,
	};
}

/** Peak memory of a process that uploads 2 GiB, above what it held before it began. */
async function measureMemory(wasm: Uint8Array): Promise<number> {
	let above = 0;
	await withStore(wasm, {}, async (upload) => {
		above = await upload("two-gib", 2 * GIB);
	});
	return above / 1e6;
}

type Upload = (name: string, size: number) => Promise<number>;

/** Runs `work` with a store on a network of its own and an upload that answers by how many bytes its process grew. */
async function withStore(
	wasm: Uint8Array,
	options: Parameters<typeof createNetwork>[0],
	work: (upload: Upload) => Promise<void>,
): Promise<void> {
	const network = await createNetwork(options);
	try {
		const agent = await HttpAgent.create({
			host: network.url,
			rootKey: network.rootKey,
			identity: Ed25519KeyIdentity.generate(),
		});
		const canisterId = await deployCanister(agent, wasm);
		const uploader = Ed25519KeyIdentity.generate();
		await new BlobClient({ agent, canisterId }).grantRole(uploader.getPrincipal(), "writer");
		await work(async (name, size) => {
			const path = join(directory, name);
			await writeRandomFile(path, size);
			const task = uploadTask(network, canisterId, uploader, path, name);
			const done = await new UploadProcess(task, () => {}).end;
			await rm(path);
			if (done === undefined) throw new Error("the uploading process was killed from outside");
			return done.peakMemoryBytes - done.idleMemoryBytes;
		});
	} finally {
		await network.dispose();
	}
}

function print(figures: Figures): void {
	if (values.json) console.log(JSON.stringify(figures, null, "\t"));
	for (const name of Object.keys(LIMITS) as (keyof Figures)[]) {
		const isOver = figures[name] > LIMITS[name];
		say(`  ${name.padEnd(26)} ${figures[name].toFixed(3).padStart(9)}   at most ${LIMITS[name]}`);
		if (!isOver) continue;
		console.error(`${name} is ${figures[name].toFixed(3)}, over its limit of ${LIMITS[name]}`);
		process.exitCode = 1;
	}
}
