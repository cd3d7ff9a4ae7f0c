/** The client's downlink: one bandwidth for all connections, which send pieces in turn. */
import type { Settings } from "./conditions.js";
import type { Timers } from "./timers.js";

/** Timers are not exact: a shorter wait is added to the next piece's. */
const LEAST_WAIT_MS = 1;
/** Maximum delay, from other work of this process, that is made up for. */
const SLACK_MS = 50;
/** Pieces a second: few enough for timers, and enough for connections to share the line. */
const PIECES_PER_SECOND = 400;
const LEAST_PIECE_BYTES = 1_024;

export class Downlink {
	/** Time at which all bytes so far are sent, on the downlink's clock. */
	#free = 0;

	constructor(
		readonly settings: () => Settings,
		readonly timers: Pick<Timers, "sleep">,
		/** Milliseconds. */
		readonly now: () => number = () => performance.now(),
	) {}

	/** Yields the body in pieces, each at the time at which it is sent. */
	async *carry(body: Uint8Array): AsyncGenerator<Uint8Array> {
		for (let at = 0; at < body.length; ) {
			const rate = this.settings().downlinkBytesPerSecond;
			if (rate === Number.POSITIVE_INFINITY) return yield body.subarray(at);
			const piece = body.subarray(at, at + Math.max(LEAST_PIECE_BYTES, Math.ceil(rate / PIECES_PER_SECOND)));
			at += piece.length;
			const now = this.now();
			this.#free = Math.max(this.#free, now - SLACK_MS) + (piece.length / rate) * 1_000;
			if (this.#free - now >= LEAST_WAIT_MS) await this.timers.sleep(this.#free - now);
			yield piece;
		}
	}
}
