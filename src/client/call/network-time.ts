import type { Ports } from "../platform/ports.js";
import { stopwatch } from "../util/stopwatch.js";

/** What of the call path is needed to ask for the time. */
interface Path {
	readonly ports: Pick<Ports, "now" | "monotonic">;
	/** Milliseconds since 1970 by a certificate that one node gives. */
	certifiedTime(): Promise<number>;
}

/** One node may lag, or show an old certificate on purpose: the latest of these counts. */
const NODES = 3;
/** What is refused for its expiry so soon after the time was asked for is not refused for our clock. */
const TRUSTED_FOR_MS = 60_000;
/** Our clock was set back since where it has fallen behind the one that cannot be set by more than this. */
const DRIFT_MS = 10_000;

/** How far the network's clock is ahead of ours, where that matters: a machine's own may be wrong by hours. */
export class NetworkTime {
	readonly #path: Path;
	#offsetMs: number | undefined;
	#asked: Promise<void> | undefined;
	/** Whether what was learned last still holds. */
	#isTrusted = () => false;
	#settings = 0;

	constructor(path: Path) {
		this.#path = path;
	}

	/** Undefined until it was asked for. */
	get offsetMs(): number | undefined {
		return this.#offsetMs;
	}

	/** How often the clock has been set: requests that were signed before the last time have another expiry than now. */
	get settings(): number {
		return this.#settings;
	}

	/**
	 * A request was refused for its expiry.
	 * @param settings as it was when the request was signed
	 * @returns whether one that is signed now has another expiry
	 */
	async refused(settings: number): Promise<boolean> {
		if (settings < this.#settings) return true;
		if (this.#isTrusted()) return false;
		this.#asked ??= this.#ask().finally(() => {
			this.#asked = undefined;
		});
		await this.#asked;
		return true;
	}

	async #ask(): Promise<void> {
		const askedAtMs = this.#path.ports.now();
		const age = stopwatch(this.#path.ports);
		const answers = await Promise.allSettled(Array.from({ length: NODES }, () => this.#path.certifiedTime()));
		const times = answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
		if (times.length === 0) throw (answers[0] as PromiseRejectedResult).reason;
		this.#offsetMs = Math.max(...times) - askedAtMs;
		this.#isTrusted = () => age() < TRUSTED_FOR_MS && this.#path.ports.now() - askedAtMs > age() - DRIFT_MS;
		this.#settings++;
	}
}
