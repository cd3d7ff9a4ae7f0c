import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { deployCanister, installWasm } from "../../examples/support/deploy.js";
import { LAYOUT_VERSION } from "../../src/canister/host/memory.js";
import { MAX_CHUNK_BYTES } from "../../src/protocol/index.js";
import { canister } from "../localnet/support/wat.js";
import { REQUESTS } from "../support/requests.js";
import { newId, ok, openStore, publication, rootOf, type StoreFixture, versionOf } from "../support/store.js";

/** Use of stable memory by the real Wasm, and its treatment of another version's data. */

let fixture: StoreFixture;
beforeAll(async () => {
	fixture = await openStore();
});
afterAll(() => fixture.dispose());

/** The Wasm with the version of another release: Azle keeps the JavaScript in it as text. */
function ofVersion(wasm: Uint8Array, version: number): Uint8Array {
	const text = (number: number) => `var LAYOUT_VERSION = ${number};`;
	const at = Buffer.from(wasm).indexOf(text(LAYOUT_VERSION));
	expect(at).toBeGreaterThan(0);
	const other = new Uint8Array(wasm);
	other.set(Buffer.from(text(version)), at);
	return other;
}

test("C26 a store of another layout traps at post_upgrade, and the old code goes on", async () => {
	const { agent, wasm } = fixture;
	const other = (LAYOUT_VERSION + 1) % 10;
	const canisterId = await deployCanister(agent, ofVersion(wasm, other));
	const store = fixture.storeAt(canisterId);
	const bytes = new Uint8Array(randomBytes(100));
	const put = (key: string) =>
		store.blobs_put_blob({ id: newId(), key, ...publication(rootOf(bytes, MAX_CHUNK_BYTES)) }, bytes);
	const manifest = ok(await put("before"));
	await expect(installWasm(agent, canisterId, wasm, "upgrade")).rejects.toThrow(
		`layout version ${other}, from which no step leads to version ${LAYOUT_VERSION}`,
	);
	expect(ok(await store.blobs_get_chunk("before", versionOf(manifest), 0))).toEqual(bytes);
	ok(await put("after"));
});

/** A canister that shows its stable memory: `read` takes an address and a length, 8 bytes each, and answers bytes. */
const READER = canister(`
	(func (export "canister_query read")
		(call $msg_arg_data_copy (i32.const 0) (i32.const 0) (i32.const 16))
		(call $stable64_read (i64.const 64) (i64.load (i32.const 0)) (i64.load (i32.const 8)))
		(call $msg_reply_data_append (i32.const 64) (i32.load (i32.const 8)))
		(call $msg_reply))`);

/** The memory of each id, as the memory manager of ic-stable-structures lays it out: version 1 of its layout. */
async function readMemories(
	read: (at: number, length: number) => Promise<Buffer>,
): Promise<Map<number, Buffer>> {
	const PAGE = 65_536;
	const header = await read(0, PAGE);
	expect(header.toString("latin1", 0, 3)).toBe("MGR");
	expect(header[3]).toBe(1);
	const [buckets, bucketPages] = [header.readUInt16LE(4), header.readUInt16LE(6)];
	const sizesAt = 40;
	const ownersAt = sizesAt + 255 * 8;
	const memories = new Map<number, Buffer>();
	for (let bucket = 0; bucket < buckets; bucket++) {
		const id = header[ownersAt + bucket]!;
		const pages = Number(header.readBigUInt64LE(sizesAt + id * 8));
		// What this test stores lies in the first pages of each.
		if (!memories.has(id))
			memories.set(id, await read(PAGE + bucket * bucketPages * PAGE, Math.min(pages, 3) * PAGE));
	}
	return memories;
}

test("C27 what is stored lies under frozen memory ids", async () => {
	const { agent, store, canisterId } = fixture;
	const bytes = new Uint8Array(randomBytes(64));
	const key = "frozen/key-that-is-found";
	const contentType = "text/x-found";
	const expires_at: [bigint] = [4_000_000_000_000_000_000n];
	const publish = {
		...publication(rootOf(bytes, MAX_CHUNK_BYTES)),
		content_type: contentType,
		expires_at,
	};
	ok(await store.blobs_put_blob({ id: newId(), key, ...publish }, bytes));
	const open = { id: newId(), key: "upload-that-is-found", size: [] as [], chunk_size: MAX_CHUNK_BYTES };
	ok(await store.blobs_begin_upload(open));
	const [grant] = REQUESTS.blobs_give_grant("prefix-that-is-found");
	ok(await store.blobs_give_grant({ ...grant, who: await agent.getPrincipal() }));

	await installWasm(agent, canisterId, READER, "upgrade");
	const memories = await readMemories(async (at, length) => {
		const arg = Buffer.alloc(16);
		arg.writeBigUInt64LE(BigInt(at), 0);
		arg.writeBigUInt64LE(BigInt(length), 8);
		const answer = await agent.query(canisterId, { methodName: "read", arg });
		if (!("reply" in answer)) throw new Error(answer.reject_message);
		return Buffer.from(answer.reply.arg);
	});
	const withIn = (what: Buffer | string) =>
		[...memories].flatMap(([id, memory]) => (memory.includes(what) ? [id] : [])).sort((a, b) => a - b);
	const me = Buffer.from((await agent.getPrincipal()).toUint8Array());
	expect({
		ids: [...memories.keys()].sort((a, b) => a - b),
		chunk: withIn(Buffer.from(bytes)),
		contentType: withIn(contentType),
		openUpload: withIn(open.key),
		id: withIn(Buffer.from(open.id)),
		principal: withIn(me),
		segment: withIn("key-that-is-found"),
		prefix: withIn("prefix-that-is-found"),
	}).toEqual({
		// Azle keeps its own in the last.
		ids: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 254],
		chunk: [1],
		contentType: [5, 8, 12],
		openUpload: [4],
		id: [4, 9],
		principal: [4, 5, 7, 8, 9, 10, 12],
		segment: [5, 6, 8, 12, 15],
		prefix: [7, 12],
	});
});
