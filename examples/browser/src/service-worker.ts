import { HttpAgent } from "@dfinity/agent";
import { BlobClient } from "canister-blobs";
import { serveBlobs } from "canister-blobs/service-worker";

/**
 * Answers the URLs of blobs on this page's origin. Which store they are of stands in the script's own address: a
 * service worker has to know it before the first request, and cannot wait for a config.json.
 */

const { searchParams } = new URL(location.href);
const canisterId = searchParams.get("canister") ?? "";
const host = searchParams.get("host") ?? "";
const local = searchParams.has("local");

serveBlobs({
	canisters: [canisterId],
	// Below the folder of the page.
	prefix: new URL("blobs/", location.href).pathname,
	client: async ({ identity }) =>
		new BlobClient({
			agent: await HttpAgent.create({ host, shouldFetchRootKey: local }),
			canisterId,
			localNetwork: local,
			...(identity && { identity }),
		}),
});
