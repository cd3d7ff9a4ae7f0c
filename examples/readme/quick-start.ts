import { createPrivateKey } from "node:crypto";
import { readFile } from "node:fs/promises";
import { HttpAgent } from "@dfinity/agent";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import { BlobClient } from "canister-blobs/node";

/** The identity of a key made by `openssl genpkey -algorithm ed25519`. */
async function identityIn(pem: string) {
	const { d = "" } = createPrivateKey(await readFile(pem)).export({ format: "jwk" });
	return Ed25519KeyIdentity.fromSecretKey(Buffer.from(d, "base64url"));
}

/** Takes the output of `canister-blobs network`, `key.pem`, and the path of a file. */
export async function quickStart(host: string, canisterId: string, pem: string, path: string) {
	const agent = await HttpAgent.create({ host, identity: await identityIn(pem) });
	const blobs = new BlobClient({ agent, canisterId, localNetwork: true });

	// Run it again after a crash: chunks that have arrived are not sent again.
	const upload = blobs.upload(path, { key: "films/holiday.mp4", visibility: "public" });
	upload.on("progress", ({ loaded, total }) => console.log(`${loaded} of ${total} bytes`));
	await upload.done;

	for await (const entry of blobs.list({ prefix: "films/" }))
		if (entry.type === "blob") console.log(entry.blob.key, entry.blob.size);
	await blobs.downloadTo("films/holiday.mp4", `${path}.copy`);
}
