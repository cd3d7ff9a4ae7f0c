import { expect, test } from "vitest";
import { Catalog } from "../../../src/canister/catalog/index.js";
import { MEMORY } from "../../../src/canister/host/memory.js";
import { newId } from "../../support/store.js";
import { put, remove } from "./staged-store.js";
import { ANNA, BEN, fillOf, PRIVATE, READER, TestStore } from "./store.js";

/** Lists of private keys as layout 5 wrote them, with a directory for each segment, beside those of today. */

const BYTES = fillOf(1, 1);
const utf8 = (text: string) => new TextEncoder().encode(text);
const ownersOf = (letter: string) => Buffer.concat([utf8(letter), ANNA.toUint8Array()]);

/** A store whose private keys of Anna's stand in the old lists alone. */
function oldStore(...keys: string[]): { store: TestStore; old: () => boolean[] } {
	const store = new TestStore();
	for (const key of keys) store.putBlob(ANNA, key, BYTES, PRIVATE);
	const catalog = new Catalog(store.storage.map(MEMORY.catalog), store.host.hashing);
	for (const key of keys) {
		for (const flatName of [utf8("P"), ownersOf("O")]) expect(catalog.remove({ flatName }, key)).toBe(true);
		for (const root of [utf8("p"), ownersOf("o")]) catalog.insert(root, key);
	}
	store.upgrade();
	// Another each time: it keeps what it has read.
	const now = () => new Catalog(store.storage.map(MEMORY.catalog), store.host.hashing);
	return { store, old: () => [utf8("p"), ownersOf("o")].map((root) => now().holds(root)) };
}

const listOf = (store: TestStore, who = ANNA, prefix = "", recursive = true, after?: string) =>
	store
		.ask(who, "blobs_list", {
			prefix,
			recursive,
			after: after === undefined ? [] : [after],
			limit: 100,
			min_version: [],
		})
		.entries.map((entry) => ("blob" in entry ? entry.blob.key : entry.directory));

test("C27 are listed with what came since, in order and folded, and passed over by who may not read them", () => {
	const { store } = oldStore("a/b", "a/c/d", "e", "g/h");
	store.putBlob(ANNA, "a/bb", BYTES, PRIVATE);
	store.putBlob(ANNA, "f", BYTES, PRIVATE);
	store.putBlob(ANNA, "a/c", BYTES);
	for (const who of [ANNA, READER]) {
		expect(listOf(store, who)).toEqual(["a/b", "a/bb", "a/c", "a/c/d", "e", "f", "g/h"]);
		expect(listOf(store, who, "", false)).toEqual(["a/", "e", "f", "g/"]);
		expect(listOf(store, who, "a/", false, "a/b")).toEqual(["a/bb", "a/c", "a/c/"]);
	}
	expect(listOf(store, BEN)).toEqual(["a/c"]);
});

test("C27 leave them when they are deleted, renamed or made public; then these lists are gone", () => {
	const { store, old } = oldStore("a/b", "a/c/d", "e");
	expect(old()).toEqual([true, true]);
	const none = { none: null };
	store.delete(ANNA, "a/b");
	store.ask(ANNA, "blobs_rename", {
		id: new Uint8Array(16),
		from: "a/c/d",
		source: none,
		to: "a/z",
		precondition: none,
	});
	store.putBlob(ANNA, "e", fillOf(2, 2), PRIVATE);
	expect(listOf(store)).toEqual(["a/z", "e"]);
	expect(old()).toEqual([true, true]);
	store.putBlob(ANNA, "e", BYTES);
	expect(old()).toEqual([false, false]);
	expect(listOf(store)).toEqual(["a/z", "e"]);
	store.putBlob(ANNA, "e", BYTES, PRIVATE);
	store.upgrade();
	expect(listOf(store, READER)).toEqual(["a/z", "e"]);
});

test("C27 leave them when a staged batch deletes or replaces them", () => {
	const { store, old } = oldStore("a/b", "a/c/d", "e");
	const batch = newId();
	const items = [remove("a/b"), put("a/c/d", BYTES), put("e", fillOf(2, 2), PRIVATE)];
	store.ask(ANNA, "blobs_stage", { id: newId(), batch, items });
	store.ask(ANNA, "blobs_reveal", { id: newId(), batch });
	for (let steps = 0; steps < 10; steps++) {
		store.engine.clean();
		expect([
			["a/b", "a/c/d", "e"],
			["a/c/d", "e"],
		]).toContainEqual(listOf(store));
		expect([
			["a/b", "a/c/d", "e"],
			["a/c/d", "e"],
		]).toContainEqual(listOf(store, READER));
	}
	expect(listOf(store)).toEqual(["a/c/d", "e"]);
	expect(old()).toEqual([false, false]);
});
