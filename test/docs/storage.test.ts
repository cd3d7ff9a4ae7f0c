import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { Catalog, HTTP_EXPR } from "../../src/canister/catalog/index.js";
import { KIND } from "../../src/canister/catalog/node.js";
import { Engine } from "../../src/canister/engine/index.js";
import { COUNTER } from "../../src/canister/engine/meta.js";
import { QUEUE } from "../../src/canister/engine/queue.js";
import { RECEIPT } from "../../src/canister/engine/receipts.js";
import { LAYOUT_VERSION, MEMORY } from "../../src/canister/memory.js";
import { MIN_CHUNK_BYTES, rootPreimage } from "../../src/protocol/index.js";
import { FakeHost, MapStorage } from "../canister/engine/surroundings.js";
import { codeIn, figure, readDocument, sectionOf, tableIn } from "./document.js";

/** docs/STORAGE.md: its numbers are the code's, and real records are read by the offsets it gives. */

const document = readDocument("STORAGE.md");
const sha256 = (bytes: Uint8Array) => new Uint8Array(createHash("sha256").update(bytes).digest());

/** Number to name, of a table whose first two columns are these. */
const numbered = (heading: string, text = sectionOf(document, heading)) =>
	Object.fromEntries(tableIn(text).map(([number, name]) => [codeIn(name!)[0], figure(number!)]));

test("maps, counters, queues and kinds of receipts", () => {
	expect(numbered("Maps")).toEqual(MEMORY);
	expect(numbered("Counters")).toEqual(COUNTER);
	expect(numbered("Queues")).toEqual(QUEUE);
	const [, kinds] = sectionOf(document, "Receipts").split("| body |\n\n");
	expect(numbered("Receipts", kinds)).toEqual(RECEIPT);
	const [, nodeKinds] = sectionOf(document, "Catalog").split("joined to a sibling.\n\n");
	expect(numbered("Catalog", nodeKinds)).toEqual(KIND);
	expect(document).toContain(`Layout version ${LAYOUT_VERSION},`);
});

/** The fields of fixed place in a record, read as the document says. */
function read(heading: string, record: Uint8Array): Record<string, bigint | string> {
	const view = Buffer.from(record);
	const fields: Record<string, bigint | string> = {};
	let end = 0;
	for (const [offset, bytes, field] of tableIn(sectionOf(document, heading))) {
		if (offset === "" || bytes === "") continue;
		const [from, length] = [figure(offset!), figure(bytes!)];
		expect(from, `${heading}: ${field}`).toBe(end);
		end = from + length;
		const slice = view.subarray(from, end);
		fields[field!] = length > 8 ? slice.toString("hex") : BigInt(`0x${slice.toString("hex")}`);
	}
	return fields;
}

const host = new FakeHost(Uint8Array.of(1, 2, 3));
const storage = new MapStorage();
const engine = new Engine(storage, host);
engine.start();

const S = MIN_CHUNK_BYTES;
const chunks = [new Uint8Array(S).fill(1), new Uint8Array(S).fill(2), new Uint8Array(5).fill(3)];
const bytes = Buffer.concat(chunks);
const root = sha256(rootPreimage(BigInt(bytes.length), S, Buffer.concat(chunks.map(sha256))));
const id = Uint8Array.from({ length: 16 }, (_, i) => i);
const ownedId = Buffer.concat([Uint8Array.of(3, 1, 2, 3), id]);
const u64 = (value: number) => {
	const key = Buffer.alloc(8);
	key.writeBigUInt64BE(BigInt(value));
	return key;
};
const recordOf = (name: keyof typeof MEMORY, key: Uint8Array): Uint8Array => {
	const record = storage.map(MEMORY[name]).get(key);
	if (record === undefined) throw new Error(`${name} has nothing under ${Buffer.from(key).toString("hex")}`);
	return record;
};

test("an upload's record, its page and its slots", () => {
	engine.methods.blobs_begin_upload({ id, key: "a/key", size: [], chunk_size: S });
	for (const [index, chunk] of chunks.entries()) engine.methods.blobs_put_chunk(id, index, chunk);
	const record = recordOf("uploads", ownedId);
	expect(read("Uploads", record)).toMatchObject({
		content: 1n,
		"created at": BigInt(host.time),
		"expires at": BigInt(host.time + 24 * 3_600_000),
		"size; 2^53 - 1: not known": 2n ** 53n - 1n,
		"chunk size": BigInt(S),
		"chunks held": 3n,
		"extent: one past the highest index held": 3n,
		"its index": 2n,
		"its length": 5n,
	});
	expect(Buffer.from(record.subarray(53)).toString("latin1")).toBe("\0\0\0\x05a/key");

	const page = recordOf("pages", Buffer.concat([u64(1), Buffer.alloc(4)]));
	expect(page.length).toBe(1_280);
	for (const [index, chunk] of chunks.entries()) {
		const entry = read("Pages", page.subarray(40 * index, 40 * index + 40));
		expect(Object.values(entry)).toEqual([Buffer.from(sha256(chunk)).toString("hex"), BigInt(index)]);
		expect(recordOf("slots", u64(6 * index))).toEqual(chunk);
	}
	expect(storage.size(MEMORY.slots)).toBe(128 * 6);
	expect(recordOf("principals", Uint8Array.of(1, 2, 3))).toEqual(Uint8Array.of(0, 0, 0, 0, 1));
});

test("a blob's record, its receipt, the queues", () => {
	engine.methods.blobs_commit_upload({
		id,
		size: BigInt(bytes.length),
		root,
		content_type: "text/plain",
		visibility: { public: null },
		metadata: [["n", "v"]],
		sha256: [],
		precondition: { none: null },
	});
	const record = recordOf("blobs", Buffer.from("a/key"));
	expect(Object.values(read("Blobs", record))).toEqual([
		1n,
		1n,
		BigInt(bytes.length),
		BigInt(S),
		BigInt(host.time),
		BigInt(host.time),
		1n,
		Buffer.from(root).toString("hex"),
	]);
	const text = (value: string) => `\0\0\0${String.fromCharCode(value.length)}${value}`;
	expect(Buffer.from(record.subarray(77)).toString("latin1")).toBe(
		`\0\0\0\x03\x01\x02\x03\0\0\0\0${text("a/key")}${text("text/plain")}\x01${text("n")}${text("v")}`,
	);
	const receipt = recordOf("receipts", ownedId);
	expect(receipt[0]).toBe(RECEIPT.committed);
	expect(receipt.subarray(1)).toEqual(record);
	const head = (queue: number) => recordOf("queues", Buffer.concat([Uint8Array.of(queue), u64(2)]));
	expect(Buffer.from(head(QUEUE.receipts))).toEqual(Buffer.concat([u64(host.time + 900_000), ownedId]));
	expect(Buffer.from(head(QUEUE.uploads))).toEqual(Buffer.concat([u64(host.time + 86_400_000), ownedId]));
});

test("what is deleted goes to the queue of garbage, and its slots onto the stack", () => {
	const deletion = { id: id.slice().fill(9), key: "a/key", precondition: { none: null } };
	engine.methods.blobs_delete(deletion);
	const item = recordOf("queues", Buffer.concat([Uint8Array.of(QUEUE.garbage), u64(2)]));
	expect(Buffer.from(item)).toEqual(Buffer.concat([u64(1), Uint8Array.of(0, 0, 0, 1)]));
	engine.clean();
	expect(storage.filled(MEMORY.slots)).toBe(0);
	expect(Buffer.from(recordOf("meta", u64(COUNTER.slotsFree)))).toEqual(u64(3));
	expect([0, 1, 2].map((place) => recordOf("freeSlots", u64(place))[7])).toEqual([0, 1, 2]);
});

test("a certified directory's node, its head and its place among the roots", () => {
	const map = new MapStorage().map(MEMORY.catalog);
	const content = new Uint8Array(32).fill(7);
	new Catalog(map, host.hashing).change(HTTP_EXPR, [
		{ key: "key", content },
		{ key: "dir/inner", content },
	]);
	expect(Buffer.from(map.get(u64(0))!).toString("hex")).toBe(`02${"00000005"}${"00000000"}`);
	expect(map.get(u64(1))).toEqual(Uint8Array.of(0, 0));

	// The innermost directory is stored first: 3 has `inner`, 4 has `dir` and `key`.
	const node = map.get(u64(4))!;
	expect([...node.subarray(0, 2)]).toEqual([64, 2]);
	const slots = [0, 1].map((i) => read("Catalog", node.subarray(2 + 73 * i, 75 + 73 * i)));
	const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
	const { labeled } = host.hashing;
	const utf8 = (text: string) => new Uint8Array(Buffer.from(text));
	const inner = labeled(utf8("inner"), labeled(utf8("<$>"), content));
	const key = labeled(utf8("key"), labeled(utf8("<$>"), content));
	expect(slots.map((slot) => Object.values(slot))).toEqual([
		[0n, 3n, 0n, 3n, hex(labeled(utf8("dir"), inner)), hex(inner)],
		[3n, 3n, 1n, 0n, hex(key), hex(content)],
	]);
	expect(Buffer.from(node.subarray(148)).toString()).toBe("dirkey");
	const top = map.get(u64(2))!;
	expect(read("Catalog", top.subarray(2, 75))).toMatchObject({ "the label's length": 9n, link: 4n });
});
