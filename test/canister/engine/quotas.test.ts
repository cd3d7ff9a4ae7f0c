import { beforeEach, describe, expect, test } from "vitest";
import { newId } from "../../support/store.js";
import {
	ANNA,
	BEN,
	beginOf,
	commitOf,
	DAY_MS,
	fillOf,
	itemOf,
	leavesOf,
	moveOf,
	OWNER,
	PRIVATE,
	S,
	TestStore,
	wholeOf,
} from "./store.js";

/** C12: what is in use, what is refused, and when it is free again. */

let store: TestStore;
beforeEach(() => {
	store = new TestStore();
});
const exceeded = (quota: string) => ({ quota_exceeded: expect.objectContaining({ quota }) });

describe("C12 bytes", () => {
	test("are reserved at begin for a known size, and by each put without one", () => {
		store.setQuota(ANNA, { bytes: BigInt(3 * S) });
		store.begin(ANNA, "a", 2 * S);
		expect(store.usage(ANNA).bytes).toBe(BigInt(2 * S));
		const stream = store.begin(ANNA, "b");
		store.put(ANNA, stream, 0, fillOf(1, S));
		expect(store.usage(ANNA).bytes).toBe(BigInt(3 * S));
		expect(store.refused(ANNA, "blobs_put_chunk", stream, 1, fillOf(2, 1))).toEqual(exceeded("bytes"));
		expect(store.refused(ANNA, "blobs_begin_upload", beginOf(newId(), "c", 1))).toEqual(exceeded("bytes"));
	});

	test("a chunk counts for 4 KiB at the least, an empty blob too", () => {
		store.putBlob(ANNA, "a", fillOf(1, 1));
		store.putBlob(ANNA, "b", fillOf(1, 0));
		expect(store.usage(ANNA).bytes).toBe(8_192n);
	});

	test("given up are free when they are cleaned away, not before", () => {
		store.setQuota(ANNA, { bytes: BigInt(S) });
		const id = store.begin(ANNA, "a", S);
		store.put(ANNA, id, 0, fillOf(1, S));
		store.ask(ANNA, "blobs_abort_upload", id);
		expect(store.code(ANNA, "blobs_begin_upload", beginOf(newId(), "a", S))).toBe("quota_exceeded");
		store.clean();
		expect(store.usage(ANNA)).toMatchObject({ bytes: 0n, open_uploads: 0 });
		store.begin(ANNA, "a", S);
	});

	test("count once for each place, though equal chunks are stored once: linking is no way round", () => {
		store.setQuota(ANNA, { bytes: BigInt(2 * S) });
		store.upload(ANNA, "a", fillOf(1, S));
		const id = store.begin(ANNA, "b");
		const links = { id, from: 0, leaves: leavesOf(fillOf(1, S), fillOf(1, S)) };
		expect(store.refused(ANNA, "blobs_link_chunks", links)).toEqual(exceeded("bytes"));
		store.ask(ANNA, "blobs_link_chunks", { ...links, leaves: leavesOf(fillOf(1, S)) });
		expect(store.usage(ANNA).bytes).toBe(BigInt(2 * S));
	});

	test("of a chunk put again in the place of a shorter one: the difference", () => {
		const id = store.begin(ANNA, "a");
		store.put(ANNA, id, 0, fillOf(1, 5_000));
		store.put(ANNA, id, 0, fillOf(1, 10_000));
		store.put(ANNA, id, 0, fillOf(2, 10_000));
		expect(store.usage(ANNA).bytes).toBe(10_000n);
		store.put(ANNA, id, 0, fillOf(1, 1));
		expect(store.usage(ANNA).bytes).toBe(4_096n);
	});

	test("of a copy are its owner's", () => {
		store.putBlob(ANNA, "a", fillOf(1, 5_000));
		store.ask(BEN, "blobs_copy", moveOf("a", "b"));
		expect([store.usage(ANNA).bytes, store.usage(BEN).bytes]).toEqual([5_000n, 5_000n]);
		store.setQuota(BEN, { bytes: 9_999n });
		expect(store.refused(BEN, "blobs_copy", moveOf("a", "c"))).toEqual(exceeded("bytes"));
	});
});

describe("C12 open uploads", () => {
	test("one more than the quota is refused, and one that ends makes room at once", () => {
		store.setQuota(ANNA, { open_uploads: 1 });
		const id = store.begin(ANNA, "a");
		expect(store.refused(ANNA, "blobs_begin_upload", beginOf(newId(), "b"))).toEqual(
			exceeded("open_uploads"),
		);
		store.ask(ANNA, "blobs_abort_upload", id);
		store.begin(ANNA, "b");
	});

	test("the same begin again needs no further one", () => {
		store.setQuota(ANNA, { open_uploads: 1 });
		const id = store.begin(ANNA, "a");
		store.begin(ANNA, "a", undefined, id);
	});
});

describe("C12 blobs", () => {
	beforeEach(() => store.setQuota(ANNA, { blobs: 1n }));

	test("a second key is refused, the first may be replaced, by an upload too", () => {
		store.putBlob(ANNA, "a", fillOf(1, 1));
		const other = fillOf(2, 1);
		expect(store.refused(ANNA, "blobs_put_blob", wholeOf(newId(), "b", other), other)).toEqual(
			exceeded("blobs"),
		);
		store.putBlob(ANNA, "a", fillOf(2, 1));
		store.upload(ANNA, "a", fillOf(3, S));
		expect(store.usage(ANNA).blobs).toBe(1n);
	});

	test("are reserved at begin: what is begun commits, and nothing takes its place", () => {
		const id = store.begin(ANNA, "a", 1);
		expect(store.usage(ANNA).blobs).toBe(1n);
		expect(store.refused(ANNA, "blobs_begin_upload", beginOf(newId(), "b"))).toEqual(exceeded("blobs"));
		const bytes = fillOf(2, 1);
		expect(store.refused(ANNA, "blobs_put_blob", wholeOf(newId(), "b", bytes), bytes)).toEqual(
			exceeded("blobs"),
		);
		const { results } = store.ask(ANNA, "blobs_put_many", { id: newId(), blobs: [itemOf("b", bytes)] });
		expect(results).toEqual([{ err: exceeded("blobs") }]);
		store.upgrade();
		store.put(ANNA, id, 0, fillOf(1, 1));
		store.commit(ANNA, id, fillOf(1, 1));
		expect([store.usage(ANNA).blobs, store.stats().blobs]).toEqual([1n, 1n]);
	});

	test("reserved are free again once: at abort, an administrator's too, and when an expired upload is cleaned away", () => {
		const aborted = store.begin(ANNA, "a");
		store.begin(ANNA, "a", undefined, aborted);
		for (let times = 0; times < 2; times++) store.ask(ANNA, "blobs_abort_upload", aborted);
		expect(store.usage(ANNA).blobs).toBe(0n);
		const ended = store.begin(ANNA, "a");
		for (let times = 0; times < 2; times++)
			store.ask(OWNER, "blobs_abort_any_upload", { owner: ANNA, id: ended });
		expect(store.usage(ANNA).blobs).toBe(0n);
		store.begin(ANNA, "a");
		store.host.time += DAY_MS;
		expect(store.code(ANNA, "blobs_begin_upload", beginOf(newId(), "b"))).toBe("quota_exceeded");
		store.setMode("maintenance");
		store.engine.clean();
		expect(store.usage(ANNA).blobs).toBe(1n);
		store.setMode("live");
		store.clean();
		expect(store.usage(ANNA).blobs).toBe(0n);
		store.begin(ANNA, "b");
	});

	test("a key counts once, whatever is held and begun under it", () => {
		const ids = [store.begin(ANNA, "a", 1), store.begin(ANNA, "a", 1)];
		store.putBlob(ANNA, "a", fillOf(1, 1));
		expect(store.usage(ANNA).blobs).toBe(1n);
		for (const id of ids) {
			store.put(ANNA, id, 0, fillOf(2, 1));
			store.commit(ANNA, id, fillOf(2, 1));
		}
		expect(store.usage(ANNA).blobs).toBe(1n);
		store.delete(ANNA, "a");
		expect(store.usage(ANNA).blobs).toBe(0n);
	});

	test("a blob deleted under an upload leaves its place to it", () => {
		store.putBlob(ANNA, "a", fillOf(1, 1));
		const id = store.begin(ANNA, "a", 1);
		store.delete(ANNA, "a");
		const bytes = fillOf(2, 1);
		expect(store.code(ANNA, "blobs_put_blob", wholeOf(newId(), "b", bytes), bytes)).toBe("quota_exceeded");
		store.put(ANNA, id, 0, bytes);
		store.commit(ANNA, id, bytes);
		expect(store.usage(ANNA).blobs).toBe(1n);
	});

	test("a blob renamed away under an upload needs a place of its own: its owner's, whoever renames", () => {
		store.putBlob(ANNA, "a", fillOf(1, 1));
		const id = store.begin(ANNA, "a", 1);
		for (const who of [ANNA, OWNER])
			expect(store.refused(who, "blobs_rename", moveOf("a", "b"))).toEqual(exceeded("blobs"));
		store.setQuota(ANNA, { blobs: 2n });
		store.ask(ANNA, "blobs_rename", moveOf("a", "b"));
		expect(store.usage(ANNA).blobs).toBe(2n);
		// Back where the upload is, it is one again; and among its owner's own keys it never needs another.
		store.ask(ANNA, "blobs_rename", moveOf("b", "a"));
		expect(store.usage(ANNA).blobs).toBe(1n);
		store.ask(ANNA, "blobs_abort_upload", id);
		store.setQuota(ANNA, { blobs: 1n });
		store.ask(ANNA, "blobs_rename", moveOf("a", "c"));
		expect(store.usage(ANNA).blobs).toBe(1n);
	});

	test("somebody else's blob in the place of one's own leaves one's upload its place, until that ends", () => {
		store.putBlob(ANNA, "a", fillOf(1, 1));
		const id = store.begin(ANNA, "a", 1);
		store.putBlob(OWNER, "a", fillOf(2, 1));
		expect([store.usage(ANNA).blobs, store.usage(OWNER).blobs]).toEqual([1n, 1n]);
		store.put(ANNA, id, 0, fillOf(3, 1));
		expect(store.code(ANNA, "blobs_commit_upload", commitOf(id, fillOf(3, 1)))).toBe("not_authorized");
		store.ask(OWNER, "blobs_grant_role", { id: newId(), who: ANNA, role: { admin: null } });
		store.commit(ANNA, id, fillOf(3, 1));
		expect([store.usage(ANNA).blobs, store.usage(OWNER).blobs]).toEqual([1n, 0n]);
	});

	test("a lower quota does not reach what was begun", () => {
		const id = store.begin(ANNA, "a", 1);
		store.setQuota(ANNA, { blobs: 0n });
		store.put(ANNA, id, 0, fillOf(1, 1));
		store.commit(ANNA, id, fillOf(1, 1));
	});

	test("who replaces another's blob has one more, and is held to its quota; the other has one less", () => {
		store.ask(OWNER, "blobs_grant_role", { id: newId(), who: ANNA, role: { admin: null } });
		store.putBlob(ANNA, "a", fillOf(1, 1));
		store.putBlob(BEN, "b", fillOf(1, 1));
		const bytes = fillOf(2, 1);
		expect(store.code(ANNA, "blobs_put_blob", wholeOf(newId(), "b", bytes), bytes)).toBe("quota_exceeded");
		expect(store.code(ANNA, "blobs_begin_upload", beginOf(newId(), "b"))).toBe("quota_exceeded");
		expect(store.code(ANNA, "blobs_copy", moveOf("a", "b"))).toBe("quota_exceeded");
		store.setQuota(ANNA, { blobs: 2n });
		store.putBlob(ANNA, "b", bytes);
		expect([store.usage(ANNA).blobs, store.usage(BEN).blobs]).toEqual([2n, 0n]);
		store.clean();
		expect([store.usage(ANNA).bytes, store.usage(BEN).bytes]).toEqual([8_192n, 0n]);
	});
});

describe("C12 bytes received a day", () => {
	test("count what is sent, kept or not, and begin anew with each day of UTC", () => {
		store.setQuota(ANNA, { received_per_day: BigInt(2 * S) });
		const id = store.begin(ANNA, "a");
		store.put(ANNA, id, 0, fillOf(1, S));
		store.put(ANNA, id, 0, fillOf(1, S));
		expect(store.usage(ANNA).received_today).toBe(BigInt(2 * S));
		expect(store.refused(ANNA, "blobs_put_chunk", id, 1, fillOf(1, 1))).toEqual(exceeded("received_per_day"));
		store.host.time = Math.ceil(store.host.time / DAY_MS) * DAY_MS;
		expect(store.usage(ANNA).received_today).toBe(0n);
		store.put(ANNA, id, 1, fillOf(1, 1));
		expect(store.usage(ANNA).received_today).toBe(1n);
	});

	test("what is linked or copied was not sent", () => {
		store.upload(ANNA, "a", fillOf(1, S), PRIVATE);
		const before = store.usage(ANNA).received_today;
		store.ask(ANNA, "blobs_link_chunks", {
			id: store.begin(ANNA, "b"),
			from: 0,
			leaves: leavesOf(fillOf(1, S)),
		});
		store.ask(ANNA, "blobs_copy", moveOf("a", "c"));
		expect(store.usage(ANNA).received_today).toBe(before);
	});
});

describe("whose quota holds", () => {
	test("one's own, else everybody's, else that of the settings", () => {
		store = new TestStore({ quota: { blobs: 7 } });
		const blobs = () => store.ask(OWNER, "blobs_account", [ANNA]).quota.blobs;
		expect(blobs()).toBe(7n);
		store.setQuota(undefined, { blobs: 5n });
		expect(blobs()).toBe(5n);
		store.setQuota(ANNA, { blobs: 3n });
		store.upgrade();
		expect(blobs()).toBe(3n);
		store.setQuota(ANNA, undefined);
		expect(blobs()).toBe(5n);
		store.setQuota(undefined, undefined);
		expect(blobs()).toBe(7n);
	});

	test("a setting that is no bound is refused, and Infinity is none", () => {
		for (const wrong of [{ quota: { bytes: -1 } }, { quota: { blobs: 1.5 } }, { feedEntries: Number.NaN }])
			expect(() => new TestStore(wrong)).toThrow("must be a whole number from 0 on");
		expect(() => new TestStore({ room: { minCycles: Number.NaN } })).toThrow("minCycles");
		const unbound = { openUploads: Infinity, blobs: Infinity, bytes: Infinity, receivedPerDay: Infinity };
		store = new TestStore({ quota: unbound, feedEntries: Infinity });
		store.begin(ANNA, "a", S);
		expect(store.ask(ANNA, "blobs_account", []).quota.bytes).toBe(2n ** 53n - 1n);
	});

	test("a lower quota takes nothing away, and lets nothing more in", () => {
		store.putBlob(ANNA, "a", fillOf(1, 5_000));
		store.setQuota(ANNA, { bytes: 1n });
		expect(store.read(ANNA, "a").length).toBe(5_000);
		const bytes = fillOf(1, 1);
		expect(store.code(ANNA, "blobs_put_blob", wholeOf(newId(), "a", bytes), bytes)).toBe("quota_exceeded");
		store.delete(ANNA, "a");
	});
});
