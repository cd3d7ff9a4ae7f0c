import { BlobClient, type BlobClientOptions, type BlobSource } from "canister-blobs";
import { Encryption, KeyFile, MasterKey } from "canister-blobs/encryption";

/** Once: a master key, wrapped for an age identity. Store the text anywhere; keep the identity secret. */
export async function newKeyFile(recipient: string) {
	return `${await KeyFile.wrap(await MasterKey.random(), { recipient })}`;
}

export async function encrypted(
	options: BlobClientOptions,
	keyFile: string,
	identity: string,
	film: BlobSource,
) {
	const masterKey = await KeyFile.parse(keyFile).open({ identities: [identity] });
	const encryption = await Encryption.of({ masterKey, names: true });
	const blobs = new BlobClient({ ...options, encryption });

	// Sealed before it leaves this machine; `encrypt: false` would send it unencrypted.
	await blobs.upload(film, { key: "films/holiday.mp4", contentType: "video/mp4" }).done;

	// Decrypted on arrival: whole, by range, as a stream. A client without the key gets sealed bytes.
	return blobs.download("films/holiday.mp4", { range: { start: 1_000_000, end: 2_000_000 } }).bytes();
}
