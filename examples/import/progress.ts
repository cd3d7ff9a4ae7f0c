const INTERVAL_MS = 100;

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1);

/** What is done so far, on stderr: a line for each file, and on a terminal one that moves. */
export class ImportProgress {
	readonly #files: number;
	readonly #bytes: number;
	#filesDone = 0;
	#bytesDone = 0;
	#shownAt = 0;

	constructor(files: number, bytes: number) {
		this.#files = files;
		this.#bytes = bytes;
	}

	/** So many bytes more are in the canister, or were there already. */
	add(bytes: number): void {
		this.#bytesDone += bytes;
		if (!process.stderr.isTTY || Date.now() - this.#shownAt < INTERVAL_MS) return;
		this.#shownAt = Date.now();
		process.stderr.write(`\r${megabytes(this.#bytesDone)} of ${megabytes(this.#bytes)} MB`);
	}

	fileDone(what: string): void {
		this.#filesDone++;
		const clear = process.stderr.isTTY ? "\r\x1b[K" : "";
		process.stderr.write(`${clear}[${this.#filesDone}/${this.#files}] ${what}\n`);
	}
}
