import { HttpAgent, type SignIdentity } from "@dfinity/agent";
import { BlobClient } from "canister-blobs/node";

export async function quickStart(host: string, canisterId: string, identity: SignIdentity, path: string) {
	const agent = await HttpAgent.create({ host, identity });
	const blobs = new BlobClient({ agent, canisterId, localNetwork: true });

	// Run it again after a crash: chunks that have arrived are not sent again.
	const upload = blobs.upload(path, { key: "films/holiday.mp4", visibility: "public" });
	upload.on("progress", ({ loaded, total }) => console.log(`${loaded} of ${total} bytes`));
	await upload.done;

	for await (const entry of blobs.list({ prefix: "films/" })) console.log(entry);
	await blobs.downloadTo("films/holiday.mp4", `${path}.copy`);
}
