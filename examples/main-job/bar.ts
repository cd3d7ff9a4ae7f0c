import { SingleBar } from "cli-progress";

const MB = 1e6;

/** Progress of an uploading process. */
export interface Loaded {
	readonly loaded: number;
	readonly total: number;
	readonly bytesPerSecond: number | undefined;
	readonly secondsLeft: number | undefined;
}

/** One bar for the whole upload across processes. It never goes back. */
export class UploadBar {
	readonly #bar: SingleBar | undefined;
	#loaded = 0;

	/** @param isQuiet whether to show nothing */
	constructor(size: number, isQuiet: boolean) {
		if (isQuiet) return;
		this.#bar = new SingleBar({
			format: "   {bar} {percent} of {size} MB  {rate}  {left}",
			barsize: 30,
			barCompleteChar: "█",
			barIncompleteChar: "░",
			hideCursor: true,
			noTTYOutput: true,
			notTTYSchedule: 2_000,
		});
		this.#bar.start(size, 0, { percent: "  0 %", size: (size / MB).toFixed(1), rate: "", left: "" });
	}

	/** A process that resumes reports 0 until it knows which chunks have arrived. */
	show({ loaded, total, bytesPerSecond, secondsLeft }: Loaded): void {
		this.#loaded = Math.max(this.#loaded, loaded);
		this.#bar?.update(this.#loaded, {
			percent: `${Math.floor((100 * this.#loaded) / total)} %`.padStart(5),
			rate: bytesPerSecond === undefined ? "" : `${(bytesPerSecond / MB).toFixed(1)} MB/s`,
			left: secondsLeft === undefined || this.#loaded === total ? "" : `${Math.ceil(secondsLeft)} s left`,
		});
	}

	/** Prints a line above the bar. */
	say(text: string): void {
		if (this.#bar === undefined) return;
		const clear = process.stderr.isTTY ? "\r\u001b[2K" : "";
		process.stderr.write(`${clear}   ${text}\n`);
		this.#bar.render();
	}

	end(): void {
		this.#bar?.stop();
	}
}
