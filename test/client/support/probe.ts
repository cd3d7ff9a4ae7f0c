import { HttpAgent, type Identity } from "@dfinity/agent";
import { Principal } from "@dfinity/principal";
import { Network as ClientNetwork } from "../../../src/client/call/network.js";
import { Queries } from "../../../src/client/call/query.js";
import type { RetryPolicy } from "../../../src/client/call/retry.js";
import { Throttle } from "../../../src/client/call/throttle.js";
import { Transport } from "../../../src/client/call/transport.js";
import { Updates } from "../../../src/client/call/update.js";
import type { AgentLike } from "../../../src/client/index.js";
import type { Ports } from "../../../src/client/platform/ports.js";
import { createNetwork, type Network, type Signatures } from "../../../src/localnet/index.js";
import { agentFor, deploy } from "../../localnet/support/deploy.js";
import { probe } from "../../localnet/support/wat.js";
import "../../support/test-signatures.js";
import { hastyPorts } from "./ports.js";

/** A network with the probe canister on it: it echoes, counts, traps and rejects. */
export interface ProbeNetwork {
	readonly network: Network;
	readonly canisterId: Principal;
}

/** @param signatures BLS where @icp-sdk/core verifies by itself: it takes no other */
export async function startProbe(signatures: Signatures = "test"): Promise<ProbeNetwork> {
	const network = await createNetwork({ signatures });
	const canisterId = await deploy(await agentFor(network), await probe());
	return { network, canisterId: Principal.fromText(canisterId.toText()) };
}

const POLICY: RetryPolicy = { maxAttempts: 6, deadlineMs: 60_000, baseDelayMs: 100, maxDelayMs: 1_000 };

/** The client's call path to a canister, through any agent. */
export function callPath(
	agent: AgentLike,
	canisterId: Principal,
	options: { ports?: Ports; policy?: Partial<RetryPolicy>; timeoutMs?: number; localNetwork?: boolean } = {},
) {
	const { ports = hastyPorts, timeoutMs = 20_000, localNetwork = false } = options;
	const policy = { ...POLICY, ...options.policy };
	const network = new ClientNetwork(agent, { localNetwork, timeoutMs, ports });
	const throttle = new Throttle(ports, policy.deadlineMs);
	const transport = new Transport(network, { canisterId, ports, timeoutMs, throttle });
	return { updates: new Updates(transport, policy), queries: new Queries(transport, policy), transport };
}

/** An agent of @dfinity/agent at `url`. */
export const agentAt = (url: string, network: Network, identity: Identity): HttpAgent =>
	HttpAgent.createSync({ host: url, rootKey: network.rootKey, identity, retryTimes: 0 });
