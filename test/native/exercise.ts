import type { Hashing } from "../../src/canister/host/hashing.js";

/** Bytes that differ everywhere, as a view at an odd address. */
const view = (length: number): Uint8Array =>
	Uint8Array.from({ length: length + 3 }, (_, i) => (i * i + (i >> 3)) & 0xff).subarray(3);

/** Every function at its bounds: what two implementations must answer alike. Runs in the canister and in the test. */
export function exercise(hashing: Hashing): Uint8Array {
	const parts: Uint8Array[] = [];
	for (const length of [0, 1, 31, 32, 33, 55, 64, 120, 5_000])
		parts.push(hashing.sha256(view(length)), hashing.leaf(view(length)));
	for (const length of [0, 32, 33, 5_000]) {
		const into = view(40);
		hashing.sha256Into(view(length), into, 5);
		parts.push(into, hashing.labeledHash(view(8), view(length)), hashing.labeledHash(view(40), view(length)));
	}
	for (const length of [0, 1, 32, 33, 1_024])
		parts.push(hashing.labeled(view(length), view(40).subarray(4, 36)));
	for (const labels of [[], [view(3)], [view(0), view(33), view(40)]])
		parts.push(hashing.labeledPath(labels, view(40).subarray(4, 36)));
	// The same labels again, others, and more than are kept at once.
	const path = [view(8), view(0)];
	for (const labels of [path, path, [view(9), view(1)], [view(200), view(200)], path])
		for (const count of [1, 3, 257])
			parts.push(hashing.labeledForks(labels, view(7 + 41 * count), 7, 41, count));
	for (const length of [33, 40, 5_000]) {
		const digest = hashing.sha256(view(length));
		const other = digest.slice();
		other[31]! ^= 1;
		parts.push(
			Uint8Array.of(+hashing.isSha256(view(length), digest), +hashing.isSha256(view(length), other)),
		);
	}
	for (const count of [1, 2, 3, 50, 255, 256, 257, 600])
		parts.push(hashing.forks(view(7 + 41 * count), 9, 41, count - (count > 1 ? 1 : 0)));
	parts.push(hashing.forks(view(32), 0, 32, 1));

	// Of each record two fields hashed into places beside each other, then both together.
	const records = view(9 * 150);
	hashing.hashMany(records, 9, 0, 150, 10, 60, 150);
	hashing.hashMany(records, 9, 10, 150, 47, 92, 150);
	hashing.hashMany(records, 9, 60, 150, 64, 0, 32);
	const least = view(32);
	hashing.hashMany(least, 1, 0, 0, 20, 0, 32);
	parts.push(records, least);

	const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
	let at = 0;
	for (const part of parts) {
		whole.set(part, at);
		at += part.length;
	}
	return whole;
}
