/** Canisters and agents from the package alone: `network.install`, `network.upgrade`, `network.agent`. */
import { readFile } from "node:fs/promises";
import { Principal } from "@dfinity/principal";
import { BlobClient } from "canister-blobs/node";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { createNetwork, type Network } from "../../src/localnet/index.js";
import { queryCanister } from "./support/call.js";
import { agentFor, manage, testIdentity } from "./support/deploy.js";
import { canister, probe } from "./support/wat.js";

const owner = testIdentity(1);
const me = owner.getPrincipal();

test("a store is installed, used by the installed agent, and upgraded", async () => {
	await using network = await createNetwork();
	const wasm = await readFile(inject("wasm").store);
	// It would not fit into a message.
	expect(wasm.length).toBeGreaterThan(2_097_152);
	const canisterId = await network.install(wasm, { controllers: [me] });
	const agent = await network.agent(owner);
	expect([(await agent.getPrincipal()).toText(), agent.rootKey]).toEqual([me.toText(), network.rootKey]);
	const client = new BlobClient({ agent, canisterId });
	await client.admin.grantRole(me, "writer");
	await client.upload(Buffer.from("hello"), { key: "a", visibility: "public" }).done;
	await network.upgrade(canisterId, wasm);
	const anonymous = new BlobClient({ agent: await network.agent(), canisterId });
	expect(Buffer.from(await anonymous.download("a").bytes()).toString()).toBe("hello");
});

describe("network.install", () => {
	let network: Network;

	beforeAll(async () => {
		network = await createNetwork({ signatures: "test" });
	});

	afterAll(() => network.dispose());

	const statusOf = async (id: string) => {
		const canister_id = Principal.fromText(id);
		return (await manage(await agentFor(network, owner), "canister_status", { canister_id })) as {
			cycles: bigint;
			settings: { controllers: Principal[] };
		};
	};

	test("gives what it is told: argument, controllers, cycles and id", async () => {
		const other = testIdentity(2).getPrincipal();
		const shows = canister(`(global $length (mut i32) (i32.const 0))
			(func (export "canister_init")
				(global.set $length (call $msg_arg_data_size))
				(call $msg_arg_data_copy (i32.const 0) (i32.const 0) (global.get $length))
				(call $msg_caller_copy (i32.const 100) (i32.const 0) (call $msg_caller_size)))
			(func (export "canister_query shows")
				(call $msg_reply_data_append (i32.const 0) (global.get $length))
				(call $msg_reply_data_append (i32.const 100) (i32.const 29))
				(call $msg_reply))`);
		const id = "rreko-7p777-77776-qabaa-cai";
		const options = {
			arg: Buffer.from("argument"),
			controllers: [other.toText(), me],
			cycles: 10n ** 12n,
			id,
		};
		expect(await network.install(shows, options)).toBe(id);
		const shown = await queryCanister(await agentFor(network), Principal.fromText(id), "shows");
		expect(Buffer.from(shown)).toEqual(Buffer.concat([Buffer.from("argument"), other.toUint8Array()]));
		const { cycles, settings } = await statusOf(id);
		expect(settings.controllers.map(String)).toEqual([other.toText(), me.toText()]);
		expect(cycles).toBeGreaterThan(9n * 10n ** 11n);
		await expect(network.install(shows, options)).rejects.toThrow(/already in use/);
	});

	test("leaves no canister behind where the Wasm cannot be installed, and says why", async () => {
		const traps = canister(`(func (export "canister_init") (unreachable))`);
		const before = await network.install(await probe());
		await expect(network.install(traps, { controllers: [me] })).rejects.toThrow(
			/refused install_code \(IC0502\): .*unreachable/s,
		);
		const next = Principal.fromText(before).toUint8Array();
		next[7]!++;
		await expect(statusOf(Principal.fromUint8Array(next).toText())).rejects.toThrow(/not found/);
	});

	test("names the principal that is none, and the canister that there is not", async () => {
		const wasm = await probe();
		await expect(network.install(wasm, { controllers: ["nobody"] })).rejects.toThrow(
			new RangeError(`"nobody" is not a valid principal.`),
		);
		await expect(network.install(wasm, { controllers: [] })).rejects.toThrow(/without a controller/);
		await expect(network.upgrade(me, wasm)).rejects.toThrow(`There is no canister ${me.toText()}`);
	});

	test("needs no request: faults, conditions and the log do not see it", async () => {
		network.requests.clear();
		using _ = network.faults.every(1, "lost");
		await network.install(await probe());
		expect(network.requests.count()).toBe(0);
	});
});
