import { beforeEach, describe, expect, test } from "vitest";
import { newId } from "../../support/store.js";
import {
	ANNA,
	beginOf,
	commitOf,
	DAY_MS,
	deleteOf,
	fillOf,
	itemOf,
	leavesOf,
	moveOf,
	OWNER,
	S,
	TestStore,
	updateOf,
	wholeOf,
} from "./store.js";

let store: TestStore;
beforeEach(() => {
	store = new TestStore();
});
const bytes = fillOf(1, S);

describe("C41 maintenance", () => {
	test("refuses every update but those of administrators, reads go on, nothing is cleaned", () => {
		const id = store.begin(ANNA, "a", S);
		store.putBlob(ANNA, "b", bytes);
		store.delete(ANNA, "b");
		store.putBlob(ANNA, "b", bytes);
		const { generation } = store.setMode("maintenance");
		const expected = { not_live: { mode: "maintenance", generation } };
		for (const refused of [
			store.refused(ANNA, "blobs_begin_upload", beginOf(newId(), "c")),
			store.refused(ANNA, "blobs_put_chunk", id, 0, bytes),
			store.refused(ANNA, "blobs_link_chunks", { id, from: 0, leaves: leavesOf(bytes) }),
			store.refused(ANNA, "blobs_commit_upload", commitOf(id, bytes)),
			store.refused(ANNA, "blobs_abort_upload", id),
			store.refused(ANNA, "blobs_put_blob", wholeOf(newId(), "c", bytes), bytes),
			store.refused(ANNA, "blobs_put_many", { id: newId(), blobs: [itemOf("c", bytes)] }),
			store.refused(ANNA, "blobs_delete", deleteOf("b")),
			store.refused(ANNA, "blobs_delete_many", { id: newId(), blobs: [deleteOf("b")] }),
			store.refused(ANNA, "blobs_update", updateOf("b")),
			store.refused(ANNA, "blobs_copy", moveOf("b", "c")),
			store.refused(ANNA, "blobs_rename", moveOf("b", "c")),
		])
			expect(refused).toEqual(expected);
		const { cleaning } = store.stats();
		store.host.time += 2 * DAY_MS;
		store.engine.clean();
		expect(store.stats()).toMatchObject({ cleaning, open_uploads: 1n });
		expect(store.read(ANNA, "b").equals(Buffer.from(bytes))).toBe(true);
		store.setQuota(ANNA, { blobs: 1n });
		store.ask(OWNER, "blobs_abort_any_upload", { owner: ANNA, id });
		expect(store.stats().open_uploads).toBe(0n);
	});

	test("over: cleaning is asked for at once, after an upgrade in between too", () => {
		store.putBlob(ANNA, "b", bytes);
		store.delete(ANNA, "b");
		store.setMode("maintenance");
		store.upgrade();
		store.host.woken = undefined;
		store.setMode("live");
		expect(store.host.woken).toBe(store.host.time);
		store.clean();
		expect(store.stats().chunks).toBe(0n);
	});
});

test("C42 draining: nothing new begins, open uploads finish, and their number is exact down to zero", () => {
	const [first, second] = [store.begin(ANNA, "a", S), store.begin(ANNA, "b")];
	store.setMode("draining");
	expect(store.code(ANNA, "blobs_begin_upload", beginOf(newId(), "c"))).toBe("not_live");
	expect(store.code(ANNA, "blobs_put_blob", wholeOf(newId(), "c", bytes), bytes)).toBe("not_live");
	expect(store.code(ANNA, "blobs_put_many", { id: newId(), blobs: [itemOf("c", bytes)] })).toBe("not_live");
	expect(store.stats().open_uploads).toBe(2n);
	store.put(ANNA, first, 0, bytes);
	store.upgrade();
	store.commit(ANNA, first, bytes);
	expect(store.stats().open_uploads).toBe(1n);
	store.ask(ANNA, "blobs_abort_upload", second);
	expect(store.stats().open_uploads).toBe(0n);
});

describe("C43 a switch of the mode", () => {
	test("that has seen another generation is refused, and says which there is", () => {
		store.setMode("maintenance");
		const late = { id: newId(), mode: { live: null }, generation: 0n };
		expect(store.refused(OWNER, "blobs_set_mode", late)).toEqual({ mode_changed: { generation: 1n } });
		expect(store.ask(OWNER, "blobs_status").mode).toBe("maintenance");
	});

	test("that comes again gets its first answer, and switches nothing back", () => {
		const drain = { id: newId(), mode: { draining: null }, generation: 0n };
		const first = store.ask(OWNER, "blobs_set_mode", drain);
		store.setMode("live");
		expect(store.ask(OWNER, "blobs_set_mode", drain)).toEqual(first);
		expect(store.ask(OWNER, "blobs_status")).toMatchObject({ mode: "live", generation: 2n });
	});

	test("survives an upgrade", () => {
		store.setMode("draining");
		store.upgrade();
		expect(store.ask(OWNER, "blobs_status")).toMatchObject({ mode: "draining", generation: 1n });
	});
});
