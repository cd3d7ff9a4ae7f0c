/** A time in the replica's format: `2026-11-22 14:52:45.173499368 UTC`, with trailing zeros cut in groups of three. */
export function timestamp(nanoseconds: bigint): string {
	const seconds = new Date(Number(nanoseconds / 1_000_000_000n) * 1_000);
	if (Number.isNaN(seconds.getTime())) return `${nanoseconds} ns`;
	let fraction = (nanoseconds % 1_000_000_000n).toString().padStart(9, "0");
	while (fraction.endsWith("000")) fraction = fraction.slice(0, -3);
	const date = seconds.toISOString().slice(0, 19).replace("T", " ");
	return `${date}${fraction ? `.${fraction}` : ""} UTC`;
}
