/** How far bytes are on their way, up or down. What has been done never becomes less. */
export interface Progress {
	/**
	 * Bytes that are where they belong: known to be in the canister, or arrived and verified. With `reused`; at the end
	 * exactly `total`.
	 */
	readonly loaded: number;
	/** Bytes in all, of the blob or the range; undefined until the end of a stream without a size. */
	readonly total: number | undefined;
	/** Bytes that were there before: in the canister from an earlier upload, in a file from an earlier download. */
	readonly reused: number;
	/** Requests that were made again. */
	readonly retries: number;
	/** Requests with bytes that may be in progress at a time, of all transfers that share them. */
	readonly concurrency: number;
	/** Bytes a second, over the last seconds and without what was reused; undefined at first. */
	readonly bytesPerSecond: number | undefined;
	/** Seconds that the rest takes at that rate; undefined where that is not known. */
	readonly secondsLeft: number | undefined;
}

/** The rate's part of a progress. */
export const timeLeft = (
	bytesPerSecond: number | undefined,
	left: number | undefined,
): Pick<Progress, "bytesPerSecond" | "secondsLeft"> => ({
	bytesPerSecond,
	secondsLeft: left === 0 ? 0 : bytesPerSecond && left && left / bytesPerSecond,
});
