import { describe, expect, test } from "vitest";
import { Accounts } from "../../../src/canister/engine/accounts/accounts.js";
import { MODES } from "../../../src/canister/engine/accounts/modes.js";
import { ROLES } from "../../../src/canister/engine/accounts/roles.js";
import { u64Key, u64s } from "../../../src/canister/engine/base/codec.js";
import { COUNTER, Counters } from "../../../src/canister/engine/base/counters.js";
import { QUEUE } from "../../../src/canister/engine/base/queue.js";
import { Engine } from "../../../src/canister/engine/index.js";
import { RECEIPT } from "../../../src/canister/engine/store/receipts.js";
import { ownedKey } from "../../../src/canister/engine/store/uploads.js";
import { LAYOUT_VERSION, MEMORIES, MEMORY } from "../../../src/canister/host/memory.js";
import { newId } from "../../support/store.js";
import { ANNA, fillOf, OWNER, person, TestStore } from "./store.js";

/**
 * What stored data is found and read by. These tables are copies on purpose: whoever changes the code's must see here
 * that deployed canisters would read something else.
 */
describe("C27 frozen numbers", () => {
	test("of memories, in version 6 of the layout", () => {
		expect(LAYOUT_VERSION).toBe(6);
		expect(MEMORY).toEqual({
			meta: 0,
			slots: 1,
			freeSlots: 2,
			pages: 3,
			uploads: 4,
			blobs: 5,
			catalog: 6,
			accounts: 7,
			receipts: 8,
			queues: 9,
			chunks: 10,
			contents: 11,
			feed: 12,
			responses: 13,
			grants: 14,
			ends: 15,
			bin: 16,
			batches: 17,
			staged: 18,
			leases: 19,
			owners: 21,
		});
		expect(MEMORIES).toBe(22);
	});

	test("of counters, queues and receipts", () => {
		expect(COUNTER).toEqual({
			layout: 0,
			sequence: 1,
			contents: 2,
			slotsMade: 3,
			slotsUsed: 4,
			slotsFree: 5,
			openUploads: 6,
			blobs: 7,
			chunks: 8,
			charged: 9,
			promised: 10,
			stored: 11,
			peakStored: 12,
			feedFirst: 13,
			mode: 14,
			generation: 15,
			queues: 16,
			sharedNext: 26,
			sharedFree: 27,
			turnItems: 28,
			answerSets: 29,
			changedAt: 30,
			strangersDay: 31,
			strangersCycles: 32,
			grantQueue: 33,
			expiryRules: 35,
			expiring: 36,
			keepDays: 37,
			kept: 38,
			batches: 40,
			batchNumbers: 41,
			logFirst: 42,
			logLast: 43,
			imported: 45,
			administered: 46,
			leases: 47,
			leased: 48,
			leasedNext: 49,
			grantMarks: 50,
			answersMade: 51,
			renewing: 52,
			exactDay: 53,
			exactCycles: 54,
			links: 56,
			offers: 57,
			offerQueue: 58,
		});
		expect(QUEUE).toEqual({
			uploads: 0,
			receipts: 1,
			garbage: 2,
			turns: 3,
			reserves: 4,
			grants: 5,
			offers: 6,
		});
		expect(RECEIPT).toEqual({
			committed: 1,
			aborted: 2,
			deleted: 3,
			administered: 4,
			updated: 5,
			moved: 6,
			putMany: 7,
			deletedMany: 8,
			batch: 9,
			staged: 10,
			batchEnded: 11,
			step: 12,
			stagedUpload: 13,
		});
	});

	test("of modes and of the bits of roles, as they are stored", () => {
		expect(MODES).toEqual(["live", "draining", "maintenance", "importing"]);
		const store = new TestStore();
		const bits = ROLES.map((role, n) => {
			const who = person(20 + n);
			store.ask(OWNER, "blobs_grant_role", { id: newId(), who, role: { [role]: null } as never });
			return [role, new Accounts(store.storage.map(MEMORY.accounts)).get(who.toUint8Array()).roles];
		});
		expect(Object.fromEntries(bits)).toEqual({ admin: 1, writer: 2, reader: 4, backup: 8 });
	});
});

describe("C26 the layout's version", () => {
	test("is written at the start of an empty store", () => {
		const store = new TestStore();
		expect(new Counters(store.storage.map(MEMORY.meta)).get(COUNTER.layout)).toBe(6);
		expect(new Engine(store.storage, store.host).isNew).toBe(false);
	});

	test.each([4, 7])("%i: the start throws, says why, and writes nothing", (version) => {
		const store = new TestStore();
		store.putBlob(ANNA, "a", fillOf(1, 1));
		const counters = new Counters(store.storage.map(MEMORY.meta));
		counters.set(COUNTER.layout, version);
		counters.flush();
		const { writes } = store.storage;
		const other = new Engine(store.storage, store.host);
		expect(other.isNew).toBe(false);
		expect(() => other.start()).toThrow(
			`has layout version ${version}, from which no step leads to version 6`,
		);
		expect([store.storage.writes, other.isChanged]).toEqual([writes, false]);
	});

	test("5 is brought up to date: an upload that it wrote goes on", () => {
		const store = new TestStore();
		const id = store.begin(ANNA, "a/b", 10);
		// As layout 5 wrote it: without a grant, and with fewer counters.
		const uploads = store.storage.map(MEMORY.uploads);
		const name = ownedKey(ANNA.toUint8Array(), id);
		const record = uploads.get(name)!;
		const before = new Uint8Array([1, ...record.subarray(1, 71), ...record.subarray(87)]);
		uploads.set(name, before);
		const counters = store.storage.map(MEMORY.meta);
		const now = new Counters(counters);
		const values = Array.from({ length: 33 }, (_, n) => (n === COUNTER.layout ? 5 : now.get(n)));
		counters.set(u64Key(0), u64s(values));
		store.upgrade();
		const upgraded = new Counters(counters);
		expect(values.map((_, n) => upgraded.get(n))).toEqual([6, ...values.slice(1)]);
		store.put(ANNA, id, 0, fillOf(1, 10));
		expect(uploads.get(name)![0]).toBe(2);
		expect(store.commit(ANNA, id, fillOf(1, 10)).size).toBe(10n);
	});

	test("of counters written by a later release: the start throws and says so", () => {
		const store = new TestStore();
		const counters = store.storage.map(MEMORY.meta);
		const record = counters.get(u64Key(0))!.slice();
		record[0] = 2;
		counters.set(u64Key(0), record);
		expect(() => new Engine(store.storage, store.host).start()).toThrow(
			"a stored record (counters) is of version 2",
		);
	});

	test("1 is also known by its own record, a single number", () => {
		const store = new TestStore();
		store.storage.map(MEMORY.meta).set(new Uint8Array(8), Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1));
		expect(() => new Engine(store.storage, store.host).start()).toThrow("has layout version 1");
	});
});
