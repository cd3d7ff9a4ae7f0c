import { beforeEach, describe, expect, test } from "vitest";
import { Refusal } from "../../../src/canister/engine/index.js";
import { MEMORY } from "../../../src/canister/host/memory.js";
import type { MethodArgs, MethodName } from "../../../src/protocol/index.js";
import { newId } from "../../support/store.js";
import {
	ANNA,
	aboutOf,
	BEN,
	beginOf,
	commitOf,
	DAY_MS,
	deleteOf,
	fillOf,
	itemOf,
	leavesOf,
	moveOf,
	OWNER,
	PRIVATE,
	person,
	S,
	sessionOf,
	TestStore,
	updateOf,
	wholeOf,
} from "./store.js";

/** C12: the usage of quotas, refusals, and when usage is released. */

let store: TestStore;
beforeEach(() => {
	store = new TestStore();
});
const exceeded = (quota: string) => ({ quota_exceeded: expect.objectContaining({ quota }) });

describe("C12 bytes", () => {
	test("are reserved at begin for a known size, and by each put without one", () => {
		store.setQuota(ANNA, { bytes: BigInt(3 * S + 2 * sessionOf("a")) });
		store.begin(ANNA, "a", 2 * S);
		expect(store.usage(ANNA).bytes).toBe(BigInt(2 * S + sessionOf("a")));
		const stream = store.begin(ANNA, "b");
		store.put(ANNA, stream, 0, fillOf(1, S));
		expect(store.usage(ANNA).bytes).toBe(BigInt(3 * S + 2 * sessionOf("a")));
		expect(store.refused(ANNA, "blobs_put_chunk", stream, 1, fillOf(2, 1))).toEqual(exceeded("bytes"));
		expect(store.refused(ANNA, "blobs_begin_upload", beginOf(newId(), "c", 1))).toEqual(exceeded("bytes"));
	});

	test("a chunk counts for 4 KiB at the least, an empty blob too", () => {
		store.putBlob(ANNA, "a", fillOf(1, 1));
		store.putBlob(ANNA, "b", fillOf(1, 0));
		expect(store.usage(ANNA).bytes).toBe(BigInt(8_192 + aboutOf("a") + aboutOf("b")));
	});

	test("given up are free when they are cleaned away, not before", () => {
		store.setQuota(ANNA, { bytes: BigInt(S + sessionOf("a")) });
		const id = store.begin(ANNA, "a", S);
		store.put(ANNA, id, 0, fillOf(1, S));
		store.ask(ANNA, "blobs_abort_upload", id);
		expect(store.code(ANNA, "blobs_begin_upload", beginOf(newId(), "a", S))).toBe("quota_exceeded");
		store.clean();
		expect(store.usage(ANNA)).toMatchObject({ bytes: 0n, open_uploads: 0 });
		store.begin(ANNA, "a", S);
	});

	test("count once for each place, though equal chunks are stored once: linking is no way round", () => {
		store.setQuota(ANNA, { bytes: BigInt(2 * S + aboutOf("a") + sessionOf("b")) });
		store.upload(ANNA, "a", fillOf(1, S));
		const id = store.begin(ANNA, "b");
		const links = { id, from: 0, leaves: leavesOf(fillOf(1, S), fillOf(1, S)) };
		expect(store.refused(ANNA, "blobs_link_chunks", links)).toEqual(exceeded("bytes"));
		store.ask(ANNA, "blobs_link_chunks", { ...links, leaves: leavesOf(fillOf(1, S)) });
		expect(store.usage(ANNA).bytes).toBe(BigInt(2 * S + aboutOf("a") + sessionOf("b")));
	});

	test("of a chunk put again in the place of a shorter one: the difference", () => {
		const id = store.begin(ANNA, "a");
		store.put(ANNA, id, 0, fillOf(1, 5_000));
		store.put(ANNA, id, 0, fillOf(1, 10_000));
		store.put(ANNA, id, 0, fillOf(2, 10_000));
		expect(store.usage(ANNA).bytes).toBe(BigInt(10_000 + sessionOf("a")));
		store.put(ANNA, id, 0, fillOf(1, 1));
		expect(store.usage(ANNA).bytes).toBe(BigInt(4_096 + sessionOf("a")));
	});

	test("count what is stored about a blob: its key, the directories it passes, twice where private, and its texts", () => {
		const bytesOf = (key: string, parts = {}) => {
			const before = store.usage(ANNA).bytes;
			store.putBlob(ANNA, key, fillOf(1, 1), parts);
			return Number(store.usage(ANNA).bytes - before);
		};
		const deep = Array.from({ length: 32 }, () => "ä").join("/");
		expect(bytesOf(deep)).toBe(4_096 + 896 + 4 * (32 * 2 + 31) + 31 * 256 + 24);
		expect(bytesOf(`${deep}b`, PRIVATE)).toBe(4_096 + 896 + 4 * (32 * 2 + 31 + 1) + 31 * 512 + 24);
		expect(bytesOf("m", { metadata: [["name", "ü".repeat(2_000)]] })).toBe(4_096 + aboutOf("m") + 4_004);
	});

	test("follow a blob through update, rename, replacement and deletion, and are its owner's to bear", () => {
		store.putBlob(ANNA, "a", fillOf(1, 1));
		const long = "b/c/d";
		const metadata: [string, string][] = [["name", "value"]];
		store.ask(OWNER, "blobs_update", { ...updateOf("a"), metadata: [metadata] });
		expect(store.usage(ANNA).bytes).toBe(BigInt(4_096 + aboutOf("a") + 9));
		store.setQuota(ANNA, { bytes: BigInt(4_096 + aboutOf("a") + 9) });
		expect(store.refused(OWNER, "blobs_rename", moveOf("a", long))).toEqual(exceeded("bytes"));
		const more = { ...updateOf("a"), metadata: [[["name", "values"]]] as [[string, string][]] };
		expect(store.refused(OWNER, "blobs_update", more)).toEqual(exceeded("bytes"));
		store.setQuota(ANNA, { bytes: 100_000n });
		store.ask(ANNA, "blobs_rename", moveOf("a", long));
		expect(store.usage(ANNA).bytes).toBe(BigInt(4_096 + aboutOf(long) + 9));
		store.putBlob(ANNA, long, fillOf(2, 1), PRIVATE);
		store.clean();
		expect(store.usage(ANNA).bytes).toBe(BigInt(4_096 + aboutOf(long) + 2 * 256));
		store.delete(ANNA, long);
		store.clean();
		expect(store.usage(ANNA).bytes).toBe(0n);
	});

	test("no commit is refused for them: begin reserves what may be said of the blob", () => {
		store.setQuota(ANNA, { bytes: BigInt(sessionOf("a/b") + 4_096) });
		const id = store.begin(ANNA, "a/b", 1);
		store.put(ANNA, id, 0, fillOf(1, 1));
		const metadata = Array.from({ length: 4 }, (_, n): [string, string] => [`n${n}`, "v".repeat(1_022)]);
		const type = `text/${"x".repeat(123)}`;
		const expires_at: [bigint] = [2n ** 62n];
		store.commit(ANNA, id, fillOf(1, 1), { ...PRIVATE, expires_at, content_type: type, metadata });
		expect(store.usage(ANNA).bytes).toBe(BigInt(sessionOf("a/b")));
	});

	test("of a copy are its owner's", () => {
		store.putBlob(ANNA, "a", fillOf(1, 5_000));
		store.ask(BEN, "blobs_copy", moveOf("a", "b"));
		const bytes = 5_000 + aboutOf("a");
		expect([store.usage(ANNA).bytes, store.usage(BEN).bytes]).toEqual([BigInt(bytes), BigInt(bytes)]);
		store.setQuota(BEN, { bytes: BigInt(2 * bytes - 1) });
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
		const bytesHeld = 8_192 + aboutOf("a") + aboutOf("b");
		expect([store.usage(ANNA).bytes, store.usage(BEN).bytes]).toEqual([BigInt(bytesHeld), 0n]);
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

describe("C12 what a message brought counts where it is refused, too", () => {
	const received = () => Number(store.usage(ANNA).received_today);
	/** As the canister does it: what is refused is tallied. */
	function refused<Name extends MethodName>(method: Name, ...args: MethodArgs<Name>): string {
		const code = store.code(ANNA, method, ...args);
		store.engine.tally(method, code);
		return code;
	}

	test("whatever it is refused for, and where it is sent again", () => {
		const id = store.begin(ANNA, "a", S);
		expect(refused("blobs_put_chunk", id, 0, fillOf(1, S - 1))).toBe("chunk_wrong_size");
		expect(received()).toBe(S - 1);
		expect(refused("blobs_put_chunk", newId(), 0, fillOf(1, 7))).toBe("upload_not_found");
		const bytes = fillOf(1, 100);
		const wrong = { ...wholeOf(newId(), "b", bytes), root: new Uint8Array(32) };
		expect(refused("blobs_put_blob", wrong, bytes)).toBe("root_mismatch");
		store.upgrade();
		expect(received()).toBe(S - 1 + 7 + 100);
		const request = wholeOf(newId(), "c", bytes);
		for (let times = 0; times < 2; times++) store.ask(ANNA, "blobs_put_blob", request, bytes);
		const blobs = [itemOf("d", bytes), { ...itemOf("e", bytes), root: new Uint8Array(32) }];
		for (let times = 0; times < 2; times++)
			store.ask(ANNA, "blobs_put_many", { id: request.id.slice().fill(7), blobs });
		expect(received()).toBe(S - 1 + 7 + 100 + 200 + 400);
	});

	test("a message of 16 KiB and more that cannot be read counts by its length", () => {
		store.host.sender = ANNA.toUint8Array();
		const read = () => {
			throw new Refusal({ malformed: { reason: "none" } });
		};
		for (const bytes of [16_383, 16_384]) {
			expect(() => store.engine.call("blobs_put_chunk", read, bytes)).toThrow();
			store.engine.tally("blobs_put_chunk", "malformed");
		}
		expect(received()).toBe(16_384);
	});

	test("a day's bytes are refused as a whole message, and a stranger's leave no record", () => {
		store.setQuota(ANNA, { received_per_day: 150n });
		const blobs = [itemOf("a", fillOf(1, 100)), itemOf("b", fillOf(1, 100))];
		expect(store.refused(ANNA, "blobs_put_many", { id: newId(), blobs })).toEqual({
			quota_exceeded: { quota: "received_per_day", limit: 150n, used: 0n, needed: 200n },
		});
		const accounts = store.storage.size(MEMORY.accounts);
		const bytes = fillOf(1, 1);
		expect(store.code(person(9), "blobs_put_blob", wholeOf(newId(), "c", bytes), bytes)).toBe(
			"not_authorized",
		);
		store.engine.tally("blobs_put_blob", "not_authorized");
		expect(store.storage.size(MEMORY.accounts)).toBe(accounts);
	});
});

describe("C12 changes a day: entries of the feed, and receipts", () => {
	const left = (changes: number) =>
		store.setQuota(ANNA, { changes_per_day: store.usage(ANNA).changes_today + BigInt(changes) });

	test("count what each change leaves, and begin again with each day of UTC", () => {
		const counted: [string, number, () => unknown][] = [
			["a put", 2, () => store.putBlob(ANNA, "a", fillOf(1, 1))],
			["an update", 2, () => store.ask(ANNA, "blobs_update", updateOf("a"))],
			["a copy", 2, () => store.ask(ANNA, "blobs_copy", moveOf("a", "b"))],
			["a rename", 3, () => store.ask(ANNA, "blobs_rename", moveOf("b", "c"))],
			["an upload", 2, () => store.upload(ANNA, "d", fillOf(1, S))],
			["a begin and its abort", 1, () => store.ask(ANNA, "blobs_abort_upload", store.begin(ANNA, "e"))],
			["an abort of nothing", 1, () => store.ask(ANNA, "blobs_abort_upload", newId())],
			[
				"two of many",
				3,
				() =>
					store.ask(ANNA, "blobs_put_many", {
						id: newId(),
						blobs: ["f", "g"].map((key) => itemOf(key, fillOf(1, 1))),
					}),
			],
			["a deletion", 2, () => store.delete(ANNA, "a")],
			["a deletion of nothing", 1, () => store.delete(ANNA, "a")],
		];
		let sum = 0n;
		for (const [what, changes, act] of counted) {
			act();
			sum += BigInt(changes);
			expect(store.usage(ANNA).changes_today, what).toBe(sum);
		}
		store.host.time = Math.ceil(store.host.time / DAY_MS) * DAY_MS;
		expect(store.usage(ANNA)).toMatchObject({ changes_today: 0n, received_today: 0n });
	});

	test("over the quota nothing more is changed, but what was begun may end", () => {
		store.putBlob(ANNA, "a", fillOf(1, 1));
		left(2);
		const id = store.begin(ANNA, "b", 1);
		const other = fillOf(2, 1);
		expect(store.refused(ANNA, "blobs_put_blob", wholeOf(newId(), "c", other), other)).toEqual(
			exceeded("changes_per_day"),
		);
		expect(store.code(ANNA, "blobs_delete", deleteOf("a"))).toBe("quota_exceeded");
		expect(store.code(ANNA, "blobs_update", updateOf("a"))).toBe("quota_exceeded");
		expect(store.code(ANNA, "blobs_copy", moveOf("a", "d"))).toBe("quota_exceeded");
		expect(store.code(ANNA, "blobs_begin_upload", beginOf(newId(), "e"))).toBe("quota_exceeded");
		store.put(ANNA, id, 0, other);
		store.commit(ANNA, id, other);
		left(0);
		expect(store.code(ANNA, "blobs_abort_upload", newId())).toBe("quota_exceeded");
		store.setQuota(OWNER, { changes_per_day: 0n });
		store.ask(OWNER, "blobs_revoke_role", { id: newId(), who: BEN, role: { writer: null } });
	});

	test("of many, as many as are left are done", () => {
		left(3);
		const blobs = ["a", "b", "c"].map((key) => itemOf(key, fillOf(1, 1)));
		const { results } = store.ask(ANNA, "blobs_put_many", { id: newId(), blobs });
		expect(results.map((result) => ("ok" in result ? "ok" : result.err))).toEqual([
			"ok",
			"ok",
			exceeded("changes_per_day"),
		]);
	});
});

describe("C12 what an upload reserves ahead", () => {
	const GIB = 2 ** 30;
	const MINUTE_MS = 60_000;
	const used = () => Number(store.usage(ANNA).bytes) - sessionOf("a");
	const huge = 60_000 * S;

	test("is at most 1 GiB, and more as chunks arrive; all of it must fit when it begins", () => {
		const id = store.begin(ANNA, "a", huge);
		expect(used()).toBe(GIB);
		for (let index = 0; index < 3; index++) {
			store.put(ANNA, id, index, fillOf(index, S));
			expect(used()).toBe(GIB + (index + 1) * S);
		}
		store.put(ANNA, id, 2, fillOf(9, S));
		expect(used()).toBe(GIB + 3 * S);
		store.setQuota(BEN, { bytes: BigInt(huge) });
		expect(store.refused(BEN, "blobs_begin_upload", beginOf(newId(), "b", huge))).toEqual(exceeded("bytes"));
	});

	test("ends 15 minutes after the last chunk, through upgrades, and comes back with the next", () => {
		const id = store.begin(ANNA, "a", huge);
		store.put(ANNA, id, 0, fillOf(1, S));
		const pass = (minutes: number) => {
			store.host.time += minutes * MINUTE_MS;
			store.upgrade();
			store.engine.clean();
		};
		for (let times = 0; times < 4; times++) {
			pass(5);
			store.put(ANNA, id, 0, fillOf(1, S));
		}
		pass(14);
		expect(used()).toBe(S + GIB);
		pass(6);
		expect(used()).toBe(S);
		// It is watched no longer: what is left is its expiry.
		expect(store.storage.size(MEMORY.queues)).toBe(1);
		store.put(ANNA, id, 1, fillOf(2, S));
		expect(used()).toBe(2 * S + GIB);
		store.ask(ANNA, "blobs_abort_upload", id);
		expect(used()).toBe(2 * S);
		store.clean();
		expect(store.usage(ANNA).bytes).toBe(0n);
	});

	test("gives way to what others stored while it was idle, and the upload goes on as long as a chunk fits", () => {
		store.setQuota(ANNA, { bytes: BigInt(2 * sessionOf("a") + 10 * S) });
		const id = store.begin(ANNA, "a", 8 * S);
		store.host.time += 20 * MINUTE_MS;
		store.engine.clean();
		expect(used()).toBe(0);
		const other = store.begin(ANNA, "b");
		for (let index = 0; index < 8; index++) store.put(ANNA, other, index, fillOf(100 + index, S));
		for (let index = 0; index < 2; index++) store.put(ANNA, id, index, fillOf(index, S));
		expect(store.refused(ANNA, "blobs_put_chunk", id, 2, fillOf(2, S))).toEqual(exceeded("bytes"));
		store.ask(ANNA, "blobs_abort_upload", other);
		store.clean();
		const bytes = Buffer.concat(Array.from({ length: 8 }, (_, index) => fillOf(index, S)));
		for (let index = 2; index < 8; index++) store.put(ANNA, id, index, fillOf(index, S));
		store.commit(ANNA, id, bytes);
		expect(store.usage(ANNA).bytes).toBe(BigInt(8 * S + aboutOf("a")));
	});

	test("two begins take no more than 2 GiB of a store's room from others", () => {
		store = new TestStore({ capacity: { maxStableBytes: 14 * (8 << 20) + 3 * GIB } });
		for (const key of ["a", "b"]) store.begin(ANNA, key, 30_000 * S);
		expect(store.code(BEN, "blobs_begin_upload", beginOf(newId(), "c", 20_000 * S))).toBe("no_room");
		store.begin(BEN, "c", 10_000 * S);
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
		expect(() => new TestStore({ capacity: { minCycles: Number.NaN } })).toThrow("minCycles");
		const unbound = {
			openUploads: Infinity,
			blobs: Infinity,
			bytes: Infinity,
			receivedPerDay: Infinity,
			changesPerDay: Infinity,
			cyclesPerDay: Infinity,
		};
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
