import { type BlobClient, isBlobError } from "canister-blobs";

export async function uploadFrom(input: HTMLInputElement, bar: HTMLProgressElement, blobs: BlobClient) {
	const file = input.files?.[0];
	if (!file) return undefined;
	const upload = blobs.upload(file, { key: `photos/${file.name}`, visibility: "public" });
	upload.on("progress", ({ loaded }) => {
		bar.value = loaded / file.size;
	});
	try {
		const photo = await upload.done;
		return await blobs.download(photo).blob();
	} catch (error) {
		if (isBlobError(error)) alert(`${error.message} (${error.action})`); // retry, fix, give_up or ask
		throw error;
	}
}
