/**
 * The client's uplink: one bandwidth for all connections. A body is read only as fast as the bandwidth allows, so the
 * sockets fill and the client slows down as on a slow line. The kernel's buffers still accept some MiB per connection
 * at once.
 */
import type { Settings } from "./conditions.js";
import type { Timers } from "./timers.js";

/** Timers are not exact: a shorter wait is added to the next piece's. */
const LEAST_WAIT_MS = 1;

export interface Pausable {
	pause(): void;
	resume(): void;
}

export class Uplink {
	/** Time at which all bytes so far have arrived, on the uplink's clock. */
	#free = 0;

	constructor(
		readonly settings: () => Settings,
		readonly timers: Pick<Timers, "after">,
		/** Milliseconds. */
		readonly now: () => number = () => performance.now(),
	) {}

	/** Accounts for a piece, and pauses its stream until the bandwidth would have carried it. */
	carry(bytes: number, stream: Pausable): void {
		const rate = this.settings().uplinkBytesPerSecond;
		if (rate === Number.POSITIVE_INFINITY) return;
		const now = this.now();
		this.#free = Math.max(this.#free, now) + (bytes / rate) * 1_000;
		const wait = this.#free - now;
		if (wait < LEAST_WAIT_MS) return;
		stream.pause();
		this.timers.after(wait, () => stream.resume());
	}
}
