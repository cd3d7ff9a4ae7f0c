import { IDL } from "@dfinity/candid";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { METHODS } from "../../src/protocol/index.js";
import { idlOf } from "../support/idl.js";
import { publication, rootOf } from "../support/published.js";
import { isNamed, newId, openStore, type StoreFixture } from "../support/store.js";

/** Six tenths of what the network grants. */
const MOST = 120_000_000;

describe.skipIf(isNamed)("inspect_message of many blobs", () => {
	let fixture: StoreFixture;
	beforeAll(async () => {
		fixture = await openStore({ metering: true });
	});
	afterAll(() => fixture.dispose());

	/** Each with as many values as a message may have. */
	it.each([
		["blobs_put_many", 1_000, 0],
		["blobs_put_many", 800, 1],
		["blobs_put_many", 111, 32],
		["blobs_batch", 1_000, 0],
		["blobs_batch", 833, 1],
		["blobs_batch", 135, 32],
	] as const)("%s takes %i with %i entries of metadata each, for little", async (method, count, entries) => {
		const puts = Array.from({ length: count }, (_, i) => {
			const content = Uint8Array.of(1, 2, 3);
			const metadata = Array.from({ length: entries }, (_, n): [string, string] => [`name-${n}`, "한국어"]);
			return { ...publication(rootOf(content, 2_080_768), { metadata }), key: `${count}/${i}`, content };
		});
		const types = METHODS[method].args.map(idlOf);
		const what = method === "blobs_batch" ? { items: puts.map((put) => ({ put })) } : { blobs: puts };
		const argument = new Uint8Array(IDL.encode(types, [{ id: newId(), ...what }]));
		const records = await fixture.measure(() => fixture.callRaw(method, argument));
		const inspected = records.find(({ kind }) => kind === "inspect");
		expect(Number(inspected?.instructions)).toBeLessThan(MOST);
		expect(records.some((record) => record.kind === "update" && record.method === method)).toBe(true);
	});
});
