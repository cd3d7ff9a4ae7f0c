import { HttpAgent } from "@dfinity/agent";
import { BlobClient } from "canister-blobs";
import { serveBlobs } from "canister-blobs/service-worker";

/** A service worker as in an application. Its script's URL names the store. */

const { searchParams } = new URL(location.href);
const canister = searchParams.get("canister")!;
const agent = HttpAgent.createSync({ host: searchParams.get("host")! });

serveBlobs({
	canisters: [canister],
	cacheBytes: 2 ** 21,
	client: ({ canisterId, identity }) =>
		new BlobClient({
			agent,
			canisterId,
			localNetwork: true,
			retry: { maxAttempts: 3, baseDelayMs: 1 },
			// The pairing is tried where the client is: this network signs by hashes.
			ports: { blsVerify: async () => true },
			...(identity && { identity }),
		}),
});
