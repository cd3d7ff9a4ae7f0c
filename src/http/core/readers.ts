import type { ChunkMemory } from "./memory.js";
import type { Body } from "./reader.js";

export interface ReadersOptions {
	/** Maximum number of concurrent bodies. */
	readonly most: number;
	/** Cuts a reader that takes nothing for this time. */
	readonly stallMs: number;
	/** Like `stallMs`, while others wait for memory. */
	readonly pressedStallMs: number;
}

/** Interval of the checks: a quarter of the shortest limit. */
const SHARE_OF_STALL = 4;

/**
 * All bodies in progress. A reader that takes nothing holds memory that others may need: it is cut, and can request the
 * rest with a range.
 */
export class Readers {
	readonly #memory: ChunkMemory;
	readonly #options: ReadersOptions;
	readonly #bodies = new Set<Body>();
	#timer: ReturnType<typeof setInterval> | undefined;

	constructor(memory: ChunkMemory, options: ReadersOptions) {
		this.#memory = memory;
		this.#options = options;
	}

	get count(): number {
		return this.#bodies.size;
	}

	get isFull(): boolean {
		return this.#bodies.size >= this.#options.most;
	}

	add(body: Body): void {
		this.#bodies.add(body);
		const { stallMs, pressedStallMs } = this.#options;
		const everyMs = Math.max(1, Math.min(stallMs, pressedStallMs) / SHARE_OF_STALL);
		if (this.#timer !== undefined) return;
		const timer: unknown = setInterval(() => this.#cutStalled(), everyMs);
		// In Node the timer must not keep the process alive.
		(timer as { unref?: () => void }).unref?.();
		this.#timer = timer as ReturnType<typeof setInterval>;
	}

	/** Removes a body whose reader is gone or has read all of it. */
	remove(body: Body): void {
		body.close();
		this.#bodies.delete(body);
		if (this.#bodies.size > 0) return;
		clearInterval(this.#timer);
		this.#timer = undefined;
	}

	#cutStalled(): void {
		const { stallMs, pressedStallMs } = this.#options;
		const limitMs = this.#memory.isShort ? Math.min(pressedStallMs, stallMs) : stallMs;
		const now = performance.now();
		for (const body of this.#bodies)
			if (body.idleSinceMs !== undefined && now - body.idleSinceMs > limitMs) body.close("stalled");
	}
}
