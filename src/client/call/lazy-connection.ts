import type { Connection } from "../context.js";
import type { Settings } from "../options.js";
import { part } from "../util/part.js";
import { type AgentLike, checkAgent, clockOffsetMs, type IdentityLike } from "./agent.js";
import type { TransportOptions } from "./transport.js";

const connections = part(() => import("./connection.js"));

/**
 * The way to a canister, whose code is loaded when something is first asked: Candid, CBOR, HTTP and the verification of
 * certificates are a third of the client.
 * @throws ClientError `option_invalid` for an agent that cannot be used
 */
export function lazyConnection(
	agent: AgentLike,
	identity: IdentityLike | undefined,
	settings: Settings,
	shared: Pick<TransportOptions, "throttle" | "told">,
): Connection {
	checkAgent(agent, settings.localNetwork);
	let opened: Connection | undefined;
	const open = async () => {
		const { openConnection } = await connections();
		opened ??= openConnection(agent, identity, settings, shared);
		return opened;
	};
	return {
		caller: {
			update: async (...call) => (await open()).caller.update(...call),
			query: async (...call) => (await open()).caller.query(...call),
		},
		trust: {
			certified: async (certificate) => (await open()).trust.certified(certificate),
			principal: async () => (await open()).trust.principal(),
			nowMs: () => opened?.trust.nowMs() ?? settings.ports.now() + clockOffsetMs(agent),
		},
		principal: async () => (await open()).principal(),
		moduleHash: async (signal) => (await open()).moduleHash(signal),
	};
}
