import type { Ed25519KeyIdentity } from "@dfinity/identity";
import type { BlobClient, Manifest } from "canister-blobs";
import { type BlobUrl, BlobUrls } from "canister-blobs/service-worker";
import type { Config } from "./config.js";
import { button, element, showProblem } from "./dom.js";
// Bundled as a script of its own, in the page's own folder (vite.config.ts).
import workerUrl from "./service-worker.ts?worker&url";

const status = element("gallery-status");
/** Has no captions: uploaded films come without. */
const player = Object.assign(document.createElement("video"), { id: "player", controls: true, hidden: true });
player.setAttribute("aria-label", "Player");
element("screen").append(player);

/**
 * Pictures and films of the store as elements of the page, private ones included: the service worker answers their URLs
 * with verified bytes, and reads as this visitor. @returns a function that shows a list of blobs
 */
export async function openGallery(
	client: BlobClient,
	identity: Ed25519KeyIdentity,
	{ canisterId, host, local }: Config,
): Promise<(blobs: readonly Manifest[]) => Promise<void>> {
	const query = new URLSearchParams({ canister: canisterId, host, ...(local && { local: "" }) });
	// Plain HTTP has no workers, and a browser may refuse one. Object URLs replace them.
	await navigator.serviceWorker?.register(`${workerUrl}?${query}`).catch(showProblem);
	const urls = new BlobUrls({ client, canisterId, identity });
	let shown: BlobUrl[] = [];
	let playing: BlobUrl | undefined;

	async function play(blob: Manifest): Promise<void> {
		showProblem();
		try {
			const before = playing;
			playing = await urls.blobUrl(blob.key);
			player.src = playing.url;
			player.hidden = false;
			before?.release();
		} catch (error) {
			showProblem(error);
		}
	}
	player.addEventListener("error", () => showProblem(new Error("The film cannot be played.")));

	async function figure(blob: Manifest, made: BlobUrl[]): Promise<HTMLElement | undefined> {
		const { key, contentType, visibility } = blob;
		const figure = document.createElement("figure");
		const caption = document.createElement("figcaption");
		caption.textContent = `${key} · ${visibility}`;
		if (contentType.startsWith("image/")) {
			const url = await urls.blobUrl(key);
			made.push(url);
			figure.append(Object.assign(new Image(), { src: url.url, alt: key, loading: "lazy" }));
		} else if (contentType.startsWith("video/"))
			figure.append(button("Play", `Play ${key}`, () => void play(blob)));
		else return undefined;
		figure.append(caption);
		return figure;
	}

	return async (blobs) => {
		const made: BlobUrl[] = [];
		const figures: HTMLElement[] = [];
		for (const blob of blobs) {
			// Skips a blob that was deleted meanwhile.
			const its = await figure(blob, made).catch(() => undefined);
			if (its) figures.push(its);
		}
		element("gallery").replaceChildren(...figures);
		for (const url of shown) url.release();
		shown = made;
		status.textContent = figures.length === 0 ? "No pictures and films yet." : "";
	};
}
