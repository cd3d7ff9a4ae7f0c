/** Whether this is `npm run test:faults`, which tries all of what `npm test` tries by examples. */
export const isLong = process.env.BLOBS_FAULTS === "all";

/** How often a property is tried: by `npm test`, and by `npm run test:faults`. */
export const runs = (few: number, many: number): { readonly numRuns: number } => ({
	numRuns: isLong ? many : few,
});
