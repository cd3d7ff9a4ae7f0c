import type { BatchProgress, BatchResult, FileResult, Transfer } from "canister-blobs/node";

const INTERVAL_MS = 100;

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);

/** Shows on stderr how far a transfer is: a line for each file, and on a terminal one that moves. */
export function showProgress(transfer: Transfer<BatchResult, BatchProgress>): {
	file(result: FileResult): void;
} {
	const { isTTY } = process.stderr;
	let shownAt = 0;
	let done = 0;
	if (isTTY)
		transfer.on("progress", ({ acknowledged, total = 0, bytesPerSecond, secondsLeft }) => {
			if (Date.now() - shownAt < INTERVAL_MS) return;
			shownAt = Date.now();
			const rate = bytesPerSecond === undefined ? "" : `, ${megabytes(bytesPerSecond)} MB/s`;
			const left = secondsLeft === undefined ? "" : `, ${Math.ceil(secondsLeft)} s left`;
			process.stderr.write(`\r\x1b[K${megabytes(acknowledged)} of ${megabytes(total)} MB${rate}${left}`);
		});
	return {
		file: ({ key, status }) => {
			done++;
			const total = transfer.progress.files.total ?? "?";
			process.stderr.write(`${isTTY ? "\r\x1b[K" : ""}[${done}/${total}] ${status} ${key}\n`);
		},
	};
}
