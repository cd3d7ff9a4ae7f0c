import type { SeenRequest } from "../../../src/localnet/index.js";

/** Whether each request of an operation meets each fault; else what `sample` chooses. Set by `npm run test:faults`. */
export const isFull = process.env.BLOBS_FAULTS === "all";

/**
 * Indexes of the requests that meet a fault: of each method the first, the middle and the last one. Those between are
 * handled by the same code in the same state: the second of four chunks is sent as the third is.
 */
export function sample(requests: readonly Pick<SeenRequest, "kind" | "method">[]): number[] {
	if (isFull) return requests.map((_, n) => n);
	const byMethod = new Map<string, number[]>();
	for (const [n, { kind, method }] of requests.entries()) {
		const name = `${kind} ${method}`;
		byMethod.set(name, [...(byMethod.get(name) ?? []), n]);
	}
	const chosen = [...byMethod.values()].flatMap((all) => [
		all[0]!,
		all[Math.floor(all.length / 2)]!,
		all.at(-1)!,
	]);
	return [...new Set(chosen)].sort((a, b) => a - b);
}
