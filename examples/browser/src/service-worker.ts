import { HttpAgent } from "@dfinity/agent";
import { BlobClient } from "canister-blobs";
import { serveBlobs } from "canister-blobs/service-worker";

/**
 * Answers the URLs of blobs on this page's origin. The script's own URL names the store: a service worker must know it
 * before the first request, and cannot wait for a config.json.
 */

const { searchParams } = new URL(location.href);
const canisterId = searchParams.get("canister") ?? "";
const host = searchParams.get("host") ?? "";
const local = searchParams.has("local");

serveBlobs({
	canisters: [canisterId],
	// Below the page's folder.
	prefix: new URL("blobs/", location.href).pathname,
	client: async ({ identity }) =>
		new BlobClient({
			agent: await HttpAgent.create({ host, shouldFetchRootKey: local }),
			canisterId,
			localNetwork: local,
			...(identity && { identity }),
		}),
});
