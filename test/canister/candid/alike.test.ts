import { Principal } from "@dfinity/principal";
import { expect, test } from "vitest";
import {
	changes,
	encodeManifest,
	encodePublished,
	manifests,
	type WireManifest,
} from "../../../src/protocol/index.js";

/** Manifests and changes that are derived from the one before equal the codec's output, byte for byte. */

const [ANNA, BEN] = [
	Principal.fromUint8Array(Uint8Array.of(2)),
	Principal.fromUint8Array(Uint8Array.of(3, 3)),
];
const manifest: WireManifest = {
	key: "photos/a",
	sequence: 7n,
	canister_version: 9n,
	root: new Uint8Array(32).fill(1),
	size: 10_000n,
	chunk_size: 2_080_768,
	content_type: "image/png",
	visibility: "public",
	owner: ANNA,
	created_at: 5n,
	modified_at: 5n,
	metadata: [],
	sha256: [],
	expires_at: [],
};
const next: Partial<WireManifest> = {
	key: "photos/ü",
	sequence: 2n ** 53n - 1n,
	root: new Uint8Array(32).fill(0xff),
	size: 0n,
};
const OTHERS: Partial<WireManifest>[] = [
	{},
	{ key: "k".repeat(127) },
	{ key: "k".repeat(128) },
	{ content_type: "text/plain" },
	{ content_type: `a/${"b".repeat(126)}` },
	{ visibility: "private" },
	{ owner: BEN },
	{ created_at: 4n },
	{ modified_at: 6n },
	{ canister_version: 10n },
	{ chunk_size: 4_096 },
	{ metadata: [["n", "v"]] },
	{ sha256: [new Uint8Array(32).fill(2)] },
	{ expires_at: [5n] },
	{ root: new Uint8Array(31) },
];

test.each(OTHERS)("a manifest after one that has not %o", (other) => {
	for (const parts of [{}, next, other, { ...other, ...next }, { ...next, ...other }, {}, next]) {
		const wanted = { ...manifest, ...parts };
		expect(Buffer.from(encodeManifest(wanted)).equals(manifests.encode(wanted))).toBe(true);
	}
});

test.each([1, 127, 128, 300, 16_383, 16_384])("a change with a manifest of %i bytes", (length) => {
	for (const [sequence, version, at, by] of [
		[1n, 2n, 3n, ANNA],
		[2n, 2n, 3n, ANNA],
		[3n, 4n, 3n, ANNA],
		[4n, 4n, 5n, ANNA],
		[5n, 4n, 5n, BEN],
		[6n, 4n, 5n, BEN],
	] as const) {
		const published = new Uint8Array(length + Number(sequence % 2n)).fill(Number(sequence));
		const wanted = {
			sequence,
			canister_version: version,
			at,
			by,
			change: [{ published }] as [{ published: Uint8Array }],
		};
		const made = encodePublished(sequence, version, at, by, published);
		expect(Buffer.from(made).equals(changes.encode(wanted))).toBe(true);
	}
});
