import { describe, expect, test } from "vitest";
import { hex, sha256 } from "../../src/backup/format/names.js";
import {
	decodeSnapshot,
	encodeSnapshot,
	MAX_SNAPSHOT_BYTES,
	namedOf,
	type Snapshot,
} from "../../src/backup/format/snapshot.js";

/** A snapshot that is written can be read again, however much it has to say. */

const tree = { root: "ab".repeat(32), level: 0, entries: 0, bytes: 0 };
const snapshot: Snapshot = {
	canister: "aaaaa-aa",
	at: new Date(0).toISOString(),
	tags: Array.from({ length: 32 }, () => "\u0001".repeat(256)),
	sequence: "0",
	head: "0".repeat(64),
	blobs: tree,
	settings: tree,
	settingsComplete: true,
	wasmHash: undefined,
	parent: undefined,
	method: "feed",
	missing: [],
	missingCount: 0,
	nonce: "00".repeat(16),
};
const lost = (count: number, key: string, reason: string) =>
	Array.from({ length: count }, (_, index) => ({ key: `${index}${key}`, reason }));

describe("missing blobs of a snapshot", () => {
	test.each([
		["keys of quotation marks with long reasons", '"'.repeat(1_000), '"'.repeat(5_000)],
		["keys of characters of many bytes", "\u20ac".repeat(340), "\u0001".repeat(1_000)],
		["a reason cut in a character of two halves", "key", `${"x".repeat(999)}\u{1f600}`],
	])("are named as far as they fit: %s", (_, key, reason) => {
		const all = lost(1_000, key, reason);
		const missing = namedOf(all);
		const bytes = encodeSnapshot({ ...snapshot, missing, missingCount: all.length });
		expect(bytes.length).toBeLessThanOrEqual(MAX_SNAPSHOT_BYTES);
		const read = decodeSnapshot(hex(sha256(bytes)), bytes);
		expect(read).toMatchObject({ missing, missingCount: 1_000 });
		expect(missing.map(({ key }) => key)).toEqual(all.slice(0, missing.length).map(({ key }) => key));
		expect(missing.length).toBeGreaterThan(100);
	});

	test("are named all where they are short, up to 1,000", () => {
		expect(namedOf(lost(999, "key", "gone"))).toEqual(lost(999, "key", "gone"));
		expect(namedOf(lost(1_001, "key", "gone"))).toEqual(lost(1_000, "key", "gone"));
	});

	test("of more bytes than a reader takes are not written", () => {
		const missing = lost(1_000, '"'.repeat(1_000), '"'.repeat(1_000));
		expect(() => encodeSnapshot({ ...snapshot, missing })).toThrow(/2097152 bytes/);
	});
});
