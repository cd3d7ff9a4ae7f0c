import { describe, expect, test } from "vitest";
import { encodeReply } from "../../../src/canister/candid/codec.js";
import { ERROR_TABLE, errorCode, errorMessage, type WireError } from "../../../src/protocol/index.js";
import { newId } from "../../support/store.js";
import { ANNA, BEN, beginOf, commitOf, fillOf, itemOf, OWNER, S, TestStore, wholeOf } from "./store.js";

const counted = (store: TestStore) => {
	const { methods, refusals, ...rest } = store.stats();
	const { blobs, bytes, chunks, open_uploads, feed_entries, slots_made } = rest;
	return { blobs, bytes, chunks, open_uploads, feed_entries, slots_made, methods, refusals };
};

describe("C55 counters", () => {
	test("survive an upgrade, those of calls and refusals too", () => {
		const store = new TestStore();
		store.upload(ANNA, "a", fillOf(1, S + 1));
		store.begin(ANNA, "b");
		store.engine.tally("blobs_put_chunk", undefined);
		store.engine.tally("blobs_put_chunk", "quota_exceeded");
		const before = counted(store);
		expect(before).toMatchObject({ blobs: 1n, chunks: 2n, open_uploads: 1n });
		expect(before.methods.find(({ name }) => name === "blobs_put_chunk")).toMatchObject({
			calls: 2n,
			refused: 1n,
		});
		expect(before.refusals.find(({ code }) => code === "quota_exceeded")?.count).toBe(1n);
		store.upgrade();
		expect(counted(store)).toEqual(before);
	});
});

describe("C53 for administrators", () => {
	test("the statistics say how long the cycles last; where storing costs nothing, for ever", () => {
		const store = new TestStore();
		const { cycles, storage_cycles_per_day, days_left } = store.stats();
		expect(days_left).toBe(cycles / storage_cycles_per_day);
		const free = new TestStore({ capacity: { storageCyclesPerGibSecond: 0 } });
		expect(free.stats().days_left).toBe(2n ** 53n - 1n);
	});

	test("the metrics are Prometheus text: each line a comment or a name, labels and a number", () => {
		const store = new TestStore();
		store.engine.tally("blobs_delete", "not_live");
		const metrics = store.ask(OWNER, "blobs_metrics");
		expect(metrics.endsWith("\n")).toBe(true);
		for (const line of metrics.trimEnd().split("\n"))
			expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+(\{\w+="\w+"\})? \d+)$/);
		expect(metrics).toContain("\ncanister_blobs_open_uploads 0\n");
		expect(metrics).toContain('\ncanister_blobs_refusals_total{code="not_live"} 1\n');
	});
});

describe("C53 refusals of items within a message of many", () => {
	const refusalsOf = (store: TestStore) =>
		Object.fromEntries(
			store.stats().refusals.flatMap(({ code, count }) => (count > 0n ? [[code, count]] : [])),
		);
	const many = (id = newId()) => ({
		id,
		blobs: [
			itemOf("a", fillOf(1, 10)),
			...["b", "c", "d"].map((key) => ({ ...itemOf(key, fillOf(1, 10)), root: new Uint8Array(32) })),
			itemOf("../e", fillOf(1, 10)),
		],
	});

	test("are counted by their codes, and their message as one that was not refused", () => {
		const store = new TestStore();
		store.ask(ANNA, "blobs_put_many", many());
		store.engine.tally("blobs_put_many", undefined);
		store.ask(BEN, "blobs_delete_many", {
			id: newId(),
			blobs: ["a", "a", "nothing"].map((key) => ({ key, precondition: { none: null } })),
		});
		store.engine.tally("blobs_delete_many", undefined);
		const expected = { root_mismatch: 3n, invalid_argument: 1n, not_authorized: 2n };
		expect(refusalsOf(store)).toEqual(expected);
		for (const name of ["blobs_put_many", "blobs_delete_many"])
			expect(store.stats().methods.find((row) => row.name === name)).toMatchObject({
				calls: 1n,
				refused: 0n,
			});
		expect(store.ask(OWNER, "blobs_metrics")).toContain(
			'\ncanister_blobs_refusals_total{code="root_mismatch"} 3\n',
		);
		store.upgrade();
		expect(refusalsOf(store)).toEqual(expected);
	});

	test("are written once a message for each code, however many there are", () => {
		const store = new TestStore();
		store.ask(ANNA, "blobs_put_many", many());
		const before = store.storage.writes;
		store.engine.tally("blobs_put_many", undefined);
		expect(store.storage.writes - before).toBe(3);
	});

	test("are not counted again with the answer to a duplicate, nor with another message", () => {
		const store = new TestStore();
		const id = newId();
		for (let times = 0; times < 2; times++) {
			store.ask(ANNA, "blobs_put_many", many(id));
			store.engine.tally("blobs_put_many", undefined);
		}
		store.ask(ANNA, "blobs_put_many", many());
		store.delete(ANNA, "a");
		store.engine.tally("blobs_delete", undefined);
		expect(refusalsOf(store)).toEqual({ root_mismatch: 3n, invalid_argument: 1n });
	});
});

describe("C54 errors", () => {
	test("each say what to do", () => {
		for (const code of Object.keys(ERROR_TABLE) as (keyof typeof ERROR_TABLE)[]) {
			const details = new Proxy({}, { get: () => 1n });
			const message = errorMessage({ [code]: details } as unknown as WireError);
			expect(message, code).toMatch(/^[A-Z\d].{20,}\.$/);
			expect(["retry", "fix", "give_up", "ask"]).toContain(ERROR_TABLE[code].action);
		}
	});

	test("hold none of a blob's bytes: neither what was sent nor what is stored", () => {
		const store = new TestStore();
		const secret = Buffer.from("the secret of the blob, which no error may tell");
		const id = store.begin(ANNA, "a", secret.length);
		store.put(ANNA, id, 0, secret);
		const other = Buffer.from(secret).reverse();
		const errors = [
			store.refused(ANNA, "blobs_commit_upload", commitOf(id, other)),
			store.refused(ANNA, "blobs_put_chunk", id, 0, secret.subarray(1)),
			store.refused(ANNA, "blobs_put_chunk", id, 1, secret),
			store.refused(ANNA, "blobs_put_blob", wholeOf(newId(), "b", other), secret),
			store.refused(ANNA, "blobs_put_blob", wholeOf(newId(), "../b", secret), secret),
			store.refused(ANNA, "blobs_begin_upload", beginOf(id, "c")),
		];
		expect(errors.map(errorCode)).toEqual([
			"root_mismatch",
			"chunk_wrong_size",
			"chunk_out_of_range",
			"root_mismatch",
			"invalid_argument",
			"upload_conflict",
		]);
		for (const error of errors) {
			const reply = Buffer.from(encodeReply("blobs_put_chunk", { err: error }));
			for (const part of ["secret", "terces"])
				expect(reply.includes(part) || errorMessage(error).includes(part)).toBe(false);
		}
	});
});
