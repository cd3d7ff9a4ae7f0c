/** An HttpAgent that trusts a local network, of the agent package that is installed. */
import type { Signatures } from "./certification/topology.js";

/** A principal of the agent's package. */
export interface AgentPrincipal {
	/** As text. */
	toText(): string;
	/** As bytes. */
	toUint8Array(): Uint8Array;
}

/** What an HttpAgent of either package has. */
export interface NetworkAgent {
	/** The network's public key in DER. */
	readonly rootKey: Uint8Array | null;
	/** Where the network answers. */
	readonly host: URL;
	/** Whom it acts for. */
	getPrincipal(): Promise<AgentPrincipal>;
	/** Milliseconds that the network's clock is ahead. */
	getTimeDiffMsecs(): number;
}

interface AgentPackage {
	readonly HttpAgent: { create(options: object): Promise<NetworkAgent> };
}

/** The newer package first: it is there only where somebody chose it. */
const PACKAGES: readonly (() => Promise<unknown>)[] = [
	() => import("@icp-sdk/core/agent"),
	() => import("@dfinity/agent"),
];

export async function createAgent(
	host: string,
	rootKey: Uint8Array,
	signatures: Signatures,
	identity: object | undefined,
): Promise<NetworkAgent> {
	const { HttpAgent } = await installed();
	return HttpAgent.create({
		host,
		rootKey,
		...(identity && { identity }),
		// An agent knows BLS alone, and takes no other verifier: who holds the client is given one.
		verifyQuerySignatures: signatures === "bls",
	});
}

async function installed(): Promise<AgentPackage> {
	for (const load of PACKAGES)
		try {
			return (await load()) as AgentPackage;
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
		}
	throw new Error("network.agent needs an agent: npm install @icp-sdk/core, or @dfinity/agent");
}
