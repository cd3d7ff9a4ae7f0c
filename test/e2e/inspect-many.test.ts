import { IDL } from "@dfinity/candid";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { METHODS } from "../../src/protocol/index.js";
import { publication, rootOf } from "../support/published.js";
import { isNamed, newId, openStore, type StoreFixture } from "../support/store.js";

/** Half of what the network grants. */
const MOST = 100_000_000;

describe.skipIf(isNamed)("inspect_message of many blobs", () => {
	let fixture: StoreFixture;
	beforeAll(async () => {
		fixture = await openStore({ metering: true });
	});
	afterAll(() => fixture.dispose());

	/** Each with as many values as a message may have. */
	it.each([
		[1_000, 0],
		[800, 1],
		[111, 32],
	])("takes %i with %i entries of metadata each, for little", async (count, entries) => {
		const blobs = Array.from({ length: count }, (_, i) => {
			const content = Uint8Array.of(1, 2, 3);
			const metadata = Array.from({ length: entries }, (_, n): [string, string] => [`name-${n}`, "한국어"]);
			return { ...publication(rootOf(content, 2_080_768), { metadata }), key: `${count}/${i}`, content };
		});
		const types = METHODS.blobs_put_many.args as unknown as IDL.Type[];
		const argument = new Uint8Array(IDL.encode(types, [{ id: newId(), blobs }]));
		const records = await fixture.measure(() => fixture.callRaw("blobs_put_many", argument));
		const inspected = records.find(({ kind }) => kind === "inspect");
		expect(Number(inspected?.instructions)).toBeLessThan(MOST);
		expect(records.some(({ kind, method }) => kind === "update" && method === "blobs_put_many")).toBe(true);
	});
});
