import { beforeEach, describe, expect, test } from "vitest";
import { MEMORY } from "../../../src/canister/host/memory.js";
import { MAX_CHUNKS } from "../../../src/protocol/index.js";
import { newId } from "../../support/store.js";
import { ANNA, aboutOf, beginOf, DAY_MS, fillOf, moveOf, READER, S, sessionOf, TestStore } from "./store.js";

/** Cleaning frees unused records in bounded steps, also if changes interrupt it. */

let store: TestStore;
beforeEach(() => {
	store = new TestStore();
});
const slots = () => store.storage.filled(MEMORY.slots);

test("C22 one chunk at the last index that an upload may have: its 2,032 pages are gone through in a few steps", () => {
	const id = store.begin(ANNA, "a");
	store.put(ANNA, id, MAX_CHUNKS - 1, fillOf(1, S));
	store.ask(ANNA, "blobs_abort_upload", id);
	let steps = 0;
	for (; store.stats().cleaning > 0n; steps++) store.engine.clean();
	expect(steps).toBe(Math.ceil(2_032 / 128));
	expect([slots(), store.usage(ANNA).bytes]).toEqual([0, 0n]);
});

describe("a step in the middle", () => {
	/** 300 chunks under 299 different leaves: three steps of cleaning. */
	const large = () => {
		const id = store.begin(ANNA, "a", 300 * S);
		for (let index = 0; index < 300; index++) {
			const chunk = fillOf(index % 256, S);
			chunk[0] = index === 299 ? 42 : index >> 8;
			store.put(ANNA, id, index, chunk);
		}
		return id;
	};

	test("then an upgrade, then the rest; the quota is free when all is", () => {
		const id = large();
		store.ask(ANNA, "blobs_abort_upload", id);
		store.engine.clean();
		expect(slots()).toBeGreaterThan(100);
		expect(store.usage(ANNA).bytes).toBe(BigInt(300 * S + sessionOf("a")));
		store.upgrade();
		store.engine.clean();
		store.engine.clean();
		expect([slots(), store.usage(ANNA).bytes, store.storage.size(MEMORY.pages)]).toEqual([0, 0n, 0]);
	});
});

test("C22 a step ends where its instructions do, and the next goes on where it ended", () => {
	for (const n of [1, 2, 3]) {
		const id = store.begin(ANNA, `a/${n}`, 100 * S);
		for (let index = 0; index < 100; index++) {
			const chunk = fillOf(index, S);
			chunk[0] = n;
			store.put(ANNA, id, index, chunk);
		}
		store.ask(ANNA, "blobs_abort_upload", id);
	}
	let before = 0;
	const spent = () => (store.storage.accesses - before) * 50e6;
	store.host.instructions = spent;
	let steps = 0;
	for (; store.stats().cleaning > 0n; steps++) {
		before = store.storage.accesses;
		store.engine.clean();
		expect(spent()).toBeLessThan(20e9);
	}
	expect(slots()).toBe(0);
	// Three by what a step may have of chunks.
	expect(steps).toBeGreaterThan(3);
});

describe("C40 an upload that expired", () => {
	test("is given up by the timer that begin asked for, and its id is free again", () => {
		const id = store.begin(ANNA, "a", S);
		store.put(ANNA, id, 0, fillOf(1, S));
		store.host.time += DAY_MS;
		expect(store.code(ANNA, "blobs_begin_upload", beginOf(id, "a", S))).toBe("upload_finished");
		store.clean();
		expect([slots(), store.stats().open_uploads, store.usage(ANNA).bytes]).toEqual([0, 0n, 0n]);
		store.begin(ANNA, "a", S, id);
	});

	test("C28 is cleaned after an upgrade too, which asks to be woken when it is due", () => {
		store.clean();
		for (let step = 0; step < 5; step++) store.engine.clean();
		const id = store.begin(ANNA, "a", S);
		store.host.time += 15 * 60_000;
		store.clean();
		store.host.woken = undefined;
		store.upgrade();
		expect(store.host.woken).toBe(store.host.time - 15 * 60_000 + DAY_MS);
		store.host.time = store.host.woken!;
		store.clean();
		expect(store.code(ANNA, "blobs_put_chunk", id, 0, fillOf(1, S))).toBe("upload_not_found");
	});
});

test("a blob replaced while its content is shared, then the copy renamed over the rest: every byte is accounted for", () => {
	const bytes = Buffer.concat([fillOf(1, S), fillOf(2, S)]);
	store.upload(ANNA, "a", bytes);
	store.ask(ANNA, "blobs_copy", moveOf("a", "b"));
	store.upload(ANNA, "a", Buffer.concat([fillOf(2, S), fillOf(3, S)]));
	store.engine.clean();
	store.ask(ANNA, "blobs_rename", moveOf("b", "a", newId()));
	store.clean();
	expect(store.keys(READER)).toEqual(["a"]);
	expect(store.read(READER, "a").equals(bytes)).toBe(true);
	expect([slots(), store.usage(ANNA).bytes, store.usage(ANNA).blobs]).toEqual([
		2,
		BigInt(2 * S + aboutOf("b")),
		1n,
	]);
});
