import type { BlobClient, Manifest } from "canister-blobs";
import { button, element, showProblem } from "./dom.js";
import { formatBytes } from "./format.js";

const status = element("stored-status");

/** Fills the table with the blobs that the caller may read. */
export async function listStored(client: BlobClient): Promise<Manifest[]> {
	const blobs: Manifest[] = [];
	try {
		for await (const entry of client.list()) if (entry.type === "blob") blobs.push(entry.blob);
		element("stored").replaceChildren(...blobs.map((blob) => row(client, blob)));
		if (blobs.length === 0) status.textContent = "Nothing yet.";
		else if (status.textContent === "Nothing yet.") status.textContent = "";
	} catch (error) {
		showProblem(error);
	}
	return blobs;
}

function row(client: BlobClient, blob: Manifest): HTMLTableRowElement {
	const made = document.createElement("tr");
	made.insertCell().textContent = blob.key;
	const size = made.insertCell();
	size.className = "number";
	size.textContent = formatBytes(blob.size);
	made.insertCell().textContent = blob.modifiedAt.toLocaleString();
	made.insertCell().append(button("Download", `Download ${blob.key}`, () => void save(client, blob)));
	return made;
}

/**
 * Downloads exactly the blob that the table shows, and verifies every byte. The result is a Blob, which browsers keep
 * on disk if it is large, and then a download of the user.
 */
async function save(client: BlobClient, blob: Manifest): Promise<void> {
	showProblem();
	try {
		let received = 0;
		const counting = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
			transform(chunk, out) {
				received += chunk.length;
				status.textContent = `${blob.key}: ${formatBytes(received)} of ${formatBytes(blob.size)}`;
				out.enqueue(chunk);
			},
		});
		const stream = client.download(blob).stream().pipeThrough(counting);
		// As bytes without a type: an uploaded blob must not run as a page of this origin.
		const headers = { "content-type": "application/octet-stream" };
		saveAs(await new Response(stream, { headers }).blob(), blob.key.split("/").at(-1)!);
		status.textContent = `${blob.key} is downloaded and verified.`;
	} catch (error) {
		status.textContent = "";
		showProblem(error);
	}
}

function saveAs(blob: Blob, name: string): void {
	const link = document.createElement("a");
	link.href = URL.createObjectURL(blob);
	link.download = name;
	link.click();
	// The click has started the download; the URL must only outlive the current task.
	setTimeout(() => URL.revokeObjectURL(link.href), 0);
}
