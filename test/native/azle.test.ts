/** The kernel as a canister's JavaScript reaches it, in a canister that Azle built. */
import { createHash } from "node:crypto";
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Actor, type HttpAgent } from "@dfinity/agent";
import { IDL } from "@dfinity/candid";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { buildCanister } from "../../examples/support/build.js";
import { deployCanister } from "../../examples/support/deploy.js";
import { openNetwork, type TestNetwork } from "../../examples/support/network.js";
import { hashingOf } from "../../src/canister/hashing.js";
import { manage } from "../localnet/support/deploy.js";
import { exercise } from "./exercise.js";
import { withByte } from "./support.js";

const MAIN = `
	import { IDL, init, update } from "azle";
	import { attachKernel, liquidCycles, nativeHashing, stablePages } from "../../../canister/azle/kernel.js";
	import { manage } from "../localnet/support/deploy.js";
import { exercise } from "${join(import.meta.dirname, "exercise.js")}";

	export default class {
		@init([])
		init(): void {
			const missing = attachKernel();
			if (missing !== undefined) throw new Error(missing);
		}
		@update([], IDL.Vec(IDL.Nat8))
		exercise(): Uint8Array {
			return exercise(nativeHashing);
		}
		@update([], IDL.Vec(IDL.Float64))
		resources(): number[] {
			return [stablePages(), liquidCycles()];
		}
	}`;

let network: TestNetwork;
let agent: HttpAgent;
beforeAll(async () => {
	network = await openNetwork();
	agent = await network.agent(Ed25519KeyIdentity.generate());
});
afterAll(() => network.dispose());

test("hashes as node:crypto does, and tells what the system does", async () => {
	const store = dirname(inject("wasm").store);
	const directory = join(store, "../kernel");
	await mkdir(directory);
	for (const file of ["dfx.json", "tsconfig.json"]) await cp(join(store, file), join(directory, file));
	await writeFile(join(directory, "index.ts"), MAIN);
	const canisterId = await deployCanister(agent, await buildCanister(directory, "store"));
	const actor = Actor.createActor<{
		exercise(): Promise<Uint8Array>;
		resources(): Promise<[number, number]>;
	}>(
		({ IDL: idl }) =>
			idl.Service({
				exercise: idl.Func([], [idl.Vec(idl.Nat8)], []),
				resources: idl.Func([], [idl.Vec(IDL.Float64)], []),
			}),
		{ agent, canisterId },
	);

	const sha256 = (bytes: Uint8Array) => new Uint8Array(createHash("sha256").update(bytes).digest());
	expect(Buffer.compare(await actor.exercise(), exercise(hashingOf(sha256)))).toBe(0);

	const [pages, cycles] = await actor.resources();
	const status = (await manage(agent, "canister_status", { canister_id: canisterId })) as {
		cycles: bigint;
		memory_metrics: { stable_memory_size: bigint };
	};
	expect(BigInt(pages) * 65_536n).toBe(status.memory_metrics.stable_memory_size);
	expect(cycles).toBeGreaterThan(Number(status.cycles) * 0.9);
	expect(cycles).toBeLessThan(Number(status.cycles) * 1.1);
});

test("a Wasm linked by another version of the library refuses to install, saying so", async () => {
	const wasm = await readFile(inject("wasm").store);
	const at = wasm.indexOf("-blobs:sha256:2\x7f", 0, "latin1");
	expect(at).toBeGreaterThan(0);
	const older = withByte(wasm, at + 14, "1".charCodeAt(0));
	await expect(deployCanister(agent, older)).rejects.toThrow(
		/linked with version 1 of the native kernel, and its JavaScript needs version 2/,
	);
});
