import type { Ports } from "../platform/ports.js";

/**
 * Measures elapsed time by whichever clock shows more: the wall clock may be set back, and the monotonic clock stops
 * while the machine sleeps.
 * @returns a function that returns milliseconds since this call
 */
export function stopwatch({ now, monotonic }: Pick<Ports, "now" | "monotonic">): () => number {
	const startedAt = now();
	const started = monotonic();
	return () => Math.max(now() - startedAt, monotonic() - started);
}
