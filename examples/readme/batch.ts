import type { BlobClient, BlobSource } from "canister-blobs";

export async function release(film: BlobSource, page: string, blobs: BlobClient) {
	// The bytes are sent first, in as many messages as needed. They stay invisible.
	const upload = await blobs.prepareUpload(film, { key: "site/film.mp4", visibility: "public" }).done;
	const source = new TextEncoder().encode(page);
	return blobs.batch([
		{ type: "commit", upload },
		{ type: "put", key: "site/new.html", source, contentType: "text/html", visibility: "public" },
		{ type: "rename", from: "site/index.html", to: "archive/index.html" },
	]);
}
