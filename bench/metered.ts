import { Actor, HttpAgent, type Identity } from "@dfinity/agent";
import { IDL } from "@dfinity/candid";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import type { Principal } from "@dfinity/principal";
import { createNetwork, type MessageRecord, type Network } from "canister-blobs/localnet";
import { deployCanister } from "../examples/support/deploy.js";
import {
	METHODS,
	type MethodArgs,
	type MethodName,
	type MethodOk,
	type WireResult,
} from "../src/protocol/index.js";
import { idlFactory, idlsOf } from "../test/support/idl.js";

/** A metered store, called method by method without the client. */
export class MeteredStore {
	readonly network: Network;
	readonly canisterId: Principal;
	readonly agent: HttpAgent;
	/** Records of all messages since the array was last cleared. */
	readonly messages: MessageRecord[];
	readonly #actor: Record<string, (...args: unknown[]) => Promise<unknown>>;

	private constructor(network: Network, agent: HttpAgent, canisterId: Principal, messages: MessageRecord[]) {
		this.network = network;
		this.agent = agent;
		this.canisterId = canisterId;
		this.messages = messages;
		this.#actor = Actor.createActor(idlFactory, { agent, canisterId });
	}

	static async deploy(wasm: Uint8Array): Promise<MeteredStore> {
		const messages: MessageRecord[] = [];
		const network = await createNetwork({ metering: true, onMessage: (message) => messages.push(message) });
		const agent = await HttpAgent.create({
			host: network.url,
			rootKey: network.rootKey,
			identity: Ed25519KeyIdentity.generate(),
		});
		// Replies are not verified here: verification is slow, and the network runs in this process.
		return new MeteredStore(network, agent, await deployCanister(agent, wasm), messages);
	}

	/** The result of a call that must succeed. */
	async call<Name extends MethodName>(name: Name, ...args: MethodArgs<Name>): Promise<MethodOk<Name>> {
		const result = (await this.#actor[name]!(...args)) as WireResult<MethodOk<Name>>;
		if ("ok" in result) return result.ok;
		throw new Error(`${name} was refused: ${result.err.code}`);
	}

	/** Cost of a call of this method, without timers. */
	async costOf<Name extends MethodName>(name: Name, ...args: MethodArgs<Name>): Promise<MessageRecord> {
		const before = this.messages.length;
		await this.call(name, ...args);
		const record = this.messages
			.slice(before)
			.find(({ method, kind }) => method === name && kind !== "inspect");
		if (record === undefined) throw new Error(`${name} was not counted`);
		return record;
	}

	/** A method's Candid. */
	argument<Name extends MethodName>(name: Name, ...args: MethodArgs<Name>): Uint8Array {
		return new Uint8Array(IDL.encode(idlsOf(METHODS[name].args), args));
	}

	agentOf(identity: Identity): Promise<HttpAgent> {
		const { url, rootKey } = this.network;
		return HttpAgent.create({ host: url, rootKey, identity, retryTimes: 0 });
	}

	/** Sends an update, and waits until it was executed or rejected. */
	async sendAsUpdate(agent: HttpAgent, methodName: string, arg: Uint8Array): Promise<void> {
		const call = { methodName, arg, effectiveCanisterId: this.canisterId };
		await agent.call(this.canisterId, call);
	}

	/** Cycles that the canister was charged for a message. */
	async cyclesOfUpdate(agent: HttpAgent, name: string, argument: Uint8Array): Promise<number> {
		const before = this.messages.length;
		await this.sendAsUpdate(agent, name, argument);
		const own = this.messages.slice(before).filter(({ method }) => method === name);
		return own.reduce((sum, { cycles }) => sum + Number(cycles), 0);
	}

	/** Instructions of a query with its proof. */
	async costOfQuery<Name extends MethodName>(name: Name, ...args: MethodArgs<Name>): Promise<number> {
		const before = this.messages.length;
		await this.call(name, ...args);
		const record = this.messages
			.slice(before)
			.find(({ method, kind }) => method === name && kind === "query");
		if (record === undefined) throw new Error(`${name} was not counted as a query`);
		return Number(record.instructions);
	}

	/** Waits until timers have made this many slots. @returns the last step that made some */
	async timersUntil(isEnough: (slotsMade: number) => boolean): Promise<MessageRecord[]> {
		while (!isEnough(Number((await this.call("blobs_stats")).slots_made))) await pause(200);
		// Azle's timers call their own canister.
		return this.messages.filter(
			({ kind, method, stableBytesWritten }) =>
				kind === "update" && !method.startsWith("blobs_") && stableBytesWritten > 0,
		);
	}

	/** Waits until the timers have no work within the next minutes. */
	async quiet(): Promise<void> {
		const busy = async () => {
			const { cleaning, certifying, slots_free } = await this.call("blobs_stats");
			return cleaning + certifying > 0n || slots_free < 128n;
		};
		while (await busy()) await pause(200);
	}

	dispose(): Promise<void> {
		return this.network.dispose();
	}
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
