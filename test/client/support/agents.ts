import { HttpAgent } from "@dfinity/agent";
import { DelegationChain, DelegationIdentity, Ed25519KeyIdentity } from "@dfinity/identity";
import { HttpAgent as CoreAgent } from "@icp-sdk/core/agent";
import {
	DelegationChain as CoreChain,
	DelegationIdentity as CoreDelegation,
	Ed25519KeyIdentity as CoreKey,
} from "@icp-sdk/core/identity";
import type { AgentLike } from "../../../src/client/index.js";

/** Where an agent is to go, and as whom. */
export interface AgentOptions {
	readonly host: string;
	/** Without one the agent fetches it. */
	readonly rootKey?: Uint8Array;
	/** Without one nobody is signed in. */
	readonly key?: Ed25519KeyIdentity;
	/** Signs by a session key, for so long. */
	readonly sessionMs?: number;
}

/** A package whose agents a user may bring along. */
export interface AgentPackage {
	readonly name: string;
	agent(options: AgentOptions): Promise<AgentLike>;
	/** One that holds the mainnet's root key, and may have been told to fetch another when it first needs one. */
	unprepared(options: { host: string; key: Ed25519KeyIdentity; shouldFetchRootKey: boolean }): AgentLike;
}

/** What both packages' agents are told beside their identity. They make one attempt: the client has its own. */
const toldOf = ({ host, rootKey }: AgentOptions) => ({
	host,
	retryTimes: 0,
	...(rootKey ? { rootKey } : { shouldFetchRootKey: true }),
});

const until = (ms: number) => new Date(Date.now() + ms);

const dfinity: AgentPackage = {
	name: "@dfinity/agent",
	unprepared: ({ key: identity, ...options }) => HttpAgent.createSync({ ...options, identity }),
	async agent(options) {
		const { key, sessionMs } = options;
		if (key === undefined) return HttpAgent.create(toldOf(options));
		if (sessionMs === undefined) return HttpAgent.create({ ...toldOf(options), identity: key });
		const session = Ed25519KeyIdentity.generate();
		const chain = await DelegationChain.create(key, session.getPublicKey(), until(sessionMs));
		const identity = DelegationIdentity.fromDelegation(session, chain);
		return HttpAgent.create({ ...toldOf(options), identity });
	},
};

const core: AgentPackage = {
	name: "@icp-sdk/core",
	unprepared: ({ key, ...options }) =>
		CoreAgent.createSync({ ...options, identity: CoreKey.fromSecretKey(key.getKeyPair().secretKey) }),
	async agent(options) {
		const { sessionMs } = options;
		if (options.key === undefined) return CoreAgent.create(toldOf(options));
		const key = CoreKey.fromSecretKey(options.key.getKeyPair().secretKey);
		if (sessionMs === undefined) return CoreAgent.create({ ...toldOf(options), identity: key });
		const session = CoreKey.generate();
		const chain = await CoreChain.create(key, session.getPublicKey(), until(sessionMs));
		const identity = CoreDelegation.fromDelegation(session, chain);
		return CoreAgent.create({ ...toldOf(options), identity });
	},
};

/** The client must not care which: the tests that go over the network are made with both. */
export const AGENTS: readonly AgentPackage[] = [dfinity, core];
