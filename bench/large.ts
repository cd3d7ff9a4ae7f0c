import { rm } from "node:fs/promises";
import { join } from "node:path";
import { Actor, type HttpAgent } from "@dfinity/agent";
import { IDL } from "@dfinity/candid";
import { Principal } from "@dfinity/principal";
import { createNetwork, type MessageRecord } from "canister-blobs/localnet";
import { UploadProcess, uploadTask } from "../examples/main-job/upload-process.js";
import { installWasm } from "../examples/support/deploy.js";
import { writeRandomFile } from "../examples/support/random-file.js";
import type { Figures } from "./figures.js";
import { FLOOR_CYCLES_PER_BYTE } from "./floor.js";
import { deployScene } from "./scene.js";

const GIB = 2 ** 30;

/** A store on a network of its own, and a client process that uploads files into it. */
interface Uploads {
	/** Uploads a file of random bytes. @returns the growth of the process in bytes */
	upload(key: string, size: number): Promise<number>;
	upgrade(): Promise<void>;
	heapBytes(): Promise<number>;
	readonly messages: MessageRecord[];
}

type Costs = Pick<
	Figures,
	| "putInstructionsPerByte"
	| "uploadCyclesOverFloor"
	| "stableBytesWrittenPerByte"
	| "upgradeInstructionsOverEmpty"
>;

/** A metered upload of 1 GiB, and an upgrade before and after it. */
export async function measureCosts(wasm: Uint8Array, directory: string): Promise<Costs> {
	let costs: Costs | undefined;
	await withStore(wasm, directory, true, async ({ upload, upgrade, messages }) => {
		const upgradeCost = async () => {
			messages.length = 0;
			await upgrade();
			return total(messages, ({ kind, instructions }) => (kind === "install" ? instructions : 0n));
		};
		const empty = await upgradeCost();
		messages.length = 0;
		await upload("gib", GIB);
		const uploading = messages.slice();
		const puts = uploading.filter(({ kind, method }) => kind === "update" && method === "blobs_put_chunk");
		costs = {
			putInstructionsPerByte: total(puts, ({ instructions }) => instructions) / GIB,
			uploadCyclesOverFloor: total(uploading, ({ cycles }) => cycles) / GIB / FLOOR_CYCLES_PER_BYTE,
			stableBytesWrittenPerByte: total(uploading, ({ stableBytesWritten }) => stableBytesWritten) / GIB,
			upgradeInstructionsOverEmpty: (await upgradeCost()) / empty,
		};
	});
	return costs!;
}

const total = (messages: MessageRecord[], of: (message: MessageRecord) => bigint | number): number =>
	messages.reduce((sum, message) => sum + Number(of(message)), 0);

/** Memory of a process that uploads 4 GiB, and of the canister during the second of two uploads of 1 GiB before. */
export async function measureMemory(
	wasm: Uint8Array,
	directory: string,
): Promise<Pick<Figures, "clientPeakMemoryMB" | "heapBytesGrownInSecondGiB">> {
	let above = 0;
	let grown = 0;
	await withStore(wasm, directory, false, async ({ upload, heapBytes }) => {
		await upload("first", GIB);
		const first = await heapBytes();
		await upload("second", GIB);
		grown = (await heapBytes()) - first;
		above = await upload("four-gib", 4 * GIB);
	});
	return { clientPeakMemoryMB: above / 1e6, heapBytesGrownInSecondGiB: grown };
}

async function withStore(
	wasm: Uint8Array,
	directory: string,
	metering: boolean,
	work: (uploads: Uploads) => Promise<void>,
): Promise<void> {
	const messages: MessageRecord[] = [];
	const network = await createNetwork({ metering, onMessage: (message) => messages.push(message) });
	try {
		const { agent, canisterId, writer } = await deployScene(network, wasm);
		await work({
			messages,
			upload: async (key, size) => {
				const path = join(directory, key);
				await writeRandomFile(path, size);
				const task = uploadTask(network, canisterId, writer, path, key);
				const done = await new UploadProcess(task, () => {}).end;
				await rm(path);
				if (done === undefined) throw new Error("the uploading process was killed from outside");
				return done.peakMemoryBytes - done.idleMemoryBytes;
			},
			upgrade: () => installWasm(agent, canisterId, wasm, "upgrade"),
			heapBytes: () => heapOf(agent, canisterId),
		});
	} finally {
		await network.dispose();
	}
}

/** Heap size of the canister, from the management canister. */
async function heapOf(agent: HttpAgent, canisterId: Principal): Promise<number> {
	const status = IDL.Record({ memory_metrics: IDL.Record({ wasm_memory_size: IDL.Nat }) });
	const ic = Actor.createActor<{
		canister_status(of: object): Promise<{ memory_metrics: { wasm_memory_size: bigint } }>;
	}>(
		() =>
			IDL.Service({
				canister_status: IDL.Func([IDL.Record({ canister_id: IDL.Principal })], [status]),
			}),
		{
			agent,
			canisterId: Principal.managementCanister(),
			effectiveCanisterId: canisterId,
		} as Parameters<typeof Actor.createActor>[1],
	);
	return Number((await ic.canister_status({ canister_id: canisterId })).memory_metrics.wasm_memory_size);
}
