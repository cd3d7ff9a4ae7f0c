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
	const agentOptions = (identity?: Identity) => ({
		host,
		...(rootKey && { rootKey }),
		...(identity && { identity }),
	});
	// Whoever answers is believed only where the user said that it is a network of his own.
	const agent = (identity?: Identity) =>
		HttpAgent.create({ ...agentOptions(identity), shouldFetchRootKey: isLocal }).catch((cause: Error) => {
			throw new Error(noAnswer(host, isLocal, cause), { cause });
		});
	return {
		canisterId,
		identity: await identityOf(values),
		agent,
		client: async (identity, options = {}) =>
			new BlobClient({
				// The client fetches the root key itself, in its own time and with its own errors.
				agent: await HttpAgent.create(agentOptions(identity)),
				canisterId,
				localNetwork: isLocal,
				...options,
			}),
	};
}

function noAnswer(host: string, isLocal: boolean, { message }: Error): string {
	const start = isLocal
		? "Start a local network with: canister-blobs network --port 4943; or check --host"
		: "Check --host";
	return `No answer from ${host}: ${message.split("\n")[0]}. ${start}.`;
}
