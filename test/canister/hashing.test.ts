import { createHash } from "node:crypto";
import { type HashTree, reconstruct } from "@dfinity/agent";
import { expect, test } from "vitest";
import { emptyTree, hashingOf } from "../../src/canister/host/hashing.js";

const hashing = hashingOf((bytes) => new Uint8Array(createHash("sha256").update(bytes).digest()));
const bytes = (text: string) => new TextEncoder().encode(text);

/** The shape that the interface promises, said another way: the left half is the largest power of two below. */
function forked(digests: Uint8Array[]): HashTree {
	if (digests.length === 1) return [4, digests[0]!] as unknown as HashTree;
	const left = 2 ** Math.ceil(Math.log2(digests.length) - 1);
	return [1, forked(digests.slice(0, left)), forked(digests.slice(left))] as unknown as HashTree;
}

test("nodes of hash trees have the digests that agents compute", async () => {
	for (const [tree, digest] of [
		[[0], emptyTree(hashing)],
		[[3, bytes("value")], hashing.leaf(bytes("value"))],
		[[2, bytes("label"), [3, bytes("value")]], hashing.labeled(bytes("label"), hashing.leaf(bytes("value")))],
	] as const)
		expect(new Uint8Array(await reconstruct(tree as unknown as HashTree))).toEqual(digest);

	const records = new Uint8Array(41 * 33).map((_, i) => i * i);
	for (let count = 1; count <= 33; count++) {
		const digests = Array.from({ length: count }, (_, i) => records.slice(9 + 41 * i, 41 + 41 * i));
		const root = await reconstruct(forked(digests));
		expect(hashing.forks(records, 9, 41, count), `${count}`).toEqual(new Uint8Array(root));
	}
});

test("what is made in several steps is what the steps make", () => {
	const [label, value] = [Uint8Array.of(1, 2), new Uint8Array(70).fill(3)];
	expect(hashing.labeledHash(label, value)).toEqual(
		hashing.labeled(label, hashing.leaf(hashing.sha256(value))),
	);
	const target = new Uint8Array(40);
	hashing.sha256Into(value, target, 6);
	expect(target).toEqual(Uint8Array.from([...new Uint8Array(6), ...hashing.sha256(value), 0, 0]));
});

test("many records in one array are hashed in place, a digest over its own record too", () => {
	const records = new Uint8Array(5 * 40).map((_, i) => i);
	const expected = [0, 1, 2, 3, 4].map((i) => hashing.sha256(records.slice(40 * i + 3, 40 * i + 40)));
	hashing.hashMany(records, 5, 3, 40, 37, 0, 32);
	expect(records.subarray(0, 160)).toEqual(new Uint8Array(expected.flatMap((digest) => [...digest])));
});
