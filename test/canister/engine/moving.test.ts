import { beforeEach, describe, expect, test } from "vitest";
import { MEMORY } from "../../../src/canister/host/memory.js";
import { newId, versionOf } from "../../support/store.js";
import {
	ANNA,
	aboutOf,
	BEN,
	fillOf,
	moveOf,
	OWNER,
	PRIVATE,
	READER,
	S,
	TestStore,
	updateOf,
} from "./store.js";

/** Update, copy and rename do not touch chunks. */

let store: TestStore;
beforeEach(() => {
	store = new TestStore();
});
const large = Buffer.concat([fillOf(1, S), fillOf(2, S), fillOf(3, 5)]);
const slots = () => store.storage.filled(MEMORY.slots);

describe("copy", () => {
	test.each([
		["of several chunks", large],
		["of one", Buffer.from(fillOf(1, 100))],
		["empty", Buffer.alloc(0)],
	])("%s: the same bytes, an owner of its own, and each lives without the other", (_, bytes) => {
		store.upload(ANNA, "a", bytes);
		const before = slots();
		const copied = store.ask(BEN, "blobs_copy", moveOf("a", "b"));
		expect(copied.owner.toText()).toBe(BEN.toText());
		expect(slots()).toBe(before);
		store.delete(ANNA, "a");
		store.clean();
		expect(store.read(READER, "b").equals(bytes)).toBe(true);
		expect(store.usage(ANNA).bytes).toBe(0n);
		store.delete(BEN, "b");
		store.clean();
		expect([slots(), store.storage.size(MEMORY.pages), store.storage.size(MEMORY.contents)]).toEqual([
			0, 0, 0,
		]);
	});

	test("of a copy, each deleted in any order, frees the bytes with the last", () => {
		store.upload(ANNA, "a", large);
		store.ask(BEN, "blobs_copy", moveOf("a", "b"));
		store.ask(ANNA, "blobs_copy", moveOf("b", "c"));
		store.delete(BEN, "b");
		store.delete(ANNA, "a");
		store.clean();
		expect(store.read(READER, "c").equals(large)).toBe(true);
		store.delete(ANNA, "c");
		store.clean();
		expect(slots()).toBe(0);
	});

	test("onto a key that holds a blob replaces it, and its bytes go", () => {
		store.upload(ANNA, "a", large);
		store.putBlob(ANNA, "b", fillOf(9, 10));
		store.ask(ANNA, "blobs_copy", moveOf("a", "b"));
		store.clean();
		expect(store.read(READER, "b").equals(large)).toBe(true);
		expect(slots()).toBe(3);
		expect(store.usage(ANNA).blobs).toBe(2n);
	});

	test("C05 of what the caller may not read: as if it were not there", () => {
		store.putBlob(ANNA, "a", fillOf(1, 1), PRIVATE);
		expect(store.refused(BEN, "blobs_copy", moveOf("a", "b"))).toEqual({ blob_not_found: {} });
		expect(store.refused(BEN, "blobs_copy", moveOf("none", "b"))).toEqual({ blob_not_found: {} });
	});

	test("onto itself is refused", () => {
		store.putBlob(ANNA, "a", fillOf(1, 1));
		expect(store.code(ANNA, "blobs_copy", moveOf("a", "a"))).toBe("invalid_argument");
		expect(store.code(ANNA, "blobs_rename", moveOf("a", "a"))).toBe("invalid_argument");
	});
});

describe("rename", () => {
	test("onto an existing key: one blob less, the old key empty, the replaced bytes gone", () => {
		store.upload(ANNA, "a", large);
		const { created_at } = store.manifest(READER, "a")!;
		store.putBlob(ANNA, "b", fillOf(9, 10));
		store.host.time += 1_000;
		const renamed = store.ask(ANNA, "blobs_rename", moveOf("a", "b"));
		expect(renamed).toMatchObject({ created_at, modified_at: created_at + 1_000_000_000n, sequence: 7n });
		store.clean();
		expect(store.keys(READER)).toEqual(["b"]);
		expect(store.read(READER, "b").equals(large)).toBe(true);
		expect(store.usage(ANNA)).toMatchObject({ blobs: 1n, bytes: BigInt(2 * S + 4_096 + aboutOf("b")) });
		expect(slots()).toBe(3);
	});

	test("by an administrator leaves the owner, and charges whom it charged", () => {
		store.putBlob(ANNA, "a", fillOf(1, 5_000));
		store.putBlob(BEN, "b", fillOf(2, 5_000));
		const renamed = store.ask(OWNER, "blobs_rename", moveOf("a", "b"));
		expect(renamed.owner.toText()).toBe(ANNA.toText());
		store.clean();
		expect(store.usage(ANNA)).toMatchObject({ blobs: 1n, bytes: BigInt(5_000 + aboutOf("b")) });
		expect(store.usage(BEN)).toMatchObject({ blobs: 0n, bytes: 0n });
		expect(store.usage(OWNER)).toMatchObject({ blobs: 0n, bytes: 0n });
	});

	test("takes the right to both keys, and what both preconditions say", () => {
		store.putBlob(ANNA, "a", fillOf(1, 1));
		store.putBlob(BEN, "b", fillOf(1, 1));
		expect(store.code(ANNA, "blobs_rename", moveOf("a", "b"))).toBe("not_authorized");
		expect(store.code(ANNA, "blobs_rename", moveOf("b", "c"))).toBe("not_authorized");
		const stale = { ...moveOf("a", "c"), source: { version: { sequence: 3n, canister_version: 3n } } };
		expect(store.refused(ANNA, "blobs_rename", stale)).toMatchObject({
			precondition_failed: { sequence: 4n },
		});
		const taken = { ...moveOf("a", "b"), precondition: { absent: null } };
		expect(store.refused(OWNER, "blobs_rename", taken)).toMatchObject({
			precondition_failed: { sequence: 5n },
		});
	});

	test("C33 again, after the key was taken anew, moves nothing", () => {
		store.putBlob(ANNA, "a", fillOf(1, 1));
		const request = moveOf("a", "b");
		const first = store.ask(ANNA, "blobs_rename", request);
		store.putBlob(ANNA, "a", fillOf(2, 1));
		expect(store.ask(ANNA, "blobs_rename", request)).toEqual(first);
		expect(store.keys(READER)).toEqual(["a", "b"]);
	});
});

describe("update", () => {
	test("changes what is given, keeps the rest, and gives a new version", () => {
		const before = store.upload(ANNA, "a", large, { metadata: [["n", "1"]] });
		store.host.time += 1_000;
		const after = store.ask(ANNA, "blobs_update", { ...updateOf("a"), content_type: ["text/html"] });
		expect(after).toEqual({
			...before,
			content_type: "text/html",
			sequence: before.sequence + 1n,
			canister_version: after.canister_version,
			modified_at: before.modified_at + 1_000_000_000n,
		});
		const old = store.refused(READER, "blobs_get_chunk", "a", versionOf(before), 0);
		expect(after.canister_version).toBeGreaterThan(before.canister_version);
		expect(old).toEqual({ blob_replaced: versionOf(after) });
	});

	test("while copies exist touches none of them, nor any byte", () => {
		store.upload(ANNA, "a", large);
		store.ask(BEN, "blobs_copy", moveOf("a", "b"));
		store.ask(ANNA, "blobs_update", { ...updateOf("a"), visibility: [{ private: null }] });
		store.clean();
		expect(store.keys(BEN)).toEqual(["b"]);
		expect(store.read(ANNA, "a").equals(large)).toBe(true);
		store.delete(ANNA, "a");
		store.clean();
		expect(store.read(BEN, "b").equals(large)).toBe(true);
	});

	test("is its owner's or an administrator's, and of something", () => {
		store.putBlob(ANNA, "a", fillOf(1, 1));
		expect(store.code(BEN, "blobs_update", updateOf("a"))).toBe("not_authorized");
		expect(store.code(BEN, "blobs_update", updateOf("none"))).toBe("blob_not_found");
		const bad = { ...updateOf("a"), content_type: ["none"] as [string] };
		expect(store.code(ANNA, "blobs_update", bad)).toBe("invalid_argument");
		const updated = store.ask(OWNER, "blobs_update", updateOf("a", newId()));
		expect(updated.owner.toText()).toBe(ANNA.toText());
	});
});
