import type { HttpAgent } from "@dfinity/agent";
import { BlobClient } from "canister-blobs/node";

export async function thereAndBack(agent: HttpAgent, canisterId: string, path: string) {
	const blobs = new BlobClient({ agent, canisterId });

	// Run it again after a crash, in any process on any machine: chunks that have arrived are not sent again.
	const upload = blobs.upload(path, { key: "films/holiday.mp4" });
	upload.on("progress", ({ loaded, total }) => console.log(`${loaded} of ${total} bytes`));
	const film = await upload.done;

	// Every chunk is verified against `film.root` before it reaches the disk.
	await blobs.downloadTo(film, `${path}.copy`);
}

export async function directory(blobs: BlobClient, path: string) {
	// Small files share messages. Files fail independently.
	const options = { prefix: "site/", exclude: [".git", "*.tmp"], skipUnchanged: true };
	return blobs.uploadDirectory(path, options).done;
}
