/** An HttpAgent of the installed agent package that trusts a local network. */
import type { Signatures } from "./certification/topology.js";

/** A principal of the agent's package. */
export interface AgentPrincipal {
	/** As text. */
	toText(): string;
	/** As bytes. */
	toUint8Array(): Uint8Array;
}

/** The properties that the HttpAgents of both packages share. */
export interface NetworkAgent {
	/** The network's public key in DER. */
	readonly rootKey: Uint8Array | null;
	/** URL of the network. */
	readonly host: URL;
	/** Principal of the agent's identity. */
	getPrincipal(): Promise<AgentPrincipal>;
	/** Milliseconds by which the network's clock is ahead. */
	getTimeDiffMsecs(): number;
}

interface AgentPackage {
	readonly HttpAgent: { create(options: object): Promise<NetworkAgent> };
}

/** The newer package first: it exists only where an application chose it. */
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
		// An agent verifies BLS only and accepts no other verifier. A client does: see its `blsVerify`.
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
