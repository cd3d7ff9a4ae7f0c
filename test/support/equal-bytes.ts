import { expect } from "vitest";

/**
 * A set-up file: bytes that are equal are found so by one comparison. Vitest walks them as it walks any iterable, at
 * a microsecond a byte and more. Those that differ are left to it, which says where.
 */
expect.addEqualityTesters([
	(a: unknown, b: unknown) =>
		a instanceof Uint8Array &&
		b instanceof Uint8Array &&
		a.constructor === b.constructor &&
		Buffer.compare(a, b) === 0
			? true
			: undefined,
]);
