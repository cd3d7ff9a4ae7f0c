/** The kernel as a canister's JavaScript reaches it, in a canister that Azle built. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Actor, type HttpAgent } from "@dfinity/agent";
import { IDL } from "@dfinity/candid";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import type { Principal } from "@dfinity/principal";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { deployCanister } from "../../examples/support/deploy.js";
import { openNetwork, type TestNetwork } from "../../examples/support/network.js";
import { hashingOf } from "../../src/canister/host/hashing.js";
import { manage } from "../localnet/support/deploy.js";
import { buildMain } from "../support/build.js";
import "../support/test-signatures.js";
import { exercise } from "./exercise.js";
import { withByte } from "./support.js";

/** Names the contents of what is imported by its path, since the build is kept under the name of the whole text. */
const EXERCISE = join(import.meta.dirname, "exercise.js");
const MAIN = `
	// ${createHash("sha256")
		.update(readFileSync(EXERCISE.replace(/\.js$/, ".ts")))
		.digest("hex")}
	import { IDL, init, msgReject, update } from "azle";
	import { attachKernel, isPaid, liquidCycles, nativeHashing, stablePages } from "../../../canister/azle/kernel.js";
	import { encodeUtf8, isUtf8, parseUtf8 } from "../../../protocol/codec/utf8.js";
	import { exercise } from "${EXERCISE}";

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
		@update([IDL.Text], IDL.Vec(IDL.Nat8))
		encode(text: string): Uint8Array {
			return encodeUtf8(text);
		}
		@update([IDL.Vec(IDL.Nat8)], IDL.Opt(IDL.Text))
		decode(bytes: Uint8Array): [] | [string] {
			const text = parseUtf8(bytes);
			if (isUtf8(bytes) !== (text !== undefined)) throw new Error("found and read as different things");
			return text === undefined ? [] : [text];
		}
		@update([], IDL.Vec(IDL.Nat8))
		encodeHalf(): Uint8Array {
			return encodeUtf8("a" + String.fromCharCode(0xd800) + "b");
		}
		@update([], undefined, { manual: true })
		reject(): void {
			msgReject("no: é");
		}
		@update([], IDL.Vec(IDL.Float64))
		resources(): number[] {
			return [stablePages(), liquidCycles(), isPaid() ? 1 : 0];
		}
	}`;

let network: TestNetwork;
let agent: HttpAgent;
beforeAll(async () => {
	network = await openNetwork({ signatures: "test" });
	agent = await network.agent(Ed25519KeyIdentity.generate());
});
afterAll(() => network.dispose());

interface KernelCanister {
	exercise(): Promise<Uint8Array>;
	resources(): Promise<[number, number, number]>;
	encode(text: string): Promise<Uint8Array>;
	decode(bytes: Uint8Array): Promise<[] | [string]>;
	encodeHalf(): Promise<Uint8Array>;
	reject(): Promise<void>;
}
let canisterId: Principal;
let actor: KernelCanister;

beforeAll(async () => {
	canisterId = await deployCanister(agent, await buildMain(MAIN));
	const bytes = IDL.Vec(IDL.Nat8);
	actor = Actor.createActor(
		() =>
			IDL.Service({
				exercise: IDL.Func([], [bytes], []),
				resources: IDL.Func([], [IDL.Vec(IDL.Float64)], []),
				encode: IDL.Func([IDL.Text], [bytes], []),
				decode: IDL.Func([bytes], [IDL.Opt(IDL.Text)], []),
				encodeHalf: IDL.Func([], [bytes], []),
				reject: IDL.Func([], [], []),
			}),
		{ agent, canisterId },
	) as unknown as KernelCanister;
});

test("hashes as node:crypto does, and tells what the system does", async () => {
	const sha256 = (bytes: Uint8Array) => new Uint8Array(createHash("sha256").update(bytes).digest());
	expect(Buffer.compare(await actor.exercise(), exercise(hashingOf(sha256)))).toBe(0);

	const [pages, cycles, isPaid] = await actor.resources();
	const status = (await manage(agent, "canister_status", { canister_id: canisterId })) as {
		cycles: bigint;
		memory_metrics: { stable_memory_size: bigint };
	};
	expect(BigInt(pages) * 65_536n).toBe(status.memory_metrics.stable_memory_size);
	expect(isPaid).toBe(1);
	expect(cycles).toBeGreaterThan(Number(status.cycles) * 0.9);
	expect(cycles).toBeLessThan(Number(status.cycles) * 1.1);
});

const TEXTS = ["", "a", "photos/IMG_0001.jpg", "é", "한국어/😀", "\ud7ff\ue000\uffff", "\0x"];

test("makes texts of bytes and bytes of texts as Node does, short ones and those that do not fit", async () => {
	for (const text of [
		...TEXTS,
		...TEXTS.map((text) => text.repeat(431)),
		"한".repeat(2_730),
		"é".repeat(5_000),
	]) {
		expect(Buffer.from(await actor.encode(text))).toEqual(Buffer.from(text));
		expect(await actor.decode(Buffer.from(text))).toEqual([text]);
	}
	const half = "a\ud800b";
	expect(Buffer.from(await actor.encodeHalf())).toEqual(Buffer.from(half));
	for (const wrong of ["ff", "61c3", "eda080", "c080", "f4908080", "80".repeat(100), "e3".repeat(9_000)])
		expect(await actor.decode(Buffer.from(wrong, "hex"))).toEqual([]);
	// An application's own calls of what the kernel stands in front of.
	await expect(actor.reject()).rejects.toThrow("no: é");
});

test("a Wasm linked by another version of the library refuses to install, saying so", async () => {
	const wasm = await readFile(inject("wasm").store);
	const at = wasm.indexOf("-blobs:sha256:6\x7f", 0, "latin1");
	expect(at).toBeGreaterThan(0);
	const older = withByte(wasm, at + 14, "1".charCodeAt(0));
	await expect(deployCanister(agent, older)).rejects.toThrow(
		/linked with version 1 of the native kernel, and its JavaScript needs version 6/,
	);
});
