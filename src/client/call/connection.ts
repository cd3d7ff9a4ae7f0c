import type { Connection } from "../context.js";
import { ClientError } from "../errors/errors.js";
import type { Settings } from "../options.js";
import { utf8 } from "../util/bytes.js";
import { lookup } from "../verification/hash-tree.js";
import { Trust } from "../verification/trust.js";
import { type AgentLike, type IdentityLike, isAnonymous } from "./agent.js";
import { Caller } from "./caller.js";
import { Network } from "./network.js";
import { retry } from "./retry.js";
import { Transport, type TransportOptions } from "./transport.js";

/** The way to a canister through an agent, for an identity or for the agent's own. */
export function openConnection(
	agent: AgentLike,
	identity: IdentityLike | undefined,
	settings: Settings,
	shared: Pick<TransportOptions, "throttle" | "told">,
): Connection {
	const { localNetwork, canisterId, ports, requestTimeoutMs: timeoutMs } = settings;
	const network = new Network(agent, { localNetwork, identity, timeoutMs, ports });
	const transport = new Transport(network, { canisterId, ports, timeoutMs, ...shared });
	return {
		caller: new Caller(transport, settings.retry),
		trust: new Trust(transport),
		principal: async () => {
			const own = await network.principal();
			return (!isAnonymous(own.toUint8Array()) && settings.actsFor) || own;
		},
		moduleHash: (signal) => {
			const path = ["canister", canisterId.toUint8Array(), "module_hash"] as const;
			const asked = path.map((label) => (typeof label === "string" ? utf8(label) : label));
			const read = async () => {
				const certificate = await transport.readState([asked], "module_hash", signal);
				await transport.verify(certificate);
				const hash = lookup(certificate.tree, path);
				if (hash) return hash.slice();
				throw new ClientError("certificate_invalid", { reason: "it holds no module hash of the canister" });
			};
			const { throttle, patience } = transport;
			return retry(read, { policy: settings.retry, ports, throttle, patience, signal });
		},
	};
}
