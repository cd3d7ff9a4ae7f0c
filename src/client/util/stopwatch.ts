import type { Ports } from "../platform/ports.js";

/**
 * Measures how long something takes, by whichever clock shows more: the wall clock may be set back, and the monotonic
 * one stands still while the machine sleeps.
 * @returns milliseconds since this call
 */
export function stopwatch({ now, monotonic }: Pick<Ports, "now" | "monotonic">): () => number {
	const startedAt = now();
	const started = monotonic();
	return () => Math.max(now() - startedAt, monotonic() - started);
}
