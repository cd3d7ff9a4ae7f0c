/**
 * When blocks are made: at once while there are messages, or at an interval; and when a canister's timer is due.
 * A block runs in one go, so between two of them sockets get their turn.
 */
import type { NormalizedOptions } from "../options.js";
import type { Subnet } from "./subnet.js";

/** Timers are looked at no less often than this, so that a clock that was moved is noticed. */
const MAX_SLEEP_MS = 1_000;
const HEARTBEAT_MS = 1_000;

export class Rounds {
	readonly #subnet: Subnet;
	readonly #options: NormalizedOptions;
	#immediate: NodeJS.Immediate | undefined;
	#timer: NodeJS.Timeout | undefined;
	#interval: NodeJS.Timeout | undefined;
	#stopped = false;

	constructor(subnet: Subnet, options: NormalizedOptions) {
		this.#subnet = subnet;
		this.#options = options;
	}

	start(): void {
		const { blockIntervalMs } = this.#options;
		if (blockIntervalMs > 0) this.#interval = setInterval(() => this.run(), blockIntervalMs);
	}

	/** There is a message for the next block. */
	wake(): void {
		if (this.#stopped || this.#interval || this.#immediate) return;
		this.#immediate = setImmediate(() => {
			this.#immediate = undefined;
			this.run();
		});
	}

	/** Makes a block now. */
	run(): void {
		if (this.#stopped) return;
		this.#subnet.executeBlock();
		if (this.#subnet.busy) this.wake();
		this.#sleepUntilNextTask();
	}

	stop(): void {
		this.#stopped = true;
		clearImmediate(this.#immediate);
		clearTimeout(this.#timer);
		clearInterval(this.#interval);
	}

	#sleepUntilNextTask(): void {
		clearTimeout(this.#timer);
		this.#timer = undefined;
		if (this.#interval || this.#stopped) return;
		const due = this.#subnet.nextTaskTime();
		if (due === undefined) return;
		const wait = due === 0n ? HEARTBEAT_MS : Number((due - this.#options.clock()) / 1_000_000n) + 1;
		this.#timer = setTimeout(
			() => {
				const next = this.#subnet.nextTaskTime();
				if (next !== undefined && next <= this.#options.clock()) this.run();
				else this.#sleepUntilNextTask();
			},
			Math.min(Math.max(wait, 1), MAX_SLEEP_MS),
		);
	}
}
