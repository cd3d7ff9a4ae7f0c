import { HttpAgent, type Identity } from "@dfinity/agent";
import { BlobClient, type BlobClientOptions } from "../../client/node/index.js";
import { identityOf } from "./identities.js";
import type { KeyIdentity } from "./key-identity.js";
import type { ConnectionValues } from "./options.js";
import { targetOf } from "./target.js";

/** A store on a network, and who asks. */
export interface Connection {
	readonly canisterId: string;
	/** Undefined where nobody was named. */
	readonly identity: KeyIdentity | undefined;
	agent(identity?: Identity): Promise<HttpAgent>;
	/** A client of the store, for an identity or for nobody. */
	client(identity?: Identity, options?: Partial<BlobClientOptions>): Promise<BlobClient>;
}

export async function connectionOf(values: ConnectionValues): Promise<Connection> {
	const { canisterId, host, isLocal, rootKey } = await targetOf(values);
	const agent = (identity?: Identity) =>
		HttpAgent.create({
			host,
			// Whoever answers is believed only where the user said that it is a network of his own.
			shouldFetchRootKey: isLocal,
			...(rootKey && { rootKey }),
			...(identity && { identity }),
		});
	return {
		canisterId,
		identity: await identityOf(values),
		agent,
		client: async (identity, options = {}) =>
			new BlobClient({ agent: await agent(identity), canisterId, localNetwork: isLocal, ...options }),
	};
}
