import { randomBytes } from "node:crypto";
import { beforeEach, describe, expect, test } from "vitest";
import { Engine, Refusal } from "../../../src/canister/engine/index.js";
import { MEMORY } from "../../../src/canister/host/memory.js";
import { errorCode, MAX_CHUNK_BYTES, MIN_CHUNK_BYTES } from "../../../src/protocol/index.js";
import { newId, publication, rootOf } from "../../support/store.js";
import { ask } from "./ask.js";
import { FakeHost, MapStorage } from "./surroundings.js";

/** A used id names its change, for the whole life of its receipt, and no other. */

const owner = Uint8Array.of(1, 2, 3);
const S = MIN_CHUNK_BYTES;
let storage: MapStorage;
let host: FakeHost;
let engine: Engine;
beforeEach(() => {
	storage = new MapStorage();
	host = new FakeHost(owner);
	engine = new Engine(storage, host);
	engine.start();
});

const bytesOf = (size: number) => new Uint8Array(randomBytes(size));
const code = (act: () => unknown): string => {
	try {
		act();
		return "done";
	} catch (error) {
		if (error instanceof Refusal) return errorCode(error.wire);
		throw error;
	}
};
const begin = (id: Uint8Array, key = "a") =>
	ask(engine, "blobs_begin_upload", { id, key, size: [], chunk_size: S });
const commitOf = (id: Uint8Array, bytes: Uint8Array) => ({
	id,
	size: BigInt(bytes.length),
	...publication(rootOf(bytes, S)),
});
const deleteOf = (id: Uint8Array) => ({ id, key: "a", precondition: { none: null } });

describe("a commit that comes again", () => {
	test("with another root is no duplicate: it is not answered with what was published", () => {
		const id = newId();
		const [mine, theirs] = [bytesOf(10), bytesOf(10)];
		begin(id);
		ask(engine, "blobs_put_chunk", id, 0, theirs);
		ask(engine, "blobs_commit_upload", commitOf(id, theirs));
		expect(code(() => ask(engine, "blobs_commit_upload", commitOf(id, mine)))).toBe("upload_finished");
	});

	test("as a put of a blob with other bytes or another key is refused too", () => {
		const id = newId();
		const [bytes, other] = [bytesOf(10), bytesOf(10)];
		const put = (key: string, of: Uint8Array) =>
			ask(engine, "blobs_put_blob", { id, key, ...publication(rootOf(of, MAX_CHUNK_BYTES)) }, of);
		put("a", bytes);
		expect(code(() => put("a", other))).toBe("upload_finished");
		expect(code(() => put("b", bytes))).toBe("upload_finished");
	});
});

describe("an id that was used", () => {
	test("for an open upload is no id for a delete", () => {
		const id = newId();
		begin(id);
		expect(code(() => ask(engine, "blobs_delete", deleteOf(id)))).toBe("upload_conflict");
	});

	test("for a delete is no id for an upload", () => {
		const id = newId();
		ask(engine, "blobs_delete", deleteOf(id));
		expect(code(() => begin(id))).toBe("upload_conflict");
	});

	test("for an abort of nothing keeps a late begin from opening an upload that nobody wants", () => {
		const id = newId();
		ask(engine, "blobs_abort_upload", id);
		expect(code(() => begin(id))).toBe("upload_finished");
	});
});

describe("time", () => {
	test("C40 an expired upload is refused before any cleaning ran, and then cleaned", () => {
		const id = newId();
		begin(id);
		ask(engine, "blobs_put_chunk", id, 0, bytesOf(S));
		host.time += 24 * 3_600_000;
		expect(code(() => ask(engine, "blobs_put_chunk", id, 1, bytesOf(S)))).toBe("upload_finished");
		expect(ask(engine, "blobs_list_uploads", { key: [], after: [], limit: 10 }).uploads).toEqual([]);
		for (let step = 0; step < 5; step++) engine.clean();
		expect(storage.filled(MEMORY.slots)).toBe(0);
		expect(storage.size(MEMORY.uploads)).toBe(0);
	});

	test("every put moves the expiry", () => {
		const id = newId();
		begin(id);
		for (let hour = 0; hour < 40; hour += 20) {
			host.time += 20 * 3_600_000;
			engine.clean();
			expect(code(() => ask(engine, "blobs_put_chunk", id, hour / 20, bytesOf(S)))).toBe("done");
		}
	});

	test("a receipt lives its 15 minutes, then is forgotten", () => {
		const id = newId();
		ask(engine, "blobs_abort_upload", id);
		host.time += 15 * 60_000 - 1;
		engine.clean();
		expect(code(() => begin(id))).toBe("upload_finished");
		host.time += 1;
		engine.clean();
		expect(code(() => begin(id))).toBe("done");
	});
});

test("a creator whose role was taken away puts no more, and may still give the upload up", () => {
	const writer = Uint8Array.of(9, 9);
	const change = { who: { toUint8Array: () => writer } as never, role: { writer: null } };
	ask(engine, "blobs_grant_role", { id: newId(), ...change });
	host.sender = writer;
	const id = newId();
	begin(id);
	host.sender = owner;
	ask(engine, "blobs_revoke_role", { id: newId(), ...change });
	host.sender = writer;
	expect(code(() => ask(engine, "blobs_put_chunk", id, 0, bytesOf(1)))).toBe("not_authorized");
	expect(code(() => ask(engine, "blobs_abort_upload", id))).toBe("done");
	expect(code(() => ask(engine, "blobs_abort_upload", newId()))).toBe("not_authorized");
});

test("a page of uploads starts after an id, not after megabytes", () => {
	const after = [new Uint8Array(2_000_000)] as [Uint8Array];
	expect(code(() => ask(engine, "blobs_list_uploads", { key: [], after, limit: 1 }))).toBe(
		"invalid_argument",
	);
});
