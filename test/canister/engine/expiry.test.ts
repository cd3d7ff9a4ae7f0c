import type { Principal } from "@dfinity/principal";
import { describe, expect, test } from "vitest";
import { MEMORY } from "../../../src/canister/host/memory.js";
import type { WirePublication, WireUpdate } from "../../../src/protocol/index.js";
import { type PlainOk, versionOf } from "../../support/plain.js";
import { newId } from "../../support/store.js";
import { GrantStore, GUEST } from "./grant-store.js";
import {
	ANNA,
	aboutOf,
	BEN,
	beginOf,
	deleteOf,
	endOf,
	fillOf,
	itemOf,
	moveOf,
	OWNER,
	PRIVATE,
	READER,
	S,
	TestStore,
	updateOf,
	wholeOf,
} from "./store.js";

const bytes = fillOf(1, 10);
const HOUR_MS = 3_600_000;

class ExpiryStore extends TestStore {
	/** In milliseconds from now on. */
	in(ms: number): Pick<WirePublication, "expires_at"> {
		return { expires_at: [BigInt(this.host.time + ms) * 1_000_000n] };
	}

	setRules(rules: Record<string, number>, who: Principal = OWNER) {
		const all = Object.entries(rules).map(([prefix, ms]) => ({ prefix, life: BigInt(ms) * 1_000_000n }));
		return this.ask(who, "blobs_set_expiry_rules", { id: newId(), rules: all });
	}

	/** When a key ends, in milliseconds from now on. */
	left(key: string): number | undefined {
		const [end] = this.manifest(OWNER, key)!.expires_at;
		return end === undefined ? undefined : Number(end / 1_000_000n) - this.host.time;
	}

	changes() {
		return this.ask(OWNER, "blobs_changes", { after: [], limit: 1_000, min_version: [] }).changes;
	}
}
const rowOf = (code: string, field: string) => ({ [code]: expect.objectContaining({ field }) });

describe("C63 a blob that ends", () => {
	test("is there up to its last millisecond, and from then on for nobody, before cleaning comes by", () => {
		const store = new ExpiryStore();
		const held = store.putBlob(ANNA, "a/b", bytes, { ...PRIVATE, ...store.in(HOUR_MS) });
		store.putBlob(ANNA, "a/c", bytes);
		expect(held.expires_at).toEqual(store.in(HOUR_MS).expires_at);
		store.host.time += HOUR_MS - 1;
		for (const who of [ANNA, READER, OWNER]) expect(store.read(who, "a/b").length).toBe(10);
		expect(store.keys(ANNA)).toEqual(["a/b", "a/c"]);
		store.host.time += 1;
		for (const who of [ANNA, READER, OWNER]) {
			expect(store.manifest(who, "a/b")).toBeUndefined();
			expect(store.keys(who)).toEqual(["a/c"]);
			const leaves = { key: "a/b", version: versionOf(held), from: 0, limit: 1 };
			expect(store.code(who, "blobs_leaves", leaves)).toBe("blob_not_found");
			expect(store.code(who, "blobs_get_chunk", "a/b", versionOf(held), 0)).toBe("blob_not_found");
		}
		expect(store.code(ANNA, "blobs_update", updateOf("a/b"))).toBe("blob_not_found");
		expect(store.code(ANNA, "blobs_copy", moveOf("a/b", "a/d"))).toBe("blob_not_found");
		expect(store.code(ANNA, "blobs_rename", moveOf("a/b", "a/d"))).toBe("blob_not_found");
		expect(store.delete(ANNA, "a/b").deleted).toBe(false);
		// Nothing was freed yet.
		expect(store.stats().blobs).toBe(2n);
	});

	test("is no blob to preconditions and permissions: its key is free for everybody who may write", () => {
		const store = new ExpiryStore();
		for (const key of ["put", "many", "commit", "copy", "rename"])
			store.putBlob(ANNA, key, bytes, store.in(HOUR_MS));
		store.putBlob(BEN, "source", bytes);
		store.putBlob(BEN, "moved", bytes);
		const id = newId();
		const absent = { precondition: { absent: null } };
		expect(store.code(BEN, "blobs_begin_upload", beginOf(id, "commit", 10))).toBe("not_authorized");
		store.host.time += HOUR_MS;
		store.putBlob(BEN, "put", bytes, absent);
		store.ask(BEN, "blobs_put_many", { id: newId(), blobs: [itemOf("many", bytes, absent)] });
		store.begin(BEN, "commit", 10, id);
		store.put(BEN, id, 0, bytes);
		store.commit(BEN, id, bytes, absent);
		store.ask(BEN, "blobs_copy", { ...moveOf("source", "copy"), ...absent });
		store.ask(BEN, "blobs_rename", { ...moveOf("moved", "rename"), ...absent });
		for (const key of ["put", "many", "commit", "copy", "rename"])
			expect(store.manifest(BEN, key)!.owner.toText(), key).toBe(BEN.toText());
		// What each took the place of has its own entry before it.
		const kinds = store
			.changes()
			.slice(-11)
			.map(({ change }) => Object.keys(change)[0]);
		expect(kinds).toEqual([
			...["expired", "published", "expired", "published", "expired", "published"],
			...["expired", "published", "expired", "deleted", "published"],
		]);
	});

	test("is refused where it would be over, before anything is done, and is a whole millisecond", () => {
		const store = new ExpiryStore();
		const isOver = rowOf("invalid_argument", "expires_at");
		for (const over of [store.in(0), store.in(-1), { expires_at: [0n] as [bigint] }]) {
			expect(store.refused(ANNA, "blobs_put_blob", wholeOf(newId(), "a", bytes, over), bytes)).toEqual(
				isOver,
			);
			const { results } = store.ask(ANNA, "blobs_put_many", {
				id: newId(),
				blobs: [itemOf("a", bytes, over), itemOf("b", bytes)],
			});
			expect(results[0]).toEqual({ err: isOver });
		}
		const id = store.begin(ANNA, "a", 10);
		store.put(ANNA, id, 0, bytes);
		expect(() => store.commit(ANNA, id, bytes, store.in(0))).toThrow();
		const update = { ...updateOf("b"), expiry: [{ at: 1n }] as WireUpdate["expiry"] };
		expect(store.refused(ANNA, "blobs_update", update)).toEqual(isOver);
		const [end] = store.in(HOUR_MS).expires_at as [bigint];
		expect(store.commit(ANNA, id, bytes, { expires_at: [end + 999_999n] }).expires_at).toEqual([end]);
	});

	test("has its end set, moved and taken off by an update, and kept by copies and renames", () => {
		const store = new ExpiryStore();
		store.putBlob(ANNA, "a", bytes);
		const expiry = (expiry: WireUpdate["expiry"]) =>
			store.ask(ANNA, "blobs_update", { ...updateOf("a"), expiry });
		const at = (ms: number) => ({ at: store.in(ms).expires_at[0]! });
		expiry([at(HOUR_MS)]);
		expiry([]);
		expect(store.left("a")).toBe(HOUR_MS);
		expiry([at(2 * HOUR_MS)]);
		store.ask(ANNA, "blobs_copy", moveOf("a", "b"));
		store.ask(ANNA, "blobs_rename", moveOf("b", "c"));
		expect(store.left("c")).toBe(2 * HOUR_MS);
		expiry([{ never: null }]);
		expect(store.left("a")).toBeUndefined();
		expect(store.storage.size(MEMORY.ends)).toBe(1);
		store.host.time += 2 * HOUR_MS;
		expect(store.keys(ANNA)).toEqual(["a"]);
	});

	test("is passed over by lists: a page of nothing else goes on, by seals that tell nothing", () => {
		const store = new ExpiryStore();
		for (const key of ["a", "b", "c"]) store.putBlob(ANNA, key, bytes, { ...PRIVATE, ...store.in(1) });
		for (const key of ["d", "e"]) store.putBlob(ANNA, key, bytes, PRIVATE);
		store.host.time += 1;
		const list = { prefix: "", recursive: true, limit: 2, min_version: [] as [] };
		let after: [] | [string] = [];
		const pages: string[][] = [];
		do {
			const page: PlainOk<"blobs_list"> = store.ask(ANNA, "blobs_list", { ...list, after });
			pages.push(page.entries.map((entry) => ("blob" in entry ? entry.blob.key : "")));
			after = page.next;
			if (pages.length === 1) expect(after[0]!.startsWith("\0")).toBe(true);
		} while (after.length > 0);
		expect(pages).toEqual([[], ["d"], ["e"]]);
	});

	test("repeats its first answer, and an earlier version's request is still the same", () => {
		const store = new ExpiryStore();
		const request = wholeOf(newId(), "a", bytes, store.in(HOUR_MS / 6));
		const first = store.ask(ANNA, "blobs_put_blob", request, bytes);
		store.host.time += HOUR_MS / 6;
		expect(store.ask(ANNA, "blobs_put_blob", request, bytes)).toEqual(first);
	});

	test("of many in a message tells the end of each", () => {
		const store = new ExpiryStore();
		store.setRules({ "tmp/": HOUR_MS });
		const put = (...keys: string[]) => {
			const request = { id: newId(), blobs: keys.map((key) => itemOf(key, bytes)) };
			const answer = store.ask(ANNA, "blobs_put_many", request);
			expect(store.ask(ANNA, "blobs_put_many", request)).toEqual(answer);
			return answer.expires_at;
		};
		expect(put("a", "b")).toEqual([]);
		expect(put("a", "tmp/..", "tmp/a")).toEqual([[[], [], store.in(HOUR_MS).expires_at]]);
	});
});

describe("C64 what is over is freed", () => {
	test("in order of time, told in the feed by nobody, and given back to its owner", () => {
		const store = new ExpiryStore();
		store.putBlob(ANNA, "later", bytes, store.in(3 * HOUR_MS));
		store.upload(BEN, "first/a", fillOf(1, 2 * S), { ...PRIVATE, ...store.in(HOUR_MS) });
		store.putBlob(ANNA, "second", bytes, store.in(2 * HOUR_MS));
		expect(store.host.woken).toBeLessThanOrEqual(store.host.time + HOUR_MS);
		const firsts = store.manifest(BEN, "first/a")!;
		expect(store.usage(ANNA).bytes).toBe(
			BigInt(2 * 4_096 + aboutOf("later") + aboutOf("second") + endOf("later") + endOf("second")),
		);
		store.host.time += 2 * HOUR_MS;
		const changes = store.usage(BEN).changes_today;
		store.clean();
		expect(store.usage(BEN).changes_today).toBe(changes + 1n);
		store.host.time += HOUR_MS / 2;
		store.clean();
		store.host.woken = undefined;
		store.engine.clean();
		expect(store.host.woken).toBe(store.host.time + HOUR_MS / 2);
		const told = store.changes().slice(-2);
		expect(told.map(({ change }) => change)).toEqual([
			{ expired: { key: "first/a", version: versionOf(firsts) } },
			{ expired: { key: "second", version: expect.anything() } },
		]);
		expect(told.map(({ by }) => by.toText())).toEqual(["aaaaa-aa", "aaaaa-aa"]);
		expect(store.usage(BEN)).toMatchObject({ blobs: 0n, bytes: 0n });
		store.host.time += HOUR_MS / 2;
		store.clean();
		expect(store.usage(ANNA)).toMatchObject({ blobs: 0n, bytes: 0n });
		for (const map of ["blobs", "ends", "chunks", "pages"] as const)
			expect(store.storage.size(MEMORY[map]), map).toBe(0);
		expect(store.stats()).toMatchObject({ blobs: 0n, chunks: 0n, cleaning: 0n });
	});

	test("after an upgrade too, which is woken for it, and not in maintenance", () => {
		const store = new ExpiryStore();
		store.setMode("live");
		store.putBlob(ANNA, "a", bytes, store.in(HOUR_MS));
		store.host.woken = undefined;
		store.upgrade();
		expect(store.host.woken).toBeLessThanOrEqual(store.host.time + HOUR_MS);
		store.host.time += HOUR_MS;
		store.setMode("maintenance");
		store.engine.clean();
		expect(store.stats().blobs).toBe(1n);
		expect(store.manifest(ANNA, "a")).toBeUndefined();
		store.setMode("live");
		store.clean();
		expect(store.stats().blobs).toBe(0n);
	});

	test("a bounded number at a time, however many end at once", () => {
		const store = new ExpiryStore();
		for (let n = 0; n < 1_200; n += 400) {
			const items = Array.from({ length: 400 }, (_, i) => itemOf(`k/${n + i}`, bytes, store.in(1)));
			store.ask(ANNA, "blobs_put_many", { id: newId(), blobs: items });
		}
		store.host.time += 1;
		const steps: bigint[] = [];
		for (let left = 1_200n; left > 0n; left = store.stats().blobs) {
			store.engine.clean();
			steps.push(left - store.stats().blobs);
			expect(store.host.woken).toBeLessThanOrEqual(store.host.time);
		}
		expect(steps).toEqual([500n, 500n, 200n]);
	});

	test("with its HTTP answers, which its copies keep", () => {
		const store = new ExpiryStore();
		store.upload(ANNA, "a", fillOf(1, 3 * S), store.in(HOUR_MS));
		const keep = { ...updateOf("b"), expiry: [{ never: null }] as WireUpdate["expiry"] };
		store.ask(ANNA, "blobs_copy", moveOf("a", "b"));
		store.ask(ANNA, "blobs_update", keep);
		while (store.stats().certifying > 0n) store.engine.clean();
		expect(store.storage.size(MEMORY.responses)).toBe(1);
		store.host.time += HOUR_MS;
		store.clean();
		expect(store.read(ANNA, "b").length).toBe(3 * S);
		expect(store.storage.size(MEMORY.responses)).toBe(1);
		store.delete(ANNA, "b");
		do store.clean();
		while (store.stats().certifying > 0n);
		expect(store.storage.size(MEMORY.responses)).toBe(0);
	});

	test("where an upload to its key is open, which keeps the key's place in the quota", () => {
		const store = new ExpiryStore();
		store.setQuota(ANNA, { blobs: 1n });
		store.putBlob(ANNA, "a", bytes, store.in(HOUR_MS));
		store.host.time += HOUR_MS;
		// Counted once: what is over and not freed, and the upload to its key.
		const id = store.begin(ANNA, "a", 10);
		expect(store.usage(ANNA).blobs).toBe(1n);
		store.clean();
		expect(store.usage(ANNA).blobs).toBe(1n);
		store.put(ANNA, id, 0, bytes);
		store.commit(ANNA, id, bytes);
		expect(store.usage(ANNA).blobs).toBe(1n);
		store.delete(ANNA, "a");
		expect(store.usage(ANNA).blobs).toBe(0n);
	});

	test("counts in a grant as a blob without an end does: nothing is given back", () => {
		const store = new GrantStore();
		const id = store.give(OWNER, GUEST, { prefix: "a/", blobs: [1n] });
		const expires_at: [bigint] = [BigInt(store.host.time + 1) * 1_000_000n];
		store.putBlob(GUEST, "a/b", bytes, { expires_at });
		const bytesUsed = BigInt(4_096 + aboutOf("a/b") + endOf("a/b"));
		expect(store.used(GUEST, id)).toEqual({ bytes: bytesUsed, blobs: 1n });
		store.host.time += 1;
		store.clean();
		expect(store.used(GUEST, id)).toEqual({ bytes: bytesUsed, blobs: 1n });
		expect(store.code(GUEST, "blobs_put_blob", wholeOf(newId(), "a/b", bytes), bytes)).toBe("quota_exceeded");
	});
});

describe("C65 rules by prefix", () => {
	test("end what is published from then on: the longest prefix, or the end that was asked for if that is earlier", () => {
		const store = new ExpiryStore();
		store.putBlob(ANNA, "tmp/before", bytes);
		store.setRules({ "tmp/": HOUR_MS, "tmp/keep/": 9 * HOUR_MS, "": 99 * HOUR_MS });
		expect(store.left("tmp/before")).toBeUndefined();
		store.putBlob(ANNA, "tmp/a", bytes);
		store.putBlob(ANNA, "tmp/keep/a", bytes, store.in(24 * HOUR_MS));
		store.putBlob(ANNA, "tmp/keep/b", bytes, store.in(1_000));
		store.upload(ANNA, "tmp", fillOf(1, S + 1));
		const left = ["tmp/a", "tmp/keep/a", "tmp/keep/b", "tmp"].map((key) => store.left(key));
		expect(left).toEqual([HOUR_MS, 9 * HOUR_MS, 1_000, 99 * HOUR_MS]);
		store.host.time += HOUR_MS / 2;
		// Copied and renamed it keeps its end, or has that of the rule for its new key.
		store.ask(ANNA, "blobs_copy", moveOf("tmp/a", "tmp/keep/c"));
		store.ask(ANNA, "blobs_rename", moveOf("tmp/keep/a", "tmp/d"));
		expect([store.left("tmp/keep/c"), store.left("tmp/d")]).toEqual([HOUR_MS / 2, HOUR_MS]);
		const update = { ...updateOf("tmp/d"), expiry: [{ never: null }] as WireUpdate["expiry"] };
		store.host.time += 1_000;
		store.ask(ANNA, "blobs_update", update);
		expect(store.left("tmp/d")).toBe(HOUR_MS);
		store.setRules({});
		store.putBlob(ANNA, "tmp/a", bytes);
		expect(store.left("tmp/a")).toBeUndefined();
	});

	test("are set by administrators, read by who has a role or a grant, told in the feed, and kept over upgrades", () => {
		const store = new ExpiryStore();
		const rule = { prefix: "tmp/", life: BigInt(HOUR_MS) * 1_000_000n };
		const request = { id: newId(), rules: [rule] };
		expect(store.code(ANNA, "blobs_set_expiry_rules", request)).toBe("not_authorized");
		const version = store.ask(OWNER, "blobs_set_expiry_rules", request);
		expect(store.ask(OWNER, "blobs_set_expiry_rules", request)).toEqual(version);
		expect(store.changes().at(-1)).toMatchObject({ change: { expiry_rules: { rules: [rule] } } });
		store.upgrade();
		expect(store.ask(READER, "blobs_expiry_rules").rules).toEqual([rule]);
		expect(store.code(GUEST, "blobs_expiry_rules")).toBe("not_authorized");
		store.putBlob(ANNA, "tmp/a", bytes);
		expect(store.left("tmp/a")).toBe(HOUR_MS);
	});

	test("are at most 100, each prefix once, with lives of a second to 100 years: one more is refused with the limit", () => {
		const store = new ExpiryStore();
		const life = BigInt(HOUR_MS) * 1_000_000n;
		const set = (...rules: { prefix: string; life: bigint }[]) =>
			store.refused(OWNER, "blobs_set_expiry_rules", { id: newId(), rules });
		const many = Array.from({ length: 101 }, (_, n) => ({ prefix: `${n}/`, life }));
		expect(set(...many)).toMatchObject({ invalid_argument: { field: "rules", limit: 100n } });
		store.ask(OWNER, "blobs_set_expiry_rules", { id: newId(), rules: many.slice(1) });
		expect(set({ prefix: "a/", life }, { prefix: "a/", life })).toEqual(rowOf("invalid_argument", "prefix"));
		expect(set({ prefix: "a", life })).toEqual(rowOf("invalid_argument", "prefix"));
		for (const wrong of [0n, 999_999_999n, 3_153_600_000_000_000_001n])
			expect(set({ prefix: "a/", life: wrong })).toEqual(rowOf("invalid_argument", "life"));
		const long = Array.from({ length: 9 }, (_, n) => ({ prefix: `${n}${"x".repeat(1_000)}/`, life }));
		expect(set(...long)).toMatchObject({ invalid_argument: { field: "rules", limit: 8_192n } });
		expect(store.code(OWNER, "blobs_delete", deleteOf("a\n"))).toBe("invalid_argument");
	});
});
