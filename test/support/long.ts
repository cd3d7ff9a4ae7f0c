/** Whether this is `npm run test:faults`, which tries all of what `npm test` tries by examples. */
export const isLong = process.env.BLOBS_FAULTS === "all";
