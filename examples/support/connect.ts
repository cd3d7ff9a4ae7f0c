import { createPrivateKey } from "node:crypto";
import { readFile } from "node:fs/promises";
import { HttpAgent } from "@dfinity/agent";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import type { Principal } from "@dfinity/principal";
import { BlobClient } from "canister-blobs/node";

/** Command-line options that find a store, for `parseArgs`. */
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

/** Concurrent files, and chunks of each: a script holds at most 16 chunks of 2 MiB in memory. */
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
	/** Principal of the client. */
	readonly caller: Principal;
}

export async function connect({ canister, host, identity, local }: Connection): Promise<Connected> {
	if (!canister) throw new Error("Which store? Give --canister ID.");
	const agent = await HttpAgent.create({
		host,
		// Without a key the caller is the anonymous principal, which can read public blobs.
		...(identity && { identity: await readIdentity(identity) }),
		// The root key is fetched from the network only if the user declared the network local.
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

/**
 * An Ed25519 key in PKCS #8. The command line contains only its path, since every user of a machine can read command
 * lines.
 */
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
