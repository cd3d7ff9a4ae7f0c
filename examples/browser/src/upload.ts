import { type BlobClient, isBlobError, type Transfer } from "canister-blobs";
import { button, element, showProblem } from "./dom.js";
import { formatBytes, formatSeconds } from "./format.js";
import { findPlace, type Place } from "./place.js";

const bar = element<HTMLProgressElement>("upload-progress");
const status = element("upload-status");
const start = element<HTMLButtonElement>("start");
const pause = element<HTMLButtonElement>("pause");
const cancel = element<HTMLButtonElement>("cancel");

/** The form that uploads a file under its name. Calls `onStored` after each upload. */
export function setUpUpload(client: BlobClient, onStored: () => void): void {
	let transfer: Transfer | undefined;
	cancel.addEventListener("click", () => transfer?.abort("cancelled on the page"));
	pause.addEventListener("click", () => {
		if (transfer?.state === "paused") void transfer.resume();
		else transfer?.pause();
	});
	// The transfer waits for the connection and resumes by itself; this only shows the state.
	for (const event of ["online", "offline"])
		window.addEventListener(event, () => {
			if (transfer) show(transfer);
		});
	element<HTMLFormElement>("upload").addEventListener("submit", async (event) => {
		event.preventDefault();
		const file = element<HTMLInputElement>("file").files?.[0];
		if (!file || transfer) return;
		showProblem();
		start.disabled = true;
		try {
			const { prefix, visibility } = await showPlace(client);
			// The client finds the chunks of an interrupted upload of this file, and does not send them again.
			const started = client.upload(file, { key: prefix + file.name, visibility });
			transfer = started;
			cancel.disabled = pause.disabled = false;
			show(started);
			started.on("progress", () => show(started));
			started.on("state", (state) => {
				pause.textContent = state === "paused" ? "Resume" : "Pause";
				show(started);
			});
			const { size } = await started.done;
			bar.value = 1;
			status.textContent = `${file.name} is stored: ${formatBytes(size)}${reusedPart(started)}.`;
			onStored();
			await showPlace(client);
		} catch (error) {
			const isCancelled = isBlobError(error, "aborted");
			if (!isCancelled) showProblem(error);
			status.textContent = `${file.name} was ${isCancelled ? "cancelled" : "not stored"}.`;
		} finally {
			transfer = undefined;
			bar.classList.remove("waiting");
			start.disabled = false;
			cancel.disabled = pause.disabled = true;
			await listUnfinished(client);
		}
	});
}

/** Shows where this visitor may upload, unless that is everywhere. */
export async function showPlace(client: BlobClient): Promise<Place> {
	const place = await findPlace(client);
	element("place").textContent = place.about;
	return place;
}

function show(transfer: Transfer): void {
	const { loaded, total = 0, bytesPerSecond, secondsLeft } = transfer.progress;
	const isPaused = transfer.state === "paused";
	bar.value = total === 0 ? 0 : loaded / total;
	bar.classList.toggle("waiting", isPaused || !navigator.onLine);
	const parts = [
		`${Math.floor(bar.value * 100)} %`,
		`${formatBytes(loaded)} of ${formatBytes(total)}${reusedPart(transfer)}`,
	];
	if (isPaused) parts.push("paused");
	else if (!navigator.onLine) parts.push("offline, goes on when there is a connection");
	else if (loaded === total && total > 0) parts.push("publishing …");
	else {
		if (bytesPerSecond) parts.push(`${formatBytes(bytesPerSecond)}/s`);
		if (secondsLeft) parts.push(`${formatSeconds(secondsLeft)} left`);
	}
	status.textContent = parts.join(" · ");
}

const reusedPart = ({ progress: { reused } }: Transfer): string =>
	reused === 0 ? "" : ` (${formatBytes(reused)} were there already)`;

/** Shows which uploads can resume. A page cannot reopen a file by itself, so the user must choose it again. */
export async function listUnfinished(client: BlobClient): Promise<void> {
	const items: HTMLLIElement[] = [];
	try {
		for await (const { id, key, size, receivedChunks, chunkBytes } of client.listUploads()) {
			const arrived = formatBytes(Math.min(receivedChunks * chunkBytes, size ?? Number.POSITIVE_INFINITY));
			const item = document.createElement("li");
			item.append(
				`${key}: ${arrived}${size === undefined ? "" : ` of ${formatBytes(size)}`} arrived. Choose the file again to go on.`,
				button("Discard", `Discard the unfinished upload of ${key}`, async () => {
					await client.abortUpload(id).catch(showProblem);
					await listUnfinished(client);
				}),
			);
			items.push(item);
		}
		element("unfinished").replaceChildren(...items);
	} catch (error) {
		showProblem(error);
	}
}
