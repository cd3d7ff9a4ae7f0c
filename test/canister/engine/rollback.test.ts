import { beforeEach, expect, test } from "vitest";
import { versionOf } from "../../support/plain.js";
import { newId } from "../../support/store.js";
import { ANNA, deleteOf, fillOf, READER, TestStore } from "./store.js";

/**
 * A store rolled back to a snapshot: its memory is an earlier one, the canister's version goes on. The same numbers are
 * given again, and name other changes.
 */

let store: TestStore;
beforeEach(() => {
	store = new TestStore();
});

/** Makes a snapshot, then changes that are lost when it is loaded, by a call of the management canister of its own. */
function rolledBack<T>(lost: () => T): T {
	const snapshot = store.storage.copy();
	const result = lost();
	store.storage.load(snapshot);
	store.host.version++;
	store.upgrade();
	return result;
}

const withNoBlob = { after: [] as [], limit: 1 };

test("a precondition on a number that was given again does not pass", () => {
	const lost = rolledBack(() => versionOf(store.putBlob(ANNA, "a", fillOf(1, 1))));
	const other = versionOf(store.putBlob(ANNA, "a", fillOf(2, 1)));
	expect(other.sequence).toBe(lost.sequence);
	expect(other.canister_version).toBeGreaterThan(lost.canister_version);
	const remove = (version: typeof lost) => ({ ...deleteOf("a", newId()), precondition: { version } });
	expect(store.refused(ANNA, "blobs_delete", remove(lost))).toEqual({ precondition_failed: other });
	expect(store.ask(ANNA, "blobs_delete", remove(other)).deleted).toBe(true);
});

test("a read that must have seen a change which is lost is told so, and not to ask again", () => {
	const lost = rolledBack(() => versionOf(store.putBlob(ANNA, "a", fillOf(1, 1))));
	const stat = (version: typeof lost) => ({ key: "a", min_version: [version] as [typeof lost] });
	const before = store.ask(READER, "blobs_status").last;
	expect(store.refused(READER, "blobs_stat", stat(lost))).toEqual({ rolled_back: before });
	const list = { prefix: "", recursive: true, ...withNoBlob, min_version: [lost] as [typeof lost] };
	expect(store.code(READER, "blobs_list", list)).toBe("rolled_back");
	const changes = { ...withNoBlob, min_version: [lost] as [typeof lost] };
	expect(store.code(READER, "blobs_changes", changes)).toBe("rolled_back");
	const other = versionOf(store.putBlob(ANNA, "a", fillOf(2, 1)));
	expect(store.refused(READER, "blobs_stat", stat(lost))).toEqual({ rolled_back: other });
	expect(store.ask(READER, "blobs_stat", stat(other)).last).toEqual(other);
	store.putBlob(ANNA, "b", fillOf(3, 1));
	expect(store.code(READER, "blobs_stat", stat(lost))).toBe("rolled_back");
	expect(store.ask(READER, "blobs_stat", stat(other)).manifest[0]!.sequence).toBe(other.sequence);
});

test("a read of a version that is lost gets no other bytes", () => {
	const lost = rolledBack(() => versionOf(store.putBlob(ANNA, "a", fillOf(1, 1))));
	expect(store.code(READER, "blobs_get_chunk", "a", lost, 0)).toBe("rolled_back");
	const other = versionOf(store.putBlob(ANNA, "a", fillOf(2, 1)));
	expect(store.code(READER, "blobs_get_chunk", "a", lost, 0)).toBe("rolled_back");
	const leaves = { key: "a", version: lost, from: 0, limit: 1 };
	expect(store.code(READER, "blobs_leaves", leaves)).toBe("rolled_back");
	expect(store.ask(READER, "blobs_get_chunk", "a", other, 0)).toEqual(fillOf(2, 1));
});

test("a node that has not come so far is behind, also where its store has a change of that number", () => {
	const version = versionOf(store.putBlob(ANNA, "a", fillOf(1, 1)));
	const ahead = { sequence: version.sequence, canister_version: store.host.version + 5n };
	const request = { key: "a", min_version: [ahead] as [typeof ahead] };
	expect(store.refused(READER, "blobs_stat", request)).toEqual({ behind: version });
	expect(store.code(READER, "blobs_get_chunk", "a", ahead, 0)).toBe("behind");
	store.host.version += 10n;
	expect(store.code(READER, "blobs_stat", request)).toBe("rolled_back");
});

test("installed again, the store knows no change of before", () => {
	const lost = versionOf(store.putBlob(ANNA, "a", fillOf(1, 1)));
	const again = new TestStore();
	again.host.version = store.host.version + 1n;
	expect(again.code(READER, "blobs_stat", { key: "a", min_version: [lost] })).toBe("rolled_back");
	expect(versionOf(again.putBlob(ANNA, "a", fillOf(1, 1))).sequence).toBe(lost.sequence);
	expect(again.code(READER, "blobs_get_chunk", "a", lost, 0)).toBe("rolled_back");
});

test("of a change that the feed no longer has it counts as seen", () => {
	store = new TestStore({ feedEntries: 2 });
	const early = versionOf(store.putBlob(ANNA, "a", fillOf(1, 1)));
	for (let n = 0; n < 5; n++) store.putBlob(ANNA, "b", fillOf(n, 1));
	store.clean();
	expect(store.ask(READER, "blobs_stat", { key: "a", min_version: [early] }).manifest).toHaveLength(1);
});
