import { beforeEach, describe, expect, test } from "vitest";
import { MEMORY } from "../../../src/canister/host/memory.js";
import { MAX_CHUNKS, MAX_LINKED_CHUNKS } from "../../../src/protocol/index.js";
import { sha256 } from "../../support/store.js";
import { ANNA, BEN, fillOf, leavesOf, moveOf, READER, S, TestStore } from "./store.js";

/** Chunks that the caller has stored before are linked, and stored once. */

let store: TestStore;
beforeEach(() => {
	store = new TestStore();
});
const [one, two, short] = [fillOf(1, S), fillOf(2, S), fillOf(3, 7)];
const NONE = new Uint8Array(32);
const slots = () => store.storage.filled(MEMORY.slots);

describe("link", () => {
	test("takes over what is there, says which leaves are held, and the blob is whole", () => {
		const bytes = Buffer.concat([one, two, short]);
		store.upload(ANNA, "a", bytes);
		const id = store.begin(ANNA, "b", bytes.length);
		const leaves = leavesOf(one, two, short);
		expect(store.ask(ANNA, "blobs_link_chunks", { id, from: 0, leaves })).toEqual(leaves);
		store.commit(ANNA, id, bytes);
		expect(store.read(READER, "b").equals(bytes)).toBe(true);
		expect(slots()).toBe(3);
	});

	test("twice, and of the same leaf at two places, holds each place once", () => {
		store.upload(ANNA, "a", one);
		const id = store.begin(ANNA, "b", 2 * S);
		const links = { id, from: 0, leaves: leavesOf(one, one) };
		store.ask(ANNA, "blobs_link_chunks", links);
		store.ask(ANNA, "blobs_link_chunks", links);
		store.commit(ANNA, id, Buffer.concat([one, one]));
		for (const key of ["a", "b"]) store.delete(ANNA, key);
		store.clean();
		expect([slots(), store.stats().chunks]).toEqual([0, 0n]);
	});

	test("leaves a place that is held as it is, and passes over what is not stored, not wanted, or too short", () => {
		store.upload(ANNA, "a", Buffer.concat([one, two, short]));
		const id = store.begin(ANNA, "b", 4 * S);
		store.put(ANNA, id, 0, two);
		const leaves = Buffer.concat([sha256(one), NONE, sha256(short), sha256(fillOf(9, S))]);
		const held = store.ask(ANNA, "blobs_link_chunks", { id, from: 0, leaves: new Uint8Array(leaves) });
		expect(held).toEqual(new Uint8Array(Buffer.concat([sha256(two), NONE, NONE, NONE])));
	});

	test("without a size takes one short chunk, for the last, and no second", () => {
		store.upload(ANNA, "a", Buffer.concat([one, short]));
		store.putBlob(ANNA, "c", fillOf(4, 9));
		const id = store.begin(ANNA, "b");
		const leaves = leavesOf(one, short, fillOf(4, 9));
		const held = store.ask(ANNA, "blobs_link_chunks", { id, from: 0, leaves });
		expect(held).toEqual(new Uint8Array(Buffer.concat([sha256(one), sha256(short), NONE])));
		store.commit(ANNA, id, Buffer.concat([one, short]));
		expect(store.read(READER, "b").equals(Buffer.concat([one, short]))).toBe(true);
	});

	test("finds only what the caller itself sent: never another's, though it could read it or has a copy", () => {
		store.upload(ANNA, "a", one);
		store.ask(BEN, "blobs_copy", moveOf("a", "mine"));
		const id = store.begin(BEN, "b", S);
		expect(store.ask(BEN, "blobs_link_chunks", { id, from: 0, leaves: leavesOf(one) })).toEqual(NONE);
	});

	test("of what waits to be cleaned away keeps it", () => {
		store.upload(ANNA, "a", one);
		store.delete(ANNA, "a");
		const id = store.begin(ANNA, "b", S);
		store.ask(ANNA, "blobs_link_chunks", { id, from: 0, leaves: leavesOf(one) });
		store.clean();
		store.commit(ANNA, id, one);
		expect(store.read(READER, "b").equals(Buffer.from(one))).toBe(true);
	});

	test("C22 takes from 1 to 1,000 whole leaves, within the upload", () => {
		const id = store.begin(ANNA, "b", 2 * S);
		const code = (from: number, length: number) =>
			store.code(ANNA, "blobs_link_chunks", { id, from, leaves: new Uint8Array(length) });
		expect([0, 31, 33, 32 * (MAX_LINKED_CHUNKS + 1)].map((length) => code(0, length))).toEqual(
			Array(4).fill("invalid_argument"),
		);
		expect([code(2, 32), code(1, 64), code(2 ** 32 - 1, 32)]).toEqual(Array(3).fill("chunk_out_of_range"));
		const stream = store.begin(ANNA, "c");
		const past = { id: stream, from: MAX_CHUNKS, leaves: NONE };
		expect(store.code(ANNA, "blobs_link_chunks", past)).toBe("chunk_out_of_range");
	});
});

describe("equal chunks of one owner", () => {
	test("are stored once, in one upload and across blobs, and go with the last who holds them", () => {
		store.upload(ANNA, "a", Buffer.concat([one, one, two]));
		store.putBlob(ANNA, "b", one);
		expect([slots(), store.stats().chunks]).toEqual([2, 2n]);
		store.delete(ANNA, "a");
		store.clean();
		expect(slots()).toBe(1);
		expect(store.read(READER, "b").equals(Buffer.from(one))).toBe(true);
		store.delete(ANNA, "b");
		store.clean();
		expect(slots()).toBe(0);
	});

	test("of two owners are stored for each", () => {
		store.putBlob(ANNA, "a", one);
		store.putBlob(BEN, "b", one);
		expect(slots()).toBe(2);
	});

	test("one put again with other bytes frees the first, but where another place holds it", () => {
		const id = store.begin(ANNA, "a", 2 * S);
		for (const index of [0, 1]) store.put(ANNA, id, index, one);
		store.put(ANNA, id, 0, two);
		expect(slots()).toBe(2);
		store.put(ANNA, id, 1, two);
		expect(slots()).toBe(1);
		store.commit(ANNA, id, Buffer.concat([two, two]));
		expect(store.read(READER, "a").equals(Buffer.concat([two, two]))).toBe(true);
	});
});
