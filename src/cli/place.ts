import { HttpAgent, type Identity } from "@dfinity/agent";
import { BlobClient, type BlobClientOptions } from "../client/node/index.js";
import { FileIdentity } from "./backup/identity.js";
import { UsageError } from "./command.js";

interface Connection {
	canister?: string;
	host: string;
	identity?: string;
	local: boolean;
}

/** A store on a network, and whose key was given. */
export interface Place {
	readonly canisterId: string;
	/** Undefined where no key was given. */
	readonly identity: FileIdentity | undefined;
	/** A client of the store, for an identity or for nobody. */
	client(identity?: Identity, options?: Partial<BlobClientOptions>): Promise<BlobClient>;
}

export async function placeOf({ canister, host, identity: path, local }: Connection): Promise<Place> {
	if (!canister) throw new UsageError("which store? Give --canister <id>");
	const named = path ?? process.env.CANISTER_BLOBS_IDENTITY;
	return {
		canisterId: canister,
		identity: named ? await FileIdentity.read(named) : undefined,
		client: async (identity, options = {}) =>
			new BlobClient({
				// Whoever answers is believed only where the user said that it is a network of his own.
				agent: await HttpAgent.create({
					host,
					shouldFetchRootKey: local,
					...(identity && { identity }),
				}),
				canisterId: canister,
				localNetwork: local,
				...options,
			}),
	};
}
