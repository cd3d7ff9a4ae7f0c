import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DEAREST, deleteOf, keysOf, putOf } from "../../bench/dearest/shape.js";
import { isNamed, ok, openStore, type StoreFixture, updateIn } from "../support/store.js";

/** The most expensive requests that the bench's search has found (bench/dearest) stay within the limits. */

const MOST = 20e9;

const undone = (keys: readonly string[], results: readonly object[]) =>
	keys.filter((_, n) => {
		const { err } = results[n] as { err?: object };
		return err !== undefined && "not_done_yet" in err;
	});

describe.skipIf(isNamed)("C22 a message of a thousand items at the protocol's bounds", () => {
	let fixture: StoreFixture;
	beforeAll(async () => {
		fixture = await openStore({ metering: true });
	});
	afterAll(() => fixture.dispose());

	test("is done as far as there are instructions, and the rest is told so", {
		timeout: 300_000,
	}, async () => {
		const { store } = fixture;
		const keys = keysOf(DEAREST, "e2e");
		const put = putOf(DEAREST, keys);
		let results: object[] = [];
		const records = await fixture.measure(async () => {
			({ results } = ok(await store.blobs_put_many(put)));
		});
		const { instructions, error } = updateIn(records);
		expect(error).toBeUndefined();
		expect(Number(instructions)).toBeLessThan(MOST);
		const left = undone(keys, results);
		expect(left.length).toBeGreaterThan(0);
		expect(left.length).toBeLessThan(800);
		// A suffix, so that an order of changes stays one.
		expect(left).toEqual(keys.slice(-left.length));

		const removal = await fixture.measure(async () => {
			const removed = ok(await store.blobs_delete_many(deleteOf(keys)));
			expect(undone(keys, removed.results).length).toBeLessThan(1_000);
		});
		expect(Number(updateIn(removal).instructions)).toBeLessThan(MOST);
	});
});
