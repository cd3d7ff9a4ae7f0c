/**
 * The client's way up: one bandwidth for all connections. A body is not read before its bytes have had their time,
 * so the sockets fill and the client is held up as by a slow line (the kernel's own buffers, some MiB a connection,
 * still take what fits).
 */
import type { Settings } from "./conditions.js";
import type { Timers } from "./timers.js";

/** A shorter wait is left to the next piece: timers are not that exact. */
const LEAST_WAIT_MS = 1;

export interface Pausable {
	pause(): void;
	resume(): void;
}

export class Uplink {
	/** When the line will have carried all that came so far, on its clock. */
	#free = 0;

	constructor(
		readonly settings: () => Settings,
		readonly timers: Pick<Timers, "after">,
		/** Milliseconds. */
		readonly now: () => number = () => performance.now(),
	) {}

	/** A piece has come: nothing more is read from its stream until the line would have carried it. */
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
