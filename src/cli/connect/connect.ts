import { type AgentLike, BlobClient, type BlobClientOptions } from "../../client/node/index.js";
import { Principal } from "../../protocol/index.js";
import { identityOf } from "./identities.js";
import type { KeyIdentity } from "./key-identity.js";
import type { ConnectionValues } from "./options.js";
import { checkLocal, targetOf } from "./target.js";

/** A store on a network, and the caller's identity. */
export interface Connection {
	readonly canisterId: string;
	/** URL of the network's API. */
	readonly host: string;
	/** Undefined if no identity was named. */
	readonly identity: KeyIdentity | undefined;
	/** A client of the store, with an identity or anonymous. */
	client(identity?: KeyIdentity, options?: Partial<BlobClientOptions>): BlobClient;
}

export async function connectionOf(values: ConnectionValues): Promise<Connection> {
	const { canisterId, host, isLocal, rootKey } = await targetOf(values);
	if (isLocal) await checkLocal(values, host);
	// The part of an agent that a client needs, so that the command requires neither agent package.
	const agentOf = (identity: KeyIdentity | undefined): AgentLike => ({
		host: new URL(host),
		...(rootKey && { rootKey }),
		config: { identity },
		getPrincipal: async () => identity?.getPrincipal() ?? Principal.anonymous(),
	});
	return {
		canisterId,
		host,
		identity: await identityOf(values),
		// The root key is fetched only from a network that the user declared local.
		client: (identity, options = {}) =>
			new BlobClient({ agent: agentOf(identity), canisterId, localNetwork: isLocal, ...options }),
	};
}
