import { Principal } from "@dfinity/principal";
import { beforeEach, describe, expect, test } from "vitest";
import { State } from "../../../src/canister/engine/state.js";
import { MEMORY } from "../../../src/canister/host/memory.js";
import { MIN_CHUNK_BYTES } from "../../../src/protocol/index.js";
import { newId, publication, rootOf } from "../../support/store.js";
import { ask } from "../engine/ask.js";
import { controller, Gateway } from "./gateway.js";

/**
 * Blobs with equal content and type share their HTTP responses, and the store makes those of different owners in turn.
 */

const S = MIN_CHUNK_BYTES;
const COUNT = 3;
const BEN = Uint8Array.of(2, 2, 2);
let gateway: Gateway;
/** Header maps of parts that the store hashed; the gateway of this test makes one at a time. */
let hashed: number;

beforeEach(() => {
	gateway = new Gateway();
	hashed = 0;
	const { hashing } = gateway.host;
	gateway.host.hashing = {
		...hashing,
		hashMany(bytes, count, at, stride, size, ...rest) {
			// Not those of a blob's own answers, of which there are few.
			if (at === 0 && count > 1 && size > 4 * 64) hashed += count;
			hashing.hashMany(bytes, count, at, stride, size, ...rest);
		},
	};
	gateway.upgrade();
});

const bytesOf = (fill: number) => new Uint8Array(COUNT * S).fill(fill);
const chunk = (fill: number) => bytesOf(fill).subarray(0, S);

function upload(key: string, fill = 1, type = "video/mp4", count = COUNT): void {
	const id = newId();
	const bytes = new Uint8Array(count * S).fill(fill);
	ask(gateway.engine, "blobs_begin_upload", { id, key, size: [BigInt(bytes.length)], chunk_size: S });
	for (let index = 0; index < count; index++)
		ask(gateway.engine, "blobs_put_chunk", id, index, bytes.subarray(index * S, (index + 1) * S));
	const parts = publication(rootOf(bytes, S), { content_type: type });
	ask(gateway.engine, "blobs_commit_upload", { id, size: BigInt(bytes.length), ...parts });
}

const none = { none: null };
const move = (from: string, to: string) => ({ id: newId(), from, source: none, to, precondition: none });
const copy = (from: string, to: string) => ask(gateway.engine, "blobs_copy", move(from, to));
const remove = (key: string) => ask(gateway.engine, "blobs_delete", { id: newId(), key, precondition: none });
const update = (key: string, parts: { type?: string; visibility?: { public: null } | { private: null } }) =>
	ask(gateway.engine, "blobs_update", {
		id: newId(),
		key,
		precondition: none,
		content_type: parts.type === undefined ? [] : [parts.type],
		visibility: parts.visibility === undefined ? [] : [parts.visibility],
		metadata: [[["changed", "yes"]]],
		expiry: [],
	});

/** Whether a gateway accepts each part of what the key holds. */
function isServed(key: string, fill = 1): boolean {
	try {
		for (let index = 0; index < COUNT; index++) {
			const { status, body } = gateway.get(`/${key}`, { headers: { range: `bytes=${index * S}-` } });
			if (status !== 206 || Buffer.compare(body, chunk(fill)) !== 0) return false;
		}
		return true;
	} catch {
		return false;
	}
}

const left = () => gateway.storage.size(MEMORY.responses);

describe("answers of copies", () => {
	test("are certified with the copy, the rename or the update itself, and none is hashed again", () => {
		upload("a");
		gateway.settle();
		expect(hashed).toBe(COUNT);
		copy("a", "b");
		copy("b", "c/d");
		ask(gateway.engine, "blobs_rename", move("b", "e"));
		update("a", {});
		expect(["a", "c/d", "e"].filter((key) => isServed(key))).toEqual(["a", "c/d", "e"]);
		expect(new State(gateway.storage, gateway.host).responses.length).toBe(0);
		expect(hashed).toBe(COUNT);
	});

	test("made before the answers are, and moved or changed before, are certified when those are made", () => {
		upload("a");
		copy("a", "b");
		copy("a", "c");
		ask(gateway.engine, "blobs_rename", move("b", "d"));
		update("c", {});
		copy("a", "gone");
		remove("gone");
		gateway.upgrade();
		expect(isServed("a")).toBe(false);
		gateway.settle();
		expect(["a", "c", "d"].filter((key) => isServed(key))).toEqual(["a", "c", "d"]);
		expect(hashed).toBe(COUNT);
	});

	test("outlive the blob that they were made of, and go with the last one, through upgrades", () => {
		upload("a");
		const before = left();
		gateway.settle();
		const nodes = gateway.storage.filled(MEMORY.catalog);
		for (const key of ["b", "c"]) copy("a", key);
		remove("a");
		gateway.upgrade();
		gateway.settle();
		expect([isServed("b"), isServed("c"), hashed]).toEqual([true, true, COUNT]);
		remove("b");
		gateway.settle();
		expect(isServed("c")).toBe(true);
		expect(left()).toBeLessThan(before);
		remove("c");
		gateway.upgrade();
		gateway.settle();
		expect(left()).toBe(0);
		// Free nodes stay where they were.
		expect(gateway.storage.filled(MEMORY.catalog)).toBe(nodes);
	});

	test("go while they are being made, when nothing holds them any more", () => {
		upload("a");
		copy("a", "b");
		remove("a");
		remove("b");
		gateway.settle();
		expect([left(), hashed]).toEqual([0, 0]);
		upload("a");
		gateway.settle();
		expect(isServed("a")).toBe(true);
	});

	test("of another type are other answers; private blobs have none, and public ones get them back", () => {
		upload("a");
		for (const key of ["b", "c"]) copy("a", key);
		gateway.settle();
		update("b", { type: "video/webm" });
		update("c", { visibility: { private: null } });
		gateway.settle();
		expect(hashed).toBe(2 * COUNT);
		expect([isServed("a"), isServed("b"), isServed("c")]).toEqual([true, true, false]);
		update("c", { visibility: { public: null } });
		expect(isServed("c")).toBe(true);
		for (const key of ["a", "b", "c"]) remove(key);
		gateway.settle();
		expect(left()).toBe(0);
	});

	test("a blob of one chunk that came by a session has its one answer at once", () => {
		for (const [key, size] of [
			["one", 5],
			["empty", 0],
		] as const) {
			const id = newId();
			const bytes = new Uint8Array(size).fill(1);
			ask(gateway.engine, "blobs_begin_upload", { id, key, size: [BigInt(size)], chunk_size: S });
			if (size > 0) ask(gateway.engine, "blobs_put_chunk", id, 0, bytes);
			const parts = publication(rootOf(bytes, S), {});
			ask(gateway.engine, "blobs_commit_upload", { id, size: BigInt(size), ...parts });
			expect(gateway.get(`/${key}`)).toMatchObject({ status: 200, body: bytes });
		}
		expect(left()).toBe(0);
	});
});

test("principals take turns: the work of one, however much, delays that of another by a step", () => {
	for (let n = 0; n < 60; n++) upload(`a/${n}`, 100 + n, "video/mp4", 2);
	gateway.host.sender = controller;
	ask(gateway.engine, "blobs_grant_role", {
		id: newId(),
		who: Principal.fromUint8Array(BEN),
		role: { writer: null },
	});
	gateway.host.sender = BEN;
	upload("ben");
	gateway.engine.clean();
	expect(isServed("ben")).toBe(true);
	expect(new State(gateway.storage, gateway.host).responses.length).toBeGreaterThan(40);
});
