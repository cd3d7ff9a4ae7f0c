const UNITS = ["kB", "MB", "GB", "TB"];

/** `7340032` to `7.3 MB`. */
export function formatBytes(bytes: number): string {
	if (bytes < 1_000) return `${bytes} B`;
	const power = Math.min(Math.floor(Math.log10(bytes) / 3), UNITS.length);
	return `${(bytes / 1_000 ** power).toFixed(1)} ${UNITS[power - 1]}`;
}

/** `75` to `1 min 15 s`. */
export function formatSeconds(seconds: number): string {
	const whole = Math.ceil(seconds);
	if (whole < 60) return `${whole} s`;
	const minutes = Math.floor(whole / 60);
	if (minutes < 60) return `${minutes} min ${whole % 60} s`;
	return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** How far back a rate looks: chunks arrive in bursts, and a reader wants a figure that stands still. */
const WINDOW_MS = 5_000;

/** Bytes a second over the last few seconds. */
export class Rate {
	#samples: { at: number; bytes: number }[] = [];

	/** Notes how many bytes there are by now. @returns bytes a second; undefined as long as that says nothing. */
	update(bytes: number, at = performance.now()): number | undefined {
		this.#samples.push({ at, bytes });
		while (this.#samples.length > 2 && this.#samples[1]!.at < at - WINDOW_MS) this.#samples.shift();
		const first = this.#samples[0]!;
		return at > first.at && bytes > first.bytes
			? ((bytes - first.bytes) / (at - first.at)) * 1_000
			: undefined;
	}
}
