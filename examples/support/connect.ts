import { createPrivateKey } from "node:crypto";
import { readFile } from "node:fs/promises";
import { HttpAgent } from "@dfinity/agent";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import type { Principal } from "@dfinity/principal";
import { BlobClient } from "canister-blobs/node";

/** What a script takes on its command line to find a store, for `parseArgs`. */
export const CONNECTION = {
	canister: { type: "string" },
	host: { type: "string", default: "https://icp-api.io" },
	identity: { type: "string", default: process.env.CANISTER_BLOBS_IDENTITY },
	local: { type: "boolean", default: false },
} as const;

export const CONNECTION_USAGE = `
  --canister ID     the store
  --host URL        an API boundary of its network; default https://icp-api.io, the mainnet
  --identity FILE   an Ed25519 key in PEM (openssl genpkey -algorithm ed25519 -out key.pem), or the variable
                    CANISTER_BLOBS_IDENTITY names it; without either nobody is signed in
  --local           the host is a test network on this machine: believe the root key that it names`;

/** Files under way at a time, and chunks of each: 16 chunks of 2 MiB are the most that a script holds in memory. */
export const PARALLEL_FILES = 4;
const PARALLEL_CHUNKS = 4;

export interface Connection {
	canister?: string;
	host: string;
	identity?: string;
	local: boolean;
}

export interface Connected {
	readonly client: BlobClient;
	/** The principal that the client acts for. */
	readonly caller: Principal;
}

export async function connect({ canister, host, identity, local }: Connection): Promise<Connected> {
	if (!canister) throw new Error("Which store? Give --canister ID.");
	const agent = await HttpAgent.create({
		host,
		// Where no key is given the caller is the anonymous principal, who may read what is public.
		...(identity && { identity: await readIdentity(identity) }),
		// Whoever answers is asked for the root key only where the user said that it is a network of his own.
		shouldFetchRootKey: local,
	});
	return {
		client: new BlobClient({
			agent,
			canisterId: canister,
			localNetwork: local,
			concurrency: { uploads: PARALLEL_CHUNKS, downloads: PARALLEL_CHUNKS },
		}),
		caller: await agent.getPrincipal(),
	};
}

/** An Ed25519 key in PKCS #8. Only its path ever stands on a command line, which every user of a machine can read. */
async function readIdentity(path: string): Promise<Ed25519KeyIdentity> {
	const key = createPrivateKey(await readFile(path));
	if (key.asymmetricKeyType !== "ed25519")
		throw new Error(
			`${path} holds a key of type ${key.asymmetricKeyType}, and an Ed25519 key is wanted: ` +
				"openssl genpkey -algorithm ed25519 -out key.pem makes one.",
		);
	const { d = "" } = key.export({ format: "jwk" });
	return Ed25519KeyIdentity.fromSecretKey(new Uint8Array(Buffer.from(d, "base64url")));
}
