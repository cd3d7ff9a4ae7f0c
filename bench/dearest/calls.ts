import { Actor } from "@dfinity/agent";
import type { Ed25519KeyIdentity } from "@dfinity/identity";
import type { MethodArgs, MethodName, MethodOk, WireResult } from "../../src/protocol/index.js";
import { idlFactory } from "../../test/support/idl.js";
import type { MeteredStore } from "../metered.js";

/** Calls of one principal that must succeed. */
export type Calls = Pick<MeteredStore, "call">;
/** Calls of an administrator, and the store's address for others. */
export type Store = Pick<MeteredStore, "call" | "agentOf" | "canisterId">;

export async function callsOf(store: Store, identity: Ed25519KeyIdentity): Promise<Calls> {
	const agent = await store.agentOf(identity);
	const actor = Actor.createActor<Record<string, (...args: unknown[]) => Promise<unknown>>>(idlFactory, {
		agent,
		canisterId: store.canisterId,
	});
	return {
		call: async <Name extends MethodName>(name: Name, ...args: MethodArgs<Name>) => {
			const result = (await actor[name]!(...args)) as WireResult<MethodOk<Name>>;
			if ("ok" in result) return result.ok;
			throw new Error(`${name} was refused: ${result.err.code}`);
		},
	};
}
