import { readFile } from "node:fs/promises";
import { Actor, HttpAgent, type Identity, isV2ResponseBody, polling } from "@dfinity/agent";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import type { Principal } from "@dfinity/principal";
import { inject } from "vitest";
import { deployCanister } from "../../examples/support/deploy.js";
import { openNetwork, type TestNetwork } from "../../examples/support/network.js";
import type { MessageRecord, NetworkOptions } from "../../src/localnet/index.js";
import {
	METHODS,
	type MethodArgs,
	type MethodName,
	type MethodOk,
	type WireError,
	type WireManifest,
	type WireResult,
} from "../../src/protocol/index.js";
import { idlFactory } from "./idl.js";

import "./test-signatures.js";

import { keepingInstalls } from "./kept-installs.js";
import { type PlainOk, type PlainResult, plainResult } from "./plain.js";

export { type PlainResult, versionOf } from "./plain.js";
export { newId, publication, rootOf, sha256 } from "./published.js";

/** A blob store as any agent sees it: each method of the protocol, through Candid and the wire. */
export type Store = {
	[Name in MethodName]: (...args: MethodArgs<Name>) => Promise<PlainResult<PlainOk<Name>>>;
};

export interface StoreFixture {
	readonly network: TestNetwork;
	readonly canisterId: Principal;
	readonly wasm: Uint8Array;
	/** The agent of the canister's controller. */
	readonly agent: HttpAgent;
	/** The store for its controller. */
	readonly store: Store;
	/** The store for somebody else; another canister's, where one is named. */
	storeFor(identity: Identity, canisterId?: Principal): Promise<Store>;
	/** Another canister's store, for the same controller. */
	storeAt(canisterId: Principal): Store;
	/** A call with these very bytes as its argument; the bytes of its reply. */
	callRaw(method: MethodName, argument: Uint8Array): Promise<Uint8Array>;
	/** What the store's messages (or another canister's) took while `run` ran; nothing on a network that is named. */
	measure(run: () => Promise<unknown>, canister?: Principal): Promise<MessageRecord[]>;
	dispose(): Promise<void>;
}

/** The pairing of a BLS signature takes 100 ms a call. That it is right is tried where the client makes the calls. */
const unverified = async () => true;

/**
 * A new network with a new store in it, its controller a new identity. Its subnets sign by hashes (docs/LOCALNET.md)
 * unless `signatures` is "bls": where another process or a page verifies, and where the pairing itself is tried.
 */
export async function openStore(
	{ signatures = "test", ...options }: NetworkOptions & { cycles?: bigint } = {},
	controller: Identity = Ed25519KeyIdentity.generate(),
): Promise<StoreFixture> {
	let records: MessageRecord[] = [];
	const network = await openNetwork({
		...options,
		signatures,
		onMessage: (record) => {
			records.push(record);
			options.onMessage?.(record);
		},
	});
	const agent = await network.agent(controller);
	const wasm = await readFile(inject("wasm").store);
	const canisterId = await keepingInstalls(() => deployCanister(agent, wasm, options.cycles));
	const isCheap = signatures === "test" && !isNamed;
	const { url: host, rootKey } = network;
	/** What a fixture's store shows is believed: that nodes sign it is tried where the client asks. */
	const plainAgent = async (identity: Identity) =>
		isCheap
			? HttpAgent.create({ host, identity, rootKey, verifyQuerySignatures: false })
			: network.agent(identity);
	const storeOf = (its: HttpAgent, at = canisterId) =>
		plainly(
			Actor.createActor(idlFactory, {
				agent: its,
				canisterId: at,
				...(!isCheap && { blsVerify: unverified }),
			}),
		);
	return {
		network,
		canisterId,
		wasm,
		agent,
		store: storeOf(await plainAgent(controller)),
		storeFor: async (identity, at) => storeOf(await plainAgent(identity), at),
		storeAt: (id) => storeOf(agent, id),
		callRaw: async (methodName, arg) => {
			const { requestId, response } = await agent.call(canisterId, {
				methodName,
				arg,
				effectiveCanisterId: canisterId,
			});
			const { body } = response;
			if (isV2ResponseBody(body)) throw new Error(`${body.error_code} ${body.reject_message}`);
			return (await polling.pollForResponse(agent, canisterId, requestId)).reply;
		},
		measure: async (run, canister = canisterId) => {
			records = [];
			await run();
			return records.filter((record) => record.canister === canister.toText());
		},
		dispose: () => network.dispose(),
	};
}

type Raw = (...args: unknown[]) => Promise<WireResult<MethodOk<MethodName>>>;

/** An actor of the protocol, and of more where it has more, that reads what travels as bytes. */
export function plainly<Own extends object = object>(actor: object): Own & Store {
	const methods = Object.keys(METHODS).map((name): [string, unknown] => [
		name,
		async (...args: unknown[]): Promise<PlainResult<unknown>> => {
			return plainResult(name as MethodName, await (actor as Record<string, Raw>)[name]!(...args));
		},
	]);
	return Object.assign(Object.create(actor), Object.fromEntries(methods));
}

/** Whether the tests run against a network that was given by its URL, which counts and shows nothing. */
export const isNamed = process.env.BLOBS_NETWORK !== undefined;

/** Of the records of one call, that of the call itself: timers are calls of the canister to itself. */
export function updateIn(records: readonly MessageRecord[]): MessageRecord {
	const found = records.filter(({ kind, method }) => kind === "update" && method.startsWith("blobs_"));
	if (found.length !== 1) throw new Error(`there were ${found.length} updates, not one`);
	return found[0]!;
}

/** The result of a call that must succeed. */
export function ok<T>(result: PlainResult<T>): T {
	if ("ok" in result) return result.ok;
	const details = JSON.stringify(result.err, (_, value) => (typeof value === "bigint" ? `${value}` : value));
	throw new Error(`refused: ${details}`);
}

/** What a key holds, by the answer of a stat; it must hold something. */
export function held(result: PlainResult<PlainOk<"blobs_stat">>): WireManifest {
	const { manifest } = ok(result);
	if (manifest[0] === undefined) throw new Error("the key holds nothing that the caller may read");
	return manifest[0];
}

/** The error of a call that must be refused. */
export function refusal<T>(result: PlainResult<T>): WireError {
	if ("ok" in result) throw new Error("expected a refusal, and it was done");
	return result.err;
}
