import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { batchItemsOf, fittingOf, KINDS } from "../../bench/dearest/batches.js";
import { guestOf } from "../../bench/dearest/grants.js";
import { DEAREST, keysOf } from "../../bench/dearest/shape.js";
import {
	MAX_ITEMS,
	type MethodArgs,
	type MethodName,
	type WireBatchItem,
	type WireStagedItem,
	weightOf,
} from "../../src/protocol/index.js";
import { isNamed, newId, ok, openStore, refusal, type StoreFixture, updateIn } from "../support/store.js";

/** Cost of batches: never more than the estimate made before they begin. */

/** A message's own: its admission, its receipt, its reply. */
const MESSAGE = 10e6;
const ITEMS = 8;
/**
 * What the search has found to be the dearest: segments, their bytes, whether it becomes private, and what the keys hold
 * before. Long labels are dear in the lists of private keys, many segments in the tree of public ones.
 */
const DEAR = [
	[1, 31, true, "public"],
	[1, 31, false, "private"],
	[1, 1_023, true, "public"],
	[1, 1_023, false, "private"],
	[4, 255, true, "public"],
	[4, 255, false, "private"],
	[16, 63, true, "public"],
	[16, 63, false, "private"],
	[32, 6, false, "public"],
	[32, 31, false, "private"],
	[32, 31, false, "public"],
] as const;

describe.skipIf(isNamed)("C74 a batch", () => {
	let fixture: StoreFixture;
	beforeAll(async () => {
		fixture = await openStore({ metering: true });
	});
	afterAll(() => fixture.dispose());

	const call = async <Name extends MethodName>(name: Name, ...args: MethodArgs<Name>) =>
		ok(await (fixture.store[name] as (...args: unknown[]) => Promise<never>)(...args)) as never;

	test.each(KINDS)("of the dearest keys takes no more than it is reckoned at: %s", async (kind) => {
		for (const [segments, segmentBytes, isPrivate, over] of DEAR) {
			const shape = { ...DEAREST, items: ITEMS, segments, segmentBytes, isPrivate, over };
			const tag = `${kind.slice(0, 3)}${segments}${segmentBytes}${over.slice(1, 2)}`;
			const items = await batchItemsOf({ call }, kind, shape, tag);
			const [key = ""] = keysOf(shape, "x");
			const reckoned = items.reduce((sum, item) => sum + weightOf(item, key, 1), MESSAGE);
			const records = await fixture.measure(() => call("blobs_batch", { id: newId(), items }));
			const { instructions, error } = updateIn(records);
			expect(error).toBeUndefined();
			expect(Number(instructions)).toBeLessThan(reckoned);
			// Nor is so little done for it that fewer fit than could.
			if (segments === 32) expect(Number(instructions)).toBeGreaterThan(reckoned / 3);
		}
	});

	test.each(KINDS)("of 500 items of one kind fits, whatever their keys are: %s", (kind) => {
		for (const [segments, segmentBytes] of DEAR)
			expect(fittingOf(kind, { ...DEAREST, segments, segmentBytes, metadata: 2 })).toBeGreaterThanOrEqual(
				500,
			);
	});

	test("by a guest whose grants are the dearest to look through takes no more either", async () => {
		const { canisterId, network } = fixture;
		const guest = await guestOf({ call, canisterId, agentOf: (identity) => network.agent(identity) });
		const shape = { ...DEAREST, items: ITEMS, over: "public" } as const;
		const items = await batchItemsOf(guest, "rename", shape, "guest");
		const [key = ""] = keysOf(shape, "x");
		const reckoned = items.reduce((sum, item) => sum + weightOf(item, key, 1), MESSAGE);
		const records = await fixture.measure(() => guest.call("blobs_batch", { id: newId(), items }));
		const { instructions, error } = updateIn(records);
		expect(error).toBeUndefined();
		expect(Number(instructions)).toBeLessThan(reckoned);
	});

	test.each(["put", "commit", "delete"] as const)(
		"staged takes no more than that either: %s",
		async (kind) => {
			const batch = newId();
			const shape = { ...DEAREST, items: ITEMS, isPrivate: true, over: "public" } as const;
			const items = await batchItemsOf({ call }, kind, shape, `st${kind.slice(0, 3)}`);
			const [key = ""] = keysOf(shape, "x");
			const reckoned = items.reduce((sum, item) => sum + weightOf(item, key, 1), MESSAGE);
			const request = { id: newId(), batch, items: items as WireStagedItem[] };
			const { instructions, error } = updateIn(await fixture.measure(() => call("blobs_stage", request)));
			expect(error).toBeUndefined();
			expect(Number(instructions)).toBeLessThan(reckoned);
			await call("blobs_drop_batch", { id: newId(), batch, owner: [] });
		},
	);

	test("of more than fit is refused for next to nothing, with how many do", async () => {
		const items = keysOf({ ...DEAREST, items: MAX_ITEMS }, "many").map(
			(key): WireBatchItem => ({ delete: { key, precondition: { none: null } } }),
		);
		let refused: object = {};
		const records = await fixture.measure(async () => {
			refused = refusal(await fixture.store.blobs_batch({ id: newId(), items }));
		});
		expect(refused).toEqual({ batch_too_large: { fits: expect.any(Number), items: MAX_ITEMS } });
		expect(Number(updateIn(records).instructions)).toBeLessThan(500e6);
	});
});
