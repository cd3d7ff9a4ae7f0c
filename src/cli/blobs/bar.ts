import { SingleBar } from "cli-progress";
import type { Progress } from "../../client/node/index.js";

const MB = 1_000_000;
const NAME_WIDTH = 24;

/** A progress line on a terminal, on stderr. Prints nothing elsewhere, so that cron sends no mail. */
export class Bar {
	readonly #bar: SingleBar | undefined;

	constructor(name: string, isQuiet: boolean) {
		if (isQuiet || !process.stderr.isTTY) return;
		this.#bar = new SingleBar({
			format: "{name} {bar} {percent} {size}  {rate}  {left}",
			stream: process.stderr,
			barsize: 24,
			hideCursor: true,
			clearOnComplete: true,
			fps: 5,
			barCompleteChar: "█",
			barIncompleteChar: "░",
		});
		const shown = name.length > NAME_WIDTH ? `…${name.slice(1 - NAME_WIDTH)}` : name.padEnd(NAME_WIDTH);
		this.#bar.start(1, 0, { name: shown, size: "", rate: "", left: "", percent: "" });
	}

	show({ loaded, total, bytesPerSecond, secondsLeft }: Progress): void {
		if (this.#bar === undefined) return;
		this.#bar.setTotal(Math.max(total ?? loaded, 1));
		this.#bar.update(total === 0 ? 1 : loaded, {
			percent:
				total === undefined ? "" : `${Math.floor(total === 0 ? 100 : (100 * loaded) / total)} %`.padStart(5),
			size: `${(loaded / MB).toFixed(1)}${total === undefined ? "" : ` of ${(total / MB).toFixed(1)}`} MB`,
			rate: bytesPerSecond === undefined ? "" : `${(bytesPerSecond / MB).toFixed(1)} MB/s`,
			left: secondsLeft === undefined ? "" : leftOf(secondsLeft),
		});
	}

	/** Removes the line. */
	end(): void {
		this.#bar?.stop();
	}
}

function leftOf(seconds: number): string {
	const whole = Math.ceil(seconds);
	if (whole < 60) return `${whole} s left`;
	const minutes = Math.ceil(whole / 60);
	return minutes < 60 ? `${minutes} min left` : `${Math.floor(minutes / 60)} h ${minutes % 60} min left`;
}
