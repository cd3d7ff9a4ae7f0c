import { expect, test } from "vitest";
import { MEMORY } from "../../../src/canister/host/memory.js";
import { MAX_CHUNK_BYTES, type WireCursor, type WireVersion } from "../../../src/protocol/index.js";
import { newId, publication, rootOf } from "../../support/store.js";
import { askWire } from "./ask.js";
import { headAfter } from "./model/feed.js";
import { ANNA, fillOf, moveOf, OWNER, READER, TestStore, updateOf } from "./store.js";

const changes = (store: TestStore, after?: WireCursor, limit = 1_000) =>
	store.ask(READER, "blobs_changes", { after: after === undefined ? [] : [after], limit, min_version: [] });
const bytesOf = (store: TestStore, after?: WireCursor) => {
	store.host.sender = READER.toUint8Array();
	const request = { after: (after === undefined ? [] : [after]) as [], limit: 1_000, min_version: [] as [] };
	return askWire(store.engine, "blobs_changes", request).changes;
};
const BEGINNING = { sequence: 0n, head: new Uint8Array(32) };

test("C45 deletes are in the feed, those of a rename and of many too", () => {
	const store = new TestStore();
	for (const key of ["a", "b", "c"]) store.putBlob(ANNA, key, fillOf(1, 1));
	const { last } = changes(store);
	store.delete(ANNA, "a");
	store.ask(ANNA, "blobs_rename", moveOf("b", "d"));
	store.ask(ANNA, "blobs_delete_many", { id: newId(), blobs: [{ key: "c", precondition: { none: null } }] });
	const page = changes(store, last);
	expect(page.changes.map(({ change }) => Object.keys(change)[0])).toEqual([
		"deleted",
		"deleted",
		"published",
		"deleted",
	]);
	expect(page.changes.map(({ change }) => "deleted" in change && change.deleted)).toMatchObject([
		{ key: "a", version: { sequence: 4n } },
		{ key: "b", version: { sequence: 5n } },
		false,
		{ key: "c", version: { sequence: 6n } },
	]);
});

test("every change has its number, its maker and the head that follows from the one before", () => {
	const store = new TestStore();
	store.putBlob(ANNA, "a", fillOf(1, 1));
	store.ask(ANNA, "blobs_update", { ...updateOf("a"), content_type: ["text/html"] });
	store.setMode("draining");
	store.setQuota(undefined, { blobs: 3n });
	const page = changes(store, BEGINNING);
	expect(page.changes.map(({ sequence }) => sequence)).toEqual([1n, 2n, 3n, 4n, 5n, 6n, 7n]);
	expect(page.changes.map(({ by }) => by.toText())).toEqual(
		[OWNER, OWNER, OWNER, ANNA, ANNA, OWNER, OWNER].map((who) => who.toText()),
	);
	const head = bytesOf(store, BEGINNING).reduce(headAfter, BEGINNING.head);
	expect(page.last).toEqual({ sequence: 7n, head });
});

const putMany = (store: TestStore, keys: string[]) => {
	const content = fillOf(1, 1);
	const what = { content, ...publication(rootOf(content, MAX_CHUNK_BYTES)) };
	store.ask(ANNA, "blobs_put_many", { id: newId(), blobs: keys.map((key) => ({ key, ...what })) });
};
const keysTo = (count: number) => Array.from({ length: count }, (_, i) => `${i}`);

test("C39 order is by number: also of changes of one moment, and of one message", () => {
	const store = new TestStore();
	putMany(store, ["z", "a", "z"]);
	const page = changes(store);
	expect(new Set(page.changes.map(({ at }) => at)).size).toBe(1);
	expect(
		page.changes.map(
			({ change }) => "published" in change && [change.published.key, change.published.sequence],
		),
	).toEqual([false, false, false, ["z", 4n], ["a", 5n], ["z", 6n]]);
});

test("changes of one message share records, and each is found from the cursor before it", () => {
	const store = new TestStore();
	putMany(store, keysTo(45));
	store.putBlob(ANNA, "alone", fillOf(1, 1));
	putMany(store, keysTo(3));
	// 1, 2, 3 are the roles of the store; then 4 to 7, 8 to 15, 16 to 31, 32 to 47, 48; 49; 50 and 51, 52.
	expect(store.storage.size(MEMORY.feed)).toBe(3 + 5 + 1 + 2);
	store.upgrade();
	const messages = bytesOf(store);
	expect(messages.length).toBe(52);
	let cursor: WireCursor = BEGINNING;
	for (const [i, message] of messages.entries()) {
		expect(bytesOf(store, cursor)).toEqual(messages.slice(i));
		cursor = { sequence: cursor.sequence + 1n, head: headAfter(cursor.head, message) };
	}
	expect(changes(store).last).toEqual(cursor);
});

test.each(keysTo(24).map(Number))(
	"a record goes with the last of its changes: pruned to %i",
	(feedEntries) => {
		const store = new TestStore({ feedEntries });
		putMany(store, keysTo(20));
		const whole = bytesOf(store);
		store.clean();
		store.upgrade();
		const page = changes(store);
		expect(bytesOf(store)).toEqual(whole.slice(whole.length - feedEntries));
		expect(page.before.sequence).toBe(BigInt(23 - feedEntries));
		expect(bytesOf(store).reduce(headAfter, page.before.head)).toEqual(page.last.head);
		// Where records end; what is left of the last change that was pruned is its head.
		const pruned = 23 - feedEntries;
		const ends = [1, 2, 3, 7, 15, 23];
		expect(store.storage.size(MEMORY.feed)).toBe(ends.filter((end) => end >= pruned).length);
		putMany(store, keysTo(2));
		expect(changes(store, page.last).changes.length).toBe(2);
	},
);

test("C44 a cursor that this feed never was at is refused: after a rollback, in a fork, of another store", () => {
	const store = new TestStore();
	store.putBlob(ANNA, "a", fillOf(1, 1));
	const { last } = changes(store);
	const older = new TestStore();
	const known = { cursor_unknown: { sequence: 3n } };
	const request = (cursor: WireCursor) => ({
		after: [cursor] as [WireCursor],
		limit: 1,
		min_version: [] as [],
	});
	expect(older.refused(READER, "blobs_changes", request(last))).toEqual(known);
	older.host.time += 1;
	older.putBlob(ANNA, "a", fillOf(2, 1));
	expect(older.code(READER, "blobs_changes", request(last))).toBe("cursor_unknown");
	expect(store.code(READER, "blobs_changes", request({ ...BEGINNING, head: last.head }))).toBe(
		"cursor_unknown",
	);
	expect(store.code(READER, "blobs_changes", request({ ...last, head: last.head.slice(1) }))).toBe(
		"cursor_unknown",
	);
	expect(store.code(READER, "blobs_changes", request({ ...last, sequence: 2n ** 64n - 1n }))).toBe(
		"cursor_unknown",
	);
	expect(changes(store, last).changes).toEqual([]);
});

test("past its cap the oldest changes go, in bounded steps; a cursor from before is told where the feed begins", () => {
	const store = new TestStore({ feedEntries: 4 });
	const early = changes(store).last;
	for (let n = 0; n < 10; n++) store.putBlob(ANNA, "a", fillOf(n, 1));
	expect(store.stats().feed_entries).toBe(13n);
	store.clean();
	store.upgrade();
	expect(store.stats().feed_entries).toBe(4n);
	const request = { after: [early] as [WireCursor], limit: 1, min_version: [] as [] };
	expect(store.refused(READER, "blobs_changes", request)).toEqual({ cursor_pruned: { first: 10n } });
	const page = changes(store);
	expect(page.changes.map(({ sequence }) => sequence)).toEqual([10n, 11n, 12n, 13n]);
	expect(bytesOf(store).reduce(headAfter, page.before.head)).toEqual(page.last.head);
	expect(changes(store, page.before).changes).toEqual(page.changes);
	store.putBlob(ANNA, "a", fillOf(99, 1));
	expect(changes(store, page.last).changes.length).toBe(1);
});

test("a feed that keeps nothing still goes on from its head", () => {
	const store = new TestStore({ feedEntries: 0 });
	store.clean();
	const { before, changes: kept, last } = changes(store);
	expect([kept, before]).toEqual([[], last]);
	store.putBlob(ANNA, "a", fillOf(1, 1));
	expect(bytesOf(store, last).reduce(headAfter, last.head)).toEqual(changes(store, last).last.head);
});

test("C05 who may not read everything reads no feed, and a state that is behind says so", () => {
	const store = new TestStore();
	const request = { after: [] as [], limit: 1, min_version: [] as [] | [WireVersion] };
	expect(store.code(ANNA, "blobs_changes", request)).toBe("not_authorized");
	const later = { sequence: 4n, canister_version: store.host.version + 10n };
	expect(store.refused(READER, "blobs_changes", { ...request, min_version: [later] })).toMatchObject({
		behind: { sequence: 3n },
	});
});
