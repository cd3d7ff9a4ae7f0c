/** Both agents against the local network, with everything verified that they can verify. */
import * as dfinity from "@dfinity/agent";
import { DelegationChain, DelegationIdentity, Ed25519KeyIdentity } from "@dfinity/identity";
import type { Principal } from "@dfinity/principal";
import * as icp from "@icp-sdk/core/agent";
import * as icpIdentity from "@icp-sdk/core/identity";
import { Principal as IcpPrincipal } from "@icp-sdk/core/principal";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createNetwork, type Network } from "../../src/localnet/index.js";
import { callCanister, queryCanister } from "./support/call.js";
import { agentFor, deploy, testIdentity } from "./support/deploy.js";
import { assemble, CANDID, probe, withMetadata } from "./support/wat.js";

let network: Network;
let canister: Principal;
const hello = Buffer.from("hello");

beforeAll(async () => {
	network = await createNetwork();
	canister = await deploy(await agentFor(network), withMetadata(await probe()));
});
afterAll(() => network?.dispose());

describe("@dfinity/agent", () => {
	test("calls, synchronous and polled, and queries", async () => {
		const agent = await agentFor(network, testIdentity(2));
		expect(Buffer.from(await callCanister(agent, canister, "echo", hello)).toString()).toBe("hello");
		expect(Buffer.from(await queryCanister(agent, canister, "echo_query", hello)).toString()).toBe("hello");
		const { requestId } = await agent.call(canister, { methodName: "echo", arg: hello, callSync: false });
		const { reply } = await dfinity.polling.pollForResponse(agent, canister, requestId);
		expect(Buffer.from(reply).toString()).toBe("hello");
	});

	test("a rejected query carries a signature that verifies", async () => {
		await expect(queryCanister(await agentFor(network), canister, "trap_query")).rejects.toMatchObject({
			code: 5,
			errorCode: "IC0503",
		});
	});

	test("an identity made of delegations may call, query and read its request's status", async () => {
		const root = testIdentity(3);
		const session = Ed25519KeyIdentity.generate(new Uint8Array(32).fill(4));
		const chain = await DelegationChain.create(root, session.getPublicKey(), new Date(Date.now() + 60_000), {
			targets: [canister],
		});
		const identity = DelegationIdentity.fromDelegation(session, chain);
		const agent = await agentFor(network, identity);
		expect(identity.getPrincipal().toText()).toBe(root.getPrincipal().toText());
		expect(Buffer.from(await callCanister(agent, canister, "echo", hello)).toString()).toBe("hello");
		expect(Buffer.from(await queryCanister(agent, canister, "echo_query", hello)).toString()).toBe("hello");
		const { requestId } = await agent.call(canister, { methodName: "echo", arg: hello, callSync: false });
		const { reply } = await dfinity.polling.pollForResponse(agent, canister, requestId);
		expect(Buffer.from(reply).toString()).toBe("hello");
	});

	test("canister status: time, controllers, module hash, metadata, subnet", async () => {
		const agent = await agentFor(network);
		const status = await dfinity.CanisterStatus.request({
			agent,
			canisterId: canister,
			paths: ["time", "controllers", "module_hash", "candid", "subnet"],
		});
		expect(Math.abs((status.get("time") as Date).getTime() - Date.now())).toBeLessThan(10_000);
		expect((status.get("controllers") as Principal[]).map(String)).toEqual([
			String(testIdentity(1).getPrincipal()),
		]);
		expect(status.get("module_hash")).toMatch(/^[0-9a-f]{64}$/);
		expect(status.get("candid")).toBe(CANDID);
		expect((status.get("subnet") as { nodeKeys: Map<string, unknown> }).nodeKeys.size).toBe(1);
	});

	test("another network's root key is noticed", async () => {
		const other = await createNetwork();
		try {
			const agent = await agentFor({ url: network.url, rootKey: other.rootKey });
			await expect(callCanister(agent, canister, "echo", hello)).rejects.toThrow(
				/[Ss]ignature|[Dd]elegation/,
			);
		} finally {
			await other.dispose();
		}
	});

	test("the root key can be fetched, and the time synchronised", async () => {
		const agent = await dfinity.HttpAgent.create({
			host: network.url,
			shouldFetchRootKey: true,
			identity: testIdentity(2),
		});
		expect(Buffer.from(agent.rootKey!).equals(Buffer.from(network.rootKey))).toBe(true);
		await agent.syncTime(canister);
		expect(Buffer.from(await callCanister(agent, canister, "echo", hello)).toString()).toBe("hello");
	});
});

describe("@icp-sdk/core", () => {
	const id = () => IcpPrincipal.fromText(canister.toText());
	const agentOf = (seed: number) =>
		icp.HttpAgent.create({
			host: network.url,
			rootKey: network.rootKey,
			identity: icpIdentity.Ed25519KeyIdentity.generate(new Uint8Array(32).fill(seed)),
			retryTimes: 0,
		});

	test("calls and queries", async () => {
		const agent = await agentOf(2);
		const { certificate, reply } = await agent.update(id(), { methodName: "echo", arg: hello });
		expect(Buffer.from(reply).toString()).toBe("hello");
		expect(certificate.cert.delegation).toBeDefined();
		const answer = await agent.query(id(), { methodName: "echo_query", arg: hello });
		expect(answer.status).toBe("replied");
		const rejected = await agent.query(id(), { methodName: "reject_query", arg: hello });
		expect(rejected).toMatchObject({ status: "rejected", reject_code: 4, reject_message: "probe says no" });
	});

	test("canister status: time, controllers, module hash, metadata", async () => {
		const status = await icp.CanisterStatus.request({
			agent: await agentOf(2),
			canisterId: id(),
			paths: ["time", "controllers", "module_hash", "candid"],
		});
		expect(status.get("candid")).toBe(CANDID);
		expect(status.get("module_hash")).toMatch(/^[0-9a-f]{64}$/);
		expect((status.get("controllers") as IcpPrincipal[]).map(String)).toEqual([
			String(testIdentity(1).getPrincipal()),
		]);
	});

	test("the subnet itself can be asked", async () => {
		const agent = await agentOf(2);
		const subnetId = await agent.getSubnetIdFromCanister(id());
		const status = await icp.SubnetStatus.request({
			agent,
			subnetId,
			paths: ["time", "publicKey", "nodeKeys"],
		});
		expect(status.get("time")).toBeInstanceOf(Date);
		expect(status.get("publicKey")).toHaveLength(133);
		expect((status.get("nodeKeys") as Map<string, unknown>).size).toBe(1);
	});

	test("ECDSA keys on both curves sign requests", async () => {
		const secp = await import("@icp-sdk/core/identity/secp256k1");
		for (const identity of [
			secp.Secp256k1KeyIdentity.generate(new Uint8Array(32).fill(7)),
			await icpIdentity.ECDSAKeyIdentity.generate(),
		]) {
			const agent = await icp.HttpAgent.create({
				host: network.url,
				rootKey: network.rootKey,
				identity,
				retryTimes: 0,
			});
			const { reply } = await agent.update(id(), { methodName: "echo", arg: hello });
			expect(Buffer.from(reply).toString()).toBe("hello");
		}
	});
});

test("a module without a memory or methods can be installed", async () => {
	const empty = await deploy(await agentFor(network), assemble("(module)"));
	await expect(callCanister(await agentFor(network), empty, "echo")).rejects.toMatchObject({
		errorCode: "IC0536",
	});
});
