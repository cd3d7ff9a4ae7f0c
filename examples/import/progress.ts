import type {
	ItemResult,
	ItemUploaded,
	Transfer,
	UploadManyProgress,
	UploadManyResult,
} from "canister-blobs/node";

const INTERVAL_MS = 100;

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);

type UploadMany = Transfer<UploadManyResult, UploadManyProgress, ItemResult<ItemUploaded>>;

/** Shows progress on stderr: a line for each file, and on a terminal also a progress line. */
export function showProgress(transfer: UploadMany): void {
	const { isTTY } = process.stderr;
	let shownAt = 0;
	let done = 0;
	if (isTTY)
		transfer.on("progress", ({ loaded, total = 0, bytesPerSecond, secondsLeft }) => {
			if (Date.now() - shownAt < INTERVAL_MS) return;
			shownAt = Date.now();
			const rate = bytesPerSecond === undefined ? "" : `, ${megabytes(bytesPerSecond)} MB/s`;
			const left = secondsLeft === undefined ? "" : `, ${Math.ceil(secondsLeft)} s left`;
			process.stderr.write(`\r\x1b[K${megabytes(loaded)} of ${megabytes(total)} MB${rate}${left}`);
		});
	transfer.on("item", ({ key, status }) => {
		done++;
		const total = transfer.progress.items.total ?? "?";
		process.stderr.write(`${isTTY ? "\r\x1b[K" : ""}[${done}/${total}] ${status} ${key}\n`);
	});
}
