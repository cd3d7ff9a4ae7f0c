import type { Connection } from "../context.js";
import { ClientError } from "../errors/errors.js";
import type { Settings } from "../options.js";
import { utf8 } from "../util/bytes.js";
import { invalid } from "../verification/certificate.js";
import { find, subtree } from "../verification/hash-tree.js";
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
			const path = [utf8("canister"), canisterId.toUint8Array(), utf8("module_hash")];
			const read = async () => {
				const certificate = await transport.readState([path], "module_hash", signal);
				await transport.verify(certificate);
				const hash = find(certificate.tree, path);
				if (hash.kind === "value") return hash.value.slice();
				// The root subnet, whose certificates need no delegation, proves nothing about canisters of other subnets.
				const speaks = certificate.delegation ?? subtree(certificate.tree, path.slice(0, 2));
				if (hash.kind === "absent" && speaks)
					throw new ClientError("canister_empty", { canister: canisterId.toText() });
				throw invalid("it holds no module hash of the canister");
			};
			const { throttle, patience } = transport;
			return retry(read, { policy: settings.retry, ports, throttle, patience, signal });
		},
	};
}
