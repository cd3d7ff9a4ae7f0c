/** The client's way down: one bandwidth for all connections, which take turns piece by piece. */
import type { Settings } from "./conditions.js";
import type { Timers } from "./timers.js";

/** A shorter wait is left to the next piece: timers are not that exact. */
const LEAST_WAIT_MS = 1;
/** What this process was late by, busy with other requests, is made up for within this time. */
const SLACK_MS = 50;
/** Pieces a second: few enough for timers, and enough for connections to share the line. */
const PIECES_PER_SECOND = 400;
const LEAST_PIECE_BYTES = 1_024;

export class Downlink {
	/** When the line will have carried all that came so far, on its clock. */
	#free = 0;

	constructor(
		readonly settings: () => Settings,
		readonly timers: Pick<Timers, "sleep">,
		/** Milliseconds. */
		readonly now: () => number = () => performance.now(),
	) {}

	/** The body in pieces, each when the line has carried it. */
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
