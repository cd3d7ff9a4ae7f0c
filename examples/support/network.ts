import { Cbor, HttpAgent, type Identity } from "@dfinity/agent";
import { createNetwork, type Network } from "canister-blobs/localnet";

/** A network, as a URL and a root key: nothing that only the local network has. */
export interface TestNetwork {
	readonly url: string;
	readonly rootKey: Uint8Array;
	/** The network inside this process; undefined for the one in BLOBS_NETWORK. */
	readonly local: Network | undefined;
	agent(identity: Identity): Promise<HttpAgent>;
	dispose(): Promise<void>;
}

/** The network at the URL in BLOBS_NETWORK (any test replica), or else a new one inside this process. */
export async function openNetwork(options: Parameters<typeof createNetwork>[0] = {}): Promise<TestNetwork> {
	const named = process.env.BLOBS_NETWORK;
	const local = named === undefined ? await createNetwork(options) : undefined;
	const url = local?.url ?? named!;
	const rootKey = local?.rootKey ?? (await fetchRootKey(url));
	return {
		url,
		rootKey,
		local,
		agent: async (identity) => HttpAgent.create({ host: url, identity, rootKey }),
		dispose: async () => local?.dispose(),
	};
}

async function fetchRootKey(url: string): Promise<Uint8Array> {
	const response = await fetch(new URL("/api/v2/status", url));
	const status = Cbor.decode<{ root_key: Uint8Array }>(new Uint8Array(await response.arrayBuffer()));
	return new Uint8Array(status.root_key);
}
