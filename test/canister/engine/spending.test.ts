import { beforeEach, describe, expect, test } from "vitest";
import { MEMORY } from "../../../src/canister/host/memory.js";
import { newId } from "../../support/store.js";
import {
	ANNA,
	BEN,
	beginOf,
	DAY_MS,
	deleteOf,
	fillOf,
	moveOf,
	OWNER,
	person,
	S,
	TestStore,
	updateOf,
	wholeOf,
} from "./store.js";

/** Cycles a day, for each principal and for all strangers, and a reserve of cycles for reads. */

const MESSAGE = 7_200_000;
const INSTRUCTIONS = 1_000_000;
let store: TestStore;
const opened = (settings: ConstructorParameters<typeof TestStore>[0] = {}) => {
	store = new TestStore(settings);
	store.host.instructions = () => INSTRUCTIONS;
};
beforeEach(() => opened());
const cyclesOf = (who = ANNA) => Number(store.usage(who).cycles_today);
const exceeded = (quota: string) => ({ quota_exceeded: expect.objectContaining({ quota }) });
/** A call as the canister makes it, with an argument of so many bytes. */
const sized = (bytes: number, key = "a") => {
	store.host.sender = ANNA.toUint8Array();
	store.engine.call("blobs_begin_upload", () => [beginOf(newId(), key)], bytes);
};
const mayAsk = (who: typeof ANNA, method: Parameters<typeof store.engine.lets>[0]) => {
	store.host.sender = who.toUint8Array();
	return store.engine.lets(method, 100, () => true);
};

describe("C18 cycles a day of a principal", () => {
	test("count its messages by bytes and instructions, through upgrades, and begin again with the day", () => {
		sized(300);
		sized(500, "b");
		store.upgrade();
		expect(cyclesOf()).toBe(2 * (MESSAGE + INSTRUCTIONS) + 800 * 2_000);
		store.host.time += DAY_MS;
		expect(cyclesOf()).toBe(0);
	});

	test("count what timers do for it: its HTTP answers, by whoever changed the blob", () => {
		store.upload(ANNA, "a", fillOf(1, 2 * S));
		store.ask(BEN, "blobs_copy", moveOf("a", "b"));
		const before = [cyclesOf(ANNA), cyclesOf(BEN)];
		let taken = 0;
		store.host.instructions = () => (taken += 500);
		store.engine.clean();
		expect(cyclesOf(ANNA)).toBeGreaterThan(before[0]!);
		expect(cyclesOf(BEN)).toBe(before[1]);
	});

	test("spent, refuse its changes with an error, and a tenth later keep its messages out; not an administrator's", () => {
		store.setQuota(ANNA, { cycles_per_day: BigInt(2 * (MESSAGE + INSTRUCTIONS)) });
		const used = cyclesOf();
		expect(used).toBe(0);
		store.putBlob(ANNA, "a", fillOf(1, 1));
		expect(mayAsk(ANNA, "blobs_update")).toBe(true);
		store.putBlob(ANNA, "b", fillOf(1, 1));
		expect(store.refused(ANNA, "blobs_update", updateOf("a"))).toEqual(exceeded("cycles_per_day"));
		expect(mayAsk(ANNA, "blobs_update")).toBe(true);
		// What is refused costs, too.
		store.engine.tally("blobs_update", "quota_exceeded");
		expect(cyclesOf()).toBe(3 * (MESSAGE + INSTRUCTIONS));
		expect(mayAsk(ANNA, "blobs_update")).toBe(false);
		expect(mayAsk(BEN, "blobs_update")).toBe(true);
		store.setQuota(OWNER, { cycles_per_day: 0n });
		expect(store.code(OWNER, "blobs_delete", deleteOf("a"))).toBe("quota_exceeded");
		expect(mayAsk(OWNER, "blobs_set_quota")).toBe(true);
		store.setQuota(ANNA, undefined);
		expect(mayAsk(ANNA, "blobs_update")).toBe(true);
		store.delete(ANNA, "a");
	});
});

test("C07 a budget is looked up with the caller's account, and nothing else is read", () => {
	store.setQuota(undefined, { cycles_per_day: 1n });
	store.upgrade();
	for (const who of [ANNA, person(9)]) {
		const before = store.storage.accesses;
		expect(mayAsk(who, "blobs_update")).toBe(true);
		expect(store.storage.accesses - before).toBe(1);
	}
	store.putBlob(ANNA, "a", fillOf(1, 1));
	expect(mayAsk(ANNA, "blobs_update")).toBe(false);
});

describe("C18 cycles a day of all strangers together", () => {
	const STRANGERS = [person(8), person(9)] as const;
	const abort = (who: typeof ANNA) => {
		const code = store.code(who, "blobs_abort_upload", newId());
		store.engine.tally("blobs_abort_upload", code);
		return code;
	};

	test("are shown, survive upgrades, and spent, keep every stranger out until the next day, and nobody else", () => {
		opened({ strangersCyclesPerDay: 2 * (MESSAGE + INSTRUCTIONS) });
		const accounts = store.storage.size(MEMORY.accounts);
		expect(mayAsk(STRANGERS[0], "blobs_stat")).toBe(true);
		for (const who of STRANGERS) expect(abort(who)).toBe("not_authorized");
		store.upgrade();
		expect(store.stats()).toMatchObject({
			strangers_cycles_today: BigInt(2 * (MESSAGE + INSTRUCTIONS)),
			strangers_cycles_per_day: BigInt(2 * (MESSAGE + INSTRUCTIONS)),
		});
		expect(store.ask(OWNER, "blobs_metrics")).toContain(
			`\ncanister_blobs_strangers_cycles_today ${2 * (MESSAGE + INSTRUCTIONS)}\n`,
		);
		expect(mayAsk(STRANGERS[0], "blobs_stat")).toBe(false);
		expect(store.refused(STRANGERS[1], "blobs_abort_upload", newId())).toEqual(
			exceeded("strangers_cycles_per_day"),
		);
		// No stranger got a record; the administrator did.
		expect(store.storage.size(MEMORY.accounts)).toBe(accounts);
		store.putBlob(ANNA, "a", fillOf(1, 1));
		store.host.time += DAY_MS;
		expect(mayAsk(STRANGERS[0], "blobs_stat")).toBe(true);
		expect(store.stats().strangers_cycles_today).toBe(0n);
	});

	test("count queries that are called as updates, not queries", () => {
		opened({ strangersCyclesPerDay: 1e12 });
		const stat = () => store.ask(STRANGERS[0], "blobs_stat", { key: "a", min_version: [] });
		stat();
		store.engine.countQuery();
		expect(store.stats().strangers_cycles_today).toBe(BigInt(MESSAGE + INSTRUCTIONS));
		store.host.isReplicated = () => false;
		stat();
		store.engine.countQuery();
		expect(store.stats().strangers_cycles_today).toBe(BigInt(MESSAGE + INSTRUCTIONS));
	});
});

describe("C18 a store whose cycles are down to what is kept for reads", () => {
	test("refuses every change but an administrator's, cleans nothing, and goes on when it is topped up", () => {
		opened({ capacity: { minCycles: 0, readOnlyCycles: 1e12 } });
		store.putBlob(ANNA, "a", fillOf(1, 1));
		store.delete(ANNA, "a");
		store.putBlob(ANNA, "b", fillOf(1, 1));
		store.host.balance = 1e12 - 7;
		expect(store.stats().read_only).toBe(true);
		expect(store.refused(ANNA, "blobs_delete", deleteOf("b"))).toEqual({ low_cycles: { missing: 7n } });
		const bytes = fillOf(2, 1);
		expect(store.code(ANNA, "blobs_put_blob", wholeOf(newId(), "c", bytes), bytes)).toBe("low_cycles");
		expect([mayAsk(ANNA, "blobs_delete"), mayAsk(person(9), "blobs_stat")]).toEqual([false, false]);
		expect(mayAsk(OWNER, "blobs_set_mode")).toBe(true);
		expect(store.read(ANNA, "b").length).toBe(1);
		store.engine.clean();
		expect(store.stats().cleaning).toBe(1n);
		store.host.balance = 1e12;
		store.clean();
		expect(store.stats()).toMatchObject({ cleaning: 0n, read_only: false });
		store.delete(ANNA, "b");
	});
});
