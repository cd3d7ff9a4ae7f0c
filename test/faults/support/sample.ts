import type { SeenRequest } from "../../../src/localnet/index.js";

/** Whether each request of an operation meets each fault; else what `sample` chooses. Set by `npm run test:faults`. */
export const isFull = process.env.BLOBS_FAULTS === "all";

/** Requests of which each is the first, the middle or the last of its method. */
interface Sample {
	readonly firsts: readonly number[];
	readonly middles: readonly number[];
	readonly lasts: readonly number[];
}

type Request = Pick<SeenRequest, "kind" | "method">;

/** Requests that the same code handles. */
export const nameOf = ({ kind, method }: Request): string => `${kind} ${method}`;

/** Each request once: the only one of its method is a first one. */
function sampleOf(requests: readonly Request[]): Sample {
	const byName = new Map<string, number[]>();
	for (const [n, request] of requests.entries())
		byName.set(nameOf(request), [...(byName.get(nameOf(request)) ?? []), n]);
	const all = [...byName.values()];
	const firsts = all.map((each) => each[0]!);
	const middles = all.map((each) => each[each.length >> 1]!).filter((n) => !firsts.includes(n));
	const lasts = all.map((each) => each.at(-1)!).filter((n) => ![...firsts, ...middles].includes(n));
	return { firsts, middles, lasts };
}

/**
 * Indexes of the requests that meet a fault: of each method the first, the middle and the last one. Those between are
 * handled by the same code in the same state: the second of four chunks is sent as the third is.
 */
export function sample(requests: readonly Request[]): number[] {
	if (isFull) return requests.map((_, n) => n);
	return Object.values(sampleOf(requests))
		.flat()
		.sort((a, b) => a - b);
}

/** The same for cases in which several meet it: the first of each method in one, the middle ones in another. */
export function sampleTogether(requests: readonly Request[]): number[][] {
	if (isFull) return requests.map((_, n) => [n]);
	return Object.values(sampleOf(requests)).filter((some) => some.length > 0);
}
