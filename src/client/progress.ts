/** Progress of an upload or download. `loaded` never decreases. */
export interface Progress {
	/**
	 * Bytes that have arrived in the canister, or were downloaded and verified; includes `reused`. Exactly `total` at
	 * the end.
	 */
	readonly loaded: number;
	/** Size of the blob or range in bytes; undefined for a stream of unknown size until it ends. */
	readonly total: number | undefined;
	/** Bytes that were already there: in the canister from an earlier upload, or in a file from an earlier download. */
	readonly reused: number;
	/** Number of retries. */
	readonly retries: number;
	/** Current limit on requests with bytes in flight, for all transfers that share it. */
	readonly concurrency: number;
	/** Bytes per second over the last seconds, without reused bytes; undefined at first. */
	readonly bytesPerSecond: number | undefined;
	/** Estimated seconds left at that rate; undefined if unknown. */
	readonly secondsLeft: number | undefined;
}

/** The fields of a progress that depend on the rate. */
export const timeLeft = (
	bytesPerSecond: number | undefined,
	left: number | undefined,
): Pick<Progress, "bytesPerSecond" | "secondsLeft"> => ({
	bytesPerSecond,
	secondsLeft: left === 0 ? 0 : bytesPerSecond && left && left / bytesPerSecond,
});
