import { HttpAgent } from "@dfinity/agent";
import { BlobClient } from "canister-blobs";
import { loadConfig } from "./config.js";
import { element, showProblem } from "./dom.js";
import { openGallery } from "./gallery.js";
import { loadIdentity } from "./identity.js";
import { listStored } from "./stored.js";
import { listUnfinished, setUpUpload, showPlace } from "./upload.js";

async function start(): Promise<void> {
	const config = await loadConfig();
	const { canisterId, host, local } = config;
	const identity = loadIdentity();
	const principal = identity.getPrincipal().toText();
	element("store").textContent = canisterId;
	// Shown so that an administrator can give it a grant or the role `writer`. Before that every upload is refused.
	element("principal").textContent = principal;
	element("copy-principal").addEventListener("click", () => void navigator.clipboard.writeText(principal));

	const agent = await HttpAgent.create({ host, identity, shouldFetchRootKey: local });
	const client = new BlobClient({ agent, canisterId, localNetwork: local });
	const showGallery = await openGallery(client, identity, config);
	const list = async () => showGallery(await listStored(client));
	setUpUpload(client, () => void list());
	await Promise.all([list(), listUnfinished(client), showPlace(client)]);
}

start().catch(showProblem);
