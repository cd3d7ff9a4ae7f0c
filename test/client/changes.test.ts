import { Principal } from "@dfinity/principal";
import { describe, expect, it } from "vitest";
import { changeRole, setQuota } from "../../src/client/administration/administration.js";
import { deleteBlob, updateBlob } from "../../src/client/blobs/changing.js";
import type { ClientContext } from "../../src/client/context.js";
import { type ChangesOptions, changes, latestCursor } from "../../src/client/feed/changes.js";
import { fromCursor } from "../../src/client/feed/cursor.js";
import { type Change, type Cursor, isBlobError } from "../../src/client/index.js";
import { startUpload } from "../../src/client/upload/index.js";
import type { WireChanges } from "../../src/protocol/index.js";
import { ProvingStore } from "./support/proving.js";

const who = Principal.fromUint8Array(Uint8Array.of(9, 9, 9, 9, 2));
const QUOTA = {
	openUploads: 5,
	blobs: 100,
	bytes: Number.POSITIVE_INFINITY,
	receivedPerDay: 10 ** 12,
	changesPerDay: 1_000,
	cyclesPerDay: 10 ** 12,
};

const all = async (context: ClientContext, options: ChangesOptions = {}) => {
	const found: Change[] = [];
	for await (const change of changes(context, options)) found.push(change);
	return found;
};
const code = (promise: PromiseLike<unknown>) =>
	promise.then(
		() => "done",
		(error: unknown) => (isBlobError(error) ? error.code : String(error)),
	);

async function filled() {
	const proving = new ProvingStore();
	const context = proving.context();
	const { store } = proving;
	await startUpload(context, new Uint8Array(10), { key: "a" }).done;
	await startUpload(context, new Uint8Array(20), { key: "b", visibility: "public" }).done;
	await updateBlob(context, "a", { contentType: "image/png" });
	await changeRole(context, "blobs_grant_role", who, "writer");
	await setQuota(context, "everybody", QUOTA);
	await deleteBlob(context, "b");
	await setQuota(context, who, undefined);
	store.calls.length = 0;
	const kinds = () => store.calls.map(({ kind }) => kind);
	return { proving, context, store, kinds };
}

describe("changes", () => {
	it("come in order, each with what it was and the cursor past it", async () => {
		const { context, kinds, store } = await filled();
		const found = await all(context);
		expect(kinds()).toEqual(["query"]);
		expect(found.map(({ sequence }) => sequence)).toEqual([1n, 2n, 3n, 4n, 5n, 6n, 7n]);
		expect(found.map(({ type }) => type)).toEqual([
			...["published", "published", "published", "role", "quota", "deleted", "quota"],
		]);
		expect(found[0]).toMatchObject({ manifest: { key: "a", size: 10, sequence: 1n } });
		expect(found[2]).toMatchObject({ manifest: { key: "a", contentType: "image/png" } });
		expect(found[3]).toMatchObject({ who: who.toText(), role: "writer", granted: true });
		expect(found[4]).toMatchObject({ who: undefined, quota: QUOTA });
		expect(found[5]).toMatchObject({ key: "b", version: { sequence: 2n } });
		expect(found[6]).toMatchObject({ who: who.toText(), quota: undefined });
		expect(Principal.fromText(found[0]?.by ?? "").toUint8Array()).toEqual(store.owner);
		expect(found[0]?.at).toEqual(new Date(store.host.time));
		for (const { sequence, cursor } of found) expect(cursor.sequence).toBe(sequence);
		expect(found.at(-1)?.cursor).toEqual(await latestCursor(context));
	});

	it("go on from any cursor, and from the last one to nothing", async () => {
		const { context } = await filled();
		const found = await all(context);
		for (const [i, { cursor }] of found.entries())
			expect(await all(context, { after: cursor })).toEqual(found.slice(i + 1));
		await startUpload(context, new Uint8Array(1), { key: "c" }).done;
		const [next, ...more] = await all(context, { after: found.at(-1)!.cursor });
		expect(next).toMatchObject({ type: "published", sequence: 8n });
		expect(more).toEqual([]);
	});

	it("are asked of the subnet where a page ends before the feed does, and by no query but at the end", async () => {
		const { context, kinds, store } = await filled();
		const whole = await all(context);
		store.calls.length = 0;
		expect(await all(context, { pageSize: 2 })).toEqual(whole);
		// The first query finds that the feed is long; of the last change, left alone, one node has the proof.
		expect(kinds()).toEqual(["query", "update", "update", "update", "query"]);
	});

	it("are asked of the subnet where nothing is proven, and where a node says that it was never there", async () => {
		const { context, kinds, proving, store } = await filled();
		const whole = await all(context);
		proving.proves = false;
		store.calls.length = 0;
		expect(await all(context)).toEqual(whole);
		expect(kinds()).toEqual(["query", "update"]);
	});
});

describe("cursors", () => {
	it("C44 of another history are refused", async () => {
		const { context } = await filled();
		const [first, second] = await all(context);
		const forged: Cursor[] = [
			{ sequence: 1n, head: second!.cursor.head },
			{ sequence: 8n, head: first!.cursor.head },
		];
		for (const after of forged) expect(await code(all(context, { after }))).toBe("cursor_unknown");
	});

	it("of a store that was rolled back are refused", async () => {
		const { context } = await filled();
		const other = await filled();
		await startUpload(other.context, new Uint8Array(1), { key: "later" }).done;
		const after = (await all(other.context)).at(-1)!.cursor;
		expect(await code(all(context, { after }))).toBe("cursor_unknown");
	});
});

/** Another change of the same kind: the last byte is of a value, not of its type. */
function flipped(bytes: Uint8Array): Uint8Array {
	const other = bytes.slice();
	other[other.length - 1]! ^= 1;
	return other;
}

describe("a page that a node made up is dropped", () => {
	const lies: Record<string, (page: WireChanges) => Partial<WireChanges>> = {
		"a change left out": ({ changes: list }) => ({ changes: [...list.slice(0, 2), ...list.slice(3)] }),
		"a change altered": ({ changes: list }) => ({
			changes: list.map((each, i) => (i === 4 ? flipped(each) : each)),
		}),
		"two changes in each other's place": ({ changes: [a, b, ...rest] }) => ({ changes: [b!, a!, ...rest] }),
		"the last change withheld": ({ changes: list, last }) => ({
			changes: list.slice(0, -1),
			last: { ...last, sequence: last.sequence - 1n },
		}),
		"another last head": ({ last }) => ({ last: { ...last, head: new Uint8Array(32) } }),
		"another beginning": ({ before }) => ({ before: { ...before, head: new Uint8Array(32).fill(1) } }),
		"nothing, and more to come": ({ before }) => ({ changes: [], before }),
	};
	it.each(Object.entries(lies))("%s", async (_name, lie) => {
		const { context, proving, store } = await filled();
		let times = 3;
		proving.tamper = ({ method }, answer: WireChanges) =>
			method === "blobs_changes" && times-- > 0 ? { ...answer, ...lie(answer) } : answer;
		const found: Change[] = [];
		const error = await code(
			(async () => {
				for await (const change of changes(context)) found.push(change);
			})(),
		);
		expect(error).toBe("feed_corrupt");
		expect(found).toEqual([]);
		expect(store.count("blobs_changes")).toBe(3);
		times = 2;
		expect((await all(context)).length).toBe(7);
	});

	it("the beginning left out, as if it had been pruned: the subnet is asked", async () => {
		const { context, proving, kinds } = await filled();
		const whole = await all(context);
		proving.tamper = ({ method, kind }, page: WireChanges) =>
			method === "blobs_changes" && kind === "query"
				? { ...page, before: fromCursor(whole[1]!.cursor), changes: page.changes.slice(2) }
				: page;
		expect(await all(context)).toEqual(whole);
		expect(kinds().slice(-2)).toEqual(["query", "update"]);
	});
});
