/**
 * When blocks are made: at once while there are messages, or at an interval; and when a canister's timer is due. A
 * block runs synchronously; between two blocks sockets get their turn.
 */
import type { Settings } from "../conditions/conditions.js";
import type { Subnet } from "./subnet.js";

/** Timers are checked at least this often, so that a moved clock is noticed. */
const MAX_SLEEP_MS = 1_000;
const HEARTBEAT_MS = 1_000;

export class Rounds {
	readonly #subnet: Subnet;
	readonly #clock: () => bigint;
	readonly #settings: () => Settings;
	#immediate: NodeJS.Immediate | undefined;
	/** Timer for the next block at an interval, or else for the next canister timer. */
	#timer: NodeJS.Timeout | undefined;
	#stopped = false;

	constructor(subnet: Subnet, clock: () => bigint, settings: () => Settings) {
		this.#subnet = subnet;
		this.#clock = clock;
		this.#settings = settings;
	}

	/** Starts, or restarts after a change of conditions. */
	start(): void {
		clearImmediate(this.#immediate);
		this.#immediate = undefined;
		clearTimeout(this.#timer);
		if (this.#settings().blockIntervalMs > 0) this.#nextAtInterval(performance.now());
		else if (this.#subnet.busy) this.wake();
		else this.#sleepUntilNextTask();
	}

	/** Called when a message waits for the next block. */
	wake(): void {
		if (this.#stopped || this.#settings().blockIntervalMs > 0 || this.#immediate) return;
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
		if (this.#settings().blockIntervalMs === 0) this.#sleepUntilNextTask();
	}

	stop(): void {
		this.#stopped = true;
		clearImmediate(this.#immediate);
		clearTimeout(this.#timer);
	}

	/** Counts from the start of the previous block, so that a measured rate does not drift. */
	#nextAtInterval(last: number): void {
		if (this.#stopped) return;
		const due = last + this.#settings().blockIntervalMs;
		const now = performance.now();
		this.#timer = setTimeout(
			() => {
				this.#nextAtInterval(Math.max(due, now));
				this.run();
			},
			Math.max(due - now, 0),
		);
	}

	#sleepUntilNextTask(): void {
		clearTimeout(this.#timer);
		this.#timer = undefined;
		if (this.#stopped) return;
		const due = this.#subnet.nextTaskTime();
		if (due === undefined) return;
		const wait = due === 0n ? HEARTBEAT_MS : Number((due - this.#clock()) / 1_000_000n) + 1;
		this.#timer = setTimeout(
			() => {
				const next = this.#subnet.nextTaskTime();
				if (next !== undefined && next <= this.#clock()) this.run();
				else this.#sleepUntilNextTask();
			},
			Math.min(Math.max(wait, 1), MAX_SLEEP_MS),
		);
	}
}
