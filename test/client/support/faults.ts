import type { FaultScript, Network, SeenRequest } from "../../../src/localnet/index.js";

/** Where a client is to go, and what came there since the faults were set. */
export interface Faulty {
	readonly url: string;
	readonly seen: readonly SeenRequest[];
}

/** From now on the network does to its requests what the script says, and counts them anew. */
export function withFaults(network: Network, script: FaultScript): Faulty {
	network.faults.clear();
	network.requests.clear();
	network.faults.when(script);
	return {
		url: network.url,
		get seen() {
			return network.requests.entries;
		},
	};
}
