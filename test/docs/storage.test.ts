import { Principal } from "@dfinity/principal";
import { expect, test } from "vitest";
import { checkOptions } from "../../src/canister/azle/options.js";
import { Catalog, HTTP_EXPR } from "../../src/canister/catalog/index.js";
import { KIND } from "../../src/canister/catalog/node.js";
import { NodeStore } from "../../src/canister/catalog/store.js";
import { Accounts } from "../../src/canister/engine/accounts/accounts.js";
import { chargeOfSession } from "../../src/canister/engine/accounts/charges.js";
import { COUNTER } from "../../src/canister/engine/base/counters.js";
import { QUEUE } from "../../src/canister/engine/base/queue.js";
import { Engine } from "../../src/canister/engine/index.js";
import { RECEIPT } from "../../src/canister/engine/store/receipts.js";
import { LAYOUT_VERSION, MEMORY } from "../../src/canister/host/memory.js";
import { changes, Deleted, Message, MIN_CHUNK_BYTES, manifests } from "../../src/protocol/index.js";
import { ask } from "../canister/engine/ask.js";
import { FakeHost, MapStorage } from "../canister/engine/surroundings.js";
import { publication, rootOf, sha256 } from "../support/store.js";
import { codeIn, figure, readDocument, sectionOf, tableIn } from "./document.js";

/** docs/STORAGE.md: its numbers are the code's, and real records are read by the offsets it gives. */

const document = readDocument("STORAGE.md");

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
	expect(() => checkOptions({ memoryOffset: 232 })).not.toThrow();
	expect(() => checkOptions({ memoryOffset: 233 })).toThrow("from 0 to 232");
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

const owner = Uint8Array.of(1, 2, 3);
const host = new FakeHost(owner);
const storage = new MapStorage();
const engine = new Engine(storage, host);
engine.start();

const S = MIN_CHUNK_BYTES;
const chunks = [new Uint8Array(S).fill(1), new Uint8Array(S).fill(2), new Uint8Array(5).fill(3)];
const bytes = Buffer.concat(chunks);
const leaves = chunks.map(sha256);
const id = Uint8Array.from({ length: 16 }, (_, i) => i);
const idOf = (n: number) => new Uint8Array(16).fill(n);
const ownedId = (of = id) => Buffer.concat([Uint8Array.of(3), owner, of]);
const u64 = (value: number) => {
	const key = Buffer.alloc(8);
	key.writeBigUInt64BE(BigInt(value));
	return key;
};
const u32 = (value: number) => u64(value).subarray(4);
const text = (value: Uint8Array | string) => {
	const length = Buffer.alloc(4);
	length.writeUInt32BE(value.length);
	return Buffer.concat([length, Buffer.from(value)]);
};
const recordOf = (name: keyof typeof MEMORY, key: Uint8Array): Buffer => {
	const record = storage.map(MEMORY[name]).get(key);
	if (record === undefined) throw new Error(`${name} has nothing under ${Buffer.from(key).toString("hex")}`);
	return Buffer.from(record);
};
const counter = (name: keyof typeof COUNTER, after = 0) =>
	recordOf("meta", u64(0)).readDoubleLE(8 * (COUNTER[name] + after) + 8);
const itemOf = (queue: number, position: number) =>
	recordOf("queues", Buffer.concat([Uint8Array.of(queue), u64(position)]));
const manifestOf = (key: string) => ask(engine, "blobs_stat", { key, min_version: [] }).manifest[0]!;

test("an upload's record, its page, its chunks and their slots", () => {
	ask(engine, "blobs_begin_upload", { id, key: "a/key", size: [BigInt(bytes.length)], chunk_size: S });
	for (const [index, chunk] of chunks.entries()) ask(engine, "blobs_put_chunk", id, index, chunk);
	const record = recordOf("uploads", ownedId());
	const charged = BigInt(2 * S + 4_096 + chargeOfSession("a/key"));
	expect(read("Uploads", record)).toMatchObject({
		content: 1n,
		"created at": BigInt(host.time),
		"expires at": BigInt(host.time + 24 * 3_600_000),
		"size; 2^53 - 1: not known": BigInt(bytes.length),
		"chunk size": BigInt(S),
		"chunks held": 3n,
		"extent: one past the highest index held": 3n,
		"its index": 2n,
		"its length": 5n,
		"bytes its creator is charged with": charged,
		"of those, bytes reserved ahead of what arrived": 0n,
		"1: it waits in the queue `reserves`": 1n,
		"version: 2": 2n,
		"number of the change that gave the [grant](#grants) by which it was begun; 0: by none": 0n,
		"bytes that count for it in that grant": 0n,
	});
	expect(record.subarray(87)).toEqual(text("a/key"));

	const page = recordOf("pages", Buffer.concat([u64(1), Buffer.alloc(4)]));
	expect(page).toEqual(Buffer.concat([...leaves, Buffer.alloc(29 * 32)]));
	for (const [slot, leaf] of leaves.entries()) {
		const chunk = read("Chunks", recordOf("chunks", Buffer.concat([owner, leaf])));
		expect(chunk).toEqual({ place: BigInt(6 * slot), length: BigInt(chunks[slot]!.length), references: 1n });
		expect(recordOf("slots", u64(6 * slot)).equals(chunks[slot]!)).toBe(true);
	}
	expect(storage.size(MEMORY.slots)).toBe(128 * 6);

	const claim = Buffer.concat([Uint8Array.of(0, owner.length), owner, Buffer.from("a/key")]);
	expect(recordOf("uploads", claim)).toEqual(Buffer.from([0, 0, 0, 1]));

	const account = recordOf("accounts", owner);
	expect(Object.values(read("Accounts", account))).toEqual([
		2n,
		0n,
		1n,
		1n,
		charged,
		BigInt(Math.floor(host.time / 86_400_000)),
		BigInt(bytes.length),
		1n,
		// A begin and three puts, without bytes and instructions.
		4n * 7_200_000n,
	]);
	expect(recordOf("meta", u64(0)).length).toBe(488);
	expect(recordOf("meta", u64(0)).subarray(0, 8).toString("hex")).toBe("0100000000000000");
	const counters = ["layout", "contents", "openUploads", "chunks", "charged", "promised", "stored"] as const;
	expect(counters.map((name) => counter(name))).toEqual([6, 1, 1, 3, Number(charged), 0, bytes.length]);
});

test("a blob's record, its receipt, the feed, the queues", () => {
	const what = publication(rootOf(bytes, S), { metadata: [["n", "v"]], visibility: { private: null } });
	ask(engine, "blobs_commit_upload", { id, size: BigInt(bytes.length), ...what });
	const record = recordOf("blobs", Buffer.from("a/key"));
	expect(read("Blobs", record)["content; 0: none"]).toBe(1n);
	const manifest = manifests.encode(manifestOf("a/key"));
	expect(record.subarray(record.length - manifest.length).equals(manifest)).toBe(true);
	expect(record.subarray(13, 17)).toEqual(Buffer.alloc(4));
	const receipt = recordOf("receipts", ownedId());
	expect(receipt[0]).toBe(RECEIPT.committed);
	expect(receipt.subarray(1)).toEqual(record);

	const { canister_version } = manifestOf("a/key");
	const change = changes.encode({
		sequence: 1n,
		canister_version,
		at: BigInt(host.time) * 1_000_000n,
		by: manifestOf("a/key").owner,
		change: [{ published: manifest }],
	});
	const head = sha256(Buffer.concat([Buffer.alloc(32), change]));
	expect(recordOf("feed", u64(1))).toEqual(Buffer.concat([u64(Number(canister_version)), head, change]));
	expect(counter("changedAt")).toBe(Number(canister_version));

	expect(itemOf(QUEUE.receipts, 1)).toEqual(Buffer.concat([u64(host.time + 900_000), ownedId()]));
	expect(itemOf(QUEUE.uploads, 1)).toEqual(Buffer.concat([u64(host.time + 86_400_000), ownedId()]));
	expect([counter("queues"), counter("queues", 1)]).toEqual([0, 1]);
	const { salt } = new Accounts(storage.map(MEMORY.accounts)).get(owner);
	expect([0, 16]).toContain(salt.length);
});

test("a blob of one call has its leaf in its record; a copy's content has two holders", () => {
	const put = { id: idOf(7), key: "b", ...publication(rootOf(chunks[2]!, 2_080_768)) };
	ask(engine, "blobs_put_blob", put, chunks[2]!);
	const record = recordOf("blobs", Buffer.from("b"));
	expect(record.subarray(0, 13)).toEqual(Buffer.concat([Buffer.of(1), Buffer.alloc(12)]));
	expect(record.subarray(13, 49)).toEqual(text(leaves[2]!));
	expect(read("Chunks", recordOf("chunks", Buffer.concat([owner, leaves[2]!]))).references).toBe(2n);

	const none = { none: null };
	const move = { id: idOf(8), from: "a/key", source: none, to: "c", precondition: none };
	ask(engine, "blobs_copy", move);
	expect(recordOf("contents", u64(1))).toEqual(Buffer.from([0, 0, 0, 2]));
	const receipt = recordOf("receipts", ownedId(idOf(8)));
	expect(receipt[0]).toBe(RECEIPT.moved);
	expect(receipt.subarray(33).equals(manifests.encode(manifestOf("c")))).toBe(true);
});

test("what is deleted goes to the queue of garbage, and its places onto their stacks", () => {
	for (const [n, key] of ["c", "a/key", "b"].entries())
		ask(engine, "blobs_delete", { id: idOf(20 + n), key, precondition: { none: null } });
	const receipt = recordOf("receipts", ownedId(idOf(20)));
	expect(receipt[0]).toBe(RECEIPT.deleted);
	const { deleted, version } = new Message(Deleted).decode(Uint8Array.from(receipt.subarray(33)));
	expect([deleted, version.sequence]).toEqual([true, 4n]);

	const item = (content: number, pages: number, charged: number, leaf: Uint8Array) =>
		Buffer.concat([
			Uint8Array.of(1),
			u64(content),
			Uint8Array.of(0, 0, 0, pages),
			u64(charged),
			text(leaf),
			text(owner),
			text(owner),
		]);
	const nothing = new Uint8Array(0);
	// A private blob in one directory, with a name and a value of a byte each; another without either.
	const type = "application/octet-stream".length;
	const copied = 2 * S + 4_096 + 896 + 4 * "c".length + type + 2;
	expect(itemOf(QUEUE.garbage, 1)).toEqual(item(1, 1, copied, nothing));
	expect(itemOf(QUEUE.garbage, 3)).toEqual(item(0, 0, 4_096 + 896 + 4 * "b".length + type, leaves[2]!));
	engine.clean();
	expect(storage.filled(MEMORY.slots)).toBe(0);
	// The last chunk was a small one: its slot is one that others would have shared.
	expect([counter("slotsFree"), counter("sharedFree"), counter("sharedNext")]).toEqual([2, 1, 13]);
	expect([0, 1, 2 ** 48].map((entry) => recordOf("freeSlots", u64(entry))[7])).toEqual([0, 6, 12]);
});

test("a certified directory's node, its head and its place among the roots", () => {
	const map = new MapStorage().map(MEMORY.catalog);
	const content = new Uint8Array(32).fill(7);
	new Catalog(map, host.hashing).change(HTTP_EXPR, [
		{ key: "key", content },
		{ key: "dir/inner", content },
	]);
	expect(Buffer.from(map.get(u64(0))!).toString("hex")).toBe(`03${"00000005"}${"00000000"}`);
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
	new Catalog(map, host.hashing).change(
		HTTP_EXPR,
		Array.from({ length: 8 }, (_, n) => ({ key: `many-${n}`, content })),
	);
	const runs = map.get(u64(4))!.subarray(2 + 10 * 73 + "dirkey".length + 8 * "many-0".length);
	const { node: many } = new NodeStore(map).read(4);
	const { forks } = host.hashing;
	expect(hex(runs)).toBe(hex(forks(many, 2 + 9, 73, 8)) + hex(forks(many, 2 + 9 + 8 * 73, 73, 2)));
	const top = map.get(u64(2))!;
	expect(read("Catalog", top.subarray(2, 75))).toMatchObject({ "the label's length": 9n, link: 4n });
});

test("tallies under their names", () => {
	engine.tally("blobs_delete", "not_live");
	expect(read("Tallies", recordOf("meta", Buffer.from("blobs_delete")))).toEqual({
		calls: 1n,
		refused: 1n,
		instructions: 0n,
		malformed: 0n,
	});
	expect(read("Tallies", recordOf("meta", Buffer.from("not_live"))).refused).toBe(1n);
});

test("the record of who holds grants, and the queue it is looked at in", () => {
	const [above, part] = [
		Principal.fromUint8Array(Uint8Array.of(7)),
		Principal.fromUint8Array(Uint8Array.of(5, 6)),
	];
	const terms = {
		prefix: "a/",
		ends_at: [9_000_000_000_000_000_000n] as [bigint],
		bytes: [700_000n] as [bigint],
		blobs: [] as [],
		public_only: true,
		over_others: false,
		may_give: true,
		may_purge: false,
	};
	const give = { id: idOf(60), who: above, role: { writer: null }, terms, under: [] as [], as: [] as [] };
	const first = ask(engine, "blobs_give_grant", give).sequence;
	host.sender = above.toUint8Array();
	const rest = { bytes: [] as [], may_give: false, may_purge: false, prefix: "a/b/" };
	const request = {
		...give,
		id: idOf(61),
		who: part,
		terms: { ...terms, ...rest },
		under: [idOf(60)] as [Uint8Array],
	};
	const second = ask(engine, "blobs_give_grant", request).sequence;
	host.sender = part.toUint8Array();
	const put = { id: idOf(62), key: "a/b/c", ...publication(rootOf(chunks[2]!, 2_080_768)) };
	ask(engine, "blobs_put_blob", put, chunks[2]!);
	host.sender = owner;

	// Behind the account's other fields: it has neither a salt nor a quota of its own.
	const grantsOf = (who: Principal) => recordOf("accounts", who.toUint8Array()).subarray(51);
	const record = grantsOf(part);
	expect([...record.subarray(0, 2)]).toEqual([1, 1]);
	const marks = Buffer.alloc(1_024);
	marks[0] = 1 << 1;
	expect(recordOf("grants", u64(0))).toEqual(marks);
	expect(counter("grantMarks")).toBe(1);
	const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
	const none = BigInt(Number.MAX_SAFE_INTEGER);
	const used = BigInt(4_096 + 896 + 4 * "a/b/c".length + 2 * 256 + "application/octet-stream".length);
	expect(record.subarray(2, 11)).toEqual(Buffer.concat([Uint8Array.of(1), u64(Number(second))]));
	expect(Object.values(read("Grants", record.subarray(11, 135)))).toEqual([
		hex(idOf(61)),
		1n,
		2n,
		9_000_000_000_000n,
		none,
		none,
		used,
		1n,
		0n,
		1n,
		0n,
		first,
		hex(idOf(60)),
		1n,
		hex(Buffer.concat([above.toUint8Array(), Buffer.alloc(28)])),
	]);
	expect(record.subarray(135).toString()).toBe("wa/b/");
	const fields = Object.values(read("Grants", grantsOf(above).subarray(11, 135)));
	expect(fields.slice(1, 9)).toEqual([5n, 1n, 9_000_000_000_000n, 700_000n, none, used, 1n, 1n]);
	const item = itemOf(QUEUE.grants, 2);
	expect(item).toEqual(Buffer.concat([u64(host.time + 7 * 86_400_000), part.toUint8Array()]));
	expect([counter("grantQueue"), counter("grantQueue", 1)]).toEqual([0, 2]);
});

test("a blob that ends, under its moment and its change, and the rules by which blobs end", () => {
	const at = host.time + 3_600_000;
	const put = { id: idOf(70), key: "ends/a", ...publication(rootOf(chunks[2]!, 2_080_768)) };
	const expires_at: [bigint] = [BigInt(at) * 1_000_000n];
	const { sequence } = ask(engine, "blobs_put_blob", { ...put, expires_at }, chunks[2]!);
	const name = Buffer.concat([u64(at), u64(Number(sequence))]);
	expect(recordOf("ends", name).toString()).toBe("ends/a");
	const listed = new Catalog(storage.map(MEMORY.catalog), host.hashing);
	const all = [...listed.list(Uint8Array.of(0x65), { prefix: "", recursive: true })];
	expect(all).toEqual([{ key: name.toString("hex") }]);
	expect(counter("expiring")).toBe(1);
	const rules = [{ prefix: "tmp/", life: 86_400_000_000_000n }];
	ask(engine, "blobs_set_expiry_rules", { id: idOf(71), rules });
	expect(recordOf("ends", Buffer.alloc(1))).toEqual(
		Buffer.concat([Uint8Array.of(1), u32(1), u64(86_400_000), text("tmp/")]),
	);
	expect(counter("expiryRules")).toBe(1);
	ask(engine, "blobs_set_expiry_rules", { id: idOf(72), rules: [] });
});

test("a deleted blob that is kept, and where it is listed", () => {
	ask(engine, "blobs_set_keep_deleted", { id: idOf(80), days: 3 });
	const put = { id: idOf(81), key: "bin/a", ...publication(rootOf(chunks[2]!, 2_080_768)) };
	const { sequence, canister_version } = ask(engine, "blobs_put_blob", put, chunks[2]!);
	const blob = recordOf("blobs", Buffer.from("bin/a"));
	ask(engine, "blobs_delete", { id: idOf(82), key: "bin/a", precondition: { none: null } });
	const record = recordOf("bin", u64(Number(sequence)));
	const until = host.time + 3 * 86_400_000;
	expect(read("Deleted blobs", record.subarray(0, 17))).toEqual({
		"version: 1": 1n,
		"deleted at": BigInt(host.time),
		"kept until": BigInt(until),
	});
	expect(record.subarray(17)).toEqual(Buffer.concat([text(owner), blob]));
	const catalog = new Catalog(storage.map(MEMORY.catalog), host.hashing);
	const listed = (root: Uint8Array) => [...catalog.list(root, { prefix: "", recursive: true })];
	const name = { key: `bin/a/\x01${u64(Number(sequence)).toString("hex")}` };
	expect(listed(Uint8Array.of(0x64))).toEqual([name]);
	expect(listed(Buffer.concat([Uint8Array.of(0x64), owner]))).toEqual([name]);
	const due = Buffer.concat([u64(until), u64(Number(sequence))]).toString("hex");
	expect(listed(Uint8Array.of(0x74))).toEqual([{ key: due }]);
	expect([counter("keepDays"), counter("kept")]).toEqual([3, 1]);
	const version = { sequence, canister_version };
	ask(engine, "blobs_purge", { id: idOf(83), key: "bin/a", version });
	ask(engine, "blobs_set_keep_deleted", { id: idOf(84), days: 0 });
});

test("a lease, and a version that is kept for it", () => {
	const put = { id: idOf(90), key: "leased/a", ...publication(rootOf(chunks[2]!, 2_080_768)) };
	const { sequence } = ask(engine, "blobs_put_blob", put, chunks[2]!);
	const blob = recordOf("blobs", Buffer.from("leased/a"));
	const take = { id: idOf(91), life: 60_000_000_000n, bytes: 1_000_000n };
	const lease = ask(engine, "blobs_take_lease", take);
	const gone = ask(engine, "blobs_delete", {
		id: idOf(92),
		key: "leased/a",
		precondition: { none: null },
	}).version;
	const record = recordOf("leases", u64(Number(sequence)));
	expect(record.subarray(0, 9)).toEqual(Buffer.concat([Uint8Array.of(1), u64(Number(gone.sequence))]));
	const used = record.subarray(9, 17);
	expect(record.subarray(17)).toEqual(blob);
	const leases = recordOf("leases", Buffer.alloc(1));
	expect(leases.subarray(0, 5)).toEqual(Buffer.concat([Uint8Array.of(1), u32(1)]));
	expect(Object.values(read("Leases", leases.subarray(5, 5 + 49)))).toEqual([
		lease.sequence,
		lease.canister_version,
		BigInt(host.time),
		BigInt(host.time + 60_000),
		1_000_000n,
		used.readBigUInt64BE(),
		0n,
	]);
	expect(leases.subarray(5 + 49)).toEqual(Buffer.concat([text(take.id), text(owner)]));
	const catalog = new Catalog(storage.map(MEMORY.catalog), host.hashing);
	expect([...catalog.list(Uint8Array.of(0x6c), { prefix: "", recursive: true })]).toEqual([
		{ key: u64(Number(sequence)).toString("hex") },
	]);
	expect([counter("leases"), counter("leased"), counter("leasedNext")]).toEqual([1, 1, 0]);
	ask(engine, "blobs_release_lease", { id: idOf(93), lease: take.id });
	expect([counter("leases"), counter("leasedNext")]).toEqual([0, 1]);
});

test("an offer and a link, and where they are listed", () => {
	const to = Principal.fromUint8Array(Uint8Array.of(7, 7));
	const offer = { id: idOf(95), owner: [] as [], to, what: { prefix: "given/" } };
	const { sequence } = ask(engine, "blobs_offer", offer);
	const listed = (root: Uint8Array) => [
		...new Catalog(storage.map(MEMORY.catalog), host.hashing).list(root, { prefix: "", recursive: true }),
	];
	const record = recordOf("owners", Buffer.concat([Buffer.from("o"), ownedId(offer.id)]));
	const until = host.time + 7 * 86_400_000;
	expect(Object.values(read("Offers and links", record.subarray(0, 26)))).toEqual([
		...[1n, 1n, sequence, BigInt(until), 0n],
	]);
	expect(record.subarray(26)).toEqual(
		Buffer.concat([text(owner), text(to.toUint8Array()), text(Buffer.from("given/")), text(Buffer.alloc(0))]),
	);
	const name = { key: `${Buffer.from(owner).toString("hex")}/${Buffer.from(offer.id).toString("hex")}` };
	expect(listed(Buffer.from("f"))).toEqual([name]);
	expect(listed(Buffer.concat([Buffer.from("f"), to.toUint8Array()]))).toEqual([name]);
	expect(itemOf(QUEUE.offers, 1)).toEqual(Buffer.concat([u64(until), ownedId(offer.id)]));
	expect(counter("offers")).toBe(1);
	const giver = Principal.fromUint8Array(owner);
	ask(engine, "blobs_withdraw_offer", { id: idOf(96), offer: { giver, id: offer.id } });

	ask(engine, "blobs_offer_link", { id: idOf(97), who: to, as: [] });
	const pair = Buffer.concat([Buffer.from("p"), Uint8Array.of(owner.length), owner, to.toUint8Array()]);
	expect(recordOf("owners", pair)).toEqual(Buffer.concat([Uint8Array.of(1, 0), u64(host.time)]));
	host.sender = to.toUint8Array();
	ask(engine, "blobs_accept_link", { id: idOf(98), owner: giver });
	host.sender = owner;
	expect(recordOf("owners", pair)).toEqual(Buffer.concat([Uint8Array.of(1, 1), u64(host.time)]));
	expect(recordOf("owners", Buffer.concat([Buffer.from("l"), to.toUint8Array()]))).toEqual(
		Buffer.concat([Uint8Array.of(1), text(owner)]),
	);
	const [ownerHex, whoHex] = [owner, to.toUint8Array()].map((who) => Buffer.from(who).toString("hex"));
	expect(listed(Buffer.from("k"))).toEqual([{ key: `${ownerHex}/${whoHex}` }]);
	expect(counter("links")).toBe(1);
	ask(engine, "blobs_end_link", { id: idOf(99), link: { owner: giver, who: to } });
});

test("a task of HTTP certification, and the hashes it has made", () => {
	const large = id.slice().fill(11);
	ask(engine, "blobs_begin_upload", { id: large, key: "large", size: [], chunk_size: S });
	for (const [index, chunk] of chunks.entries()) ask(engine, "blobs_put_chunk", large, index, chunk);
	const { sequence } = ask(engine, "blobs_commit_upload", {
		id: large,
		size: BigInt(bytes.length),
		...publication(rootOf(bytes, S)),
	});
	const name = Buffer.concat([Uint8Array.of(255, owner.length), owner]);
	expect(recordOf("queues", name)).toEqual(Buffer.concat([u64(0), u64(1)]));
	const task = recordOf("queues", Buffer.concat([name, u64(1)]));
	const root = rootOf(bytes, S);
	const type = Buffer.from("application/octet-stream");
	const fields = read("Responses", task.subarray(0, 37));
	expect(Object.values(fields)).toEqual([1n, 2n, 1n, BigInt(bytes.length), BigInt(S), 0n, 0n]);
	expect(task.subarray(37)).toEqual(Buffer.concat([text(root), text(type)]));
	const set = recordOf("responses", Buffer.concat([u64(2), type]));
	const nothing = text(new Uint8Array(0));
	const rules = u64(counter("answersMade"));
	expect(set).toEqual(Buffer.concat([Buffer.of(2), u32(1), u64(1), u32(0), nothing, u32(1), rules]));
	const waiting = recordOf("responses", Buffer.concat([u64(1), Uint8Array.of(255), u32(0)]));
	expect(waiting).toEqual(
		Buffer.concat([Buffer.of(1), text(owner), u64(Number(sequence)), text(Buffer.from("large"))]),
	);
});

test("a staged batch, what is in it, and what a draft of the trees has to follow", () => {
	const [batch, key] = [idOf(60), "staged/a"];
	ask(engine, "blobs_set_keep_deleted", { id: idOf(61), days: 2 });
	const what = { key, content: chunks[2]!, ...publication(rootOf(chunks[2]!, 2_080_768)) };
	const end = BigInt(host.time + 86_400_000) * 1_000_000n;
	const items = [
		{ put: { ...what, expires_at: [end] as [bigint] } },
		{ delete: { key: "staged/none", precondition: { none: null } } },
	];
	ask(engine, "blobs_stage", { id: idOf(63), batch, items });
	const number = counter("batchNumbers");
	expect(counter("batches")).toBe(1);
	const batchRecord = (fields: {
		state: number;
		times: number;
		place: number;
		more: number;
		sealed: number;
		after: Uint8Array;
		shown: Uint8Array;
		rights: Uint8Array;
		revealed: Uint8Array;
	}) => {
		const { state, times, place, more, sealed, after, shown, rights, revealed } = fields;
		const expected: Uint8Array[] = [
			Uint8Array.of(1),
			u32(1),
			u64(number),
			batch,
			text(owner),
			Uint8Array.of(state),
		];
		expected.push(u64(host.time + 86_400_000), u32(2), u32(2), u32(times), u32(place));
		expected.push(u64(2 ** 40 + more), u32(sealed), after, shown, rights, revealed, text(Buffer.alloc(0)));
		return Buffer.concat(expected);
	};
	const versionOf = (version: { sequence: bigint; canister_version: bigint }) =>
		Buffer.concat([u64(Number(version.sequence)), u64(Number(version.canister_version))]);
	const none = Buffer.alloc(0);
	const open = { state: 0, times: 0, place: 0, more: 0, sealed: 0 };
	const unsealed = Buffer.concat([text(none), u64(0), text(none)]);
	const unrevealed = Buffer.alloc(20);
	expect(recordOf("batches", Buffer.alloc(1))).toEqual(
		batchRecord({
			...open,
			after: unsealed,
			shown: Buffer.alloc(16),
			rights: Buffer.alloc(2),
			revealed: unrevealed,
		}),
	);

	const itemName = (its: string) => Buffer.concat([u64(number), Uint8Array.of(1), Buffer.from(its)]);
	const placeName = (place: number) => Buffer.concat([u64(number), Uint8Array.of(0), u32(place)]);
	expect(recordOf("staged", placeName(1))).toEqual(Buffer.from(key));
	expect(recordOf("staged", placeName(2))).toEqual(Buffer.from("staged/none"));
	const item = recordOf("staged", itemName(key));
	const charged = item.subarray(9, 17);
	const itemHead = (
		place: number,
		attempt: number,
		its: Buffer,
		more: number,
		isNothing: number,
		ends: string,
	) =>
		Buffer.concat([
			...[Uint8Array.of(1), u32(place), u32(attempt), its, u64(0), u64(0)],
			...[Uint8Array.of(more + 1, isNothing, 0), Buffer.alloc(16), text(Buffer.from(ends))],
		]);
	const head = itemHead(1, 0, charged, 0, 0, String(end));
	expect(item.subarray(0, head.length)).toEqual(head);
	expect(charged.readBigUInt64BE()).toBeGreaterThan(4_096n);
	expect(recordOf("staged", itemName("staged/none"))).toEqual(itemHead(2, 0, Buffer.alloc(8), 0, 0, ""));

	ask(engine, "blobs_reveal", { id: idOf(64), batch });
	const before = ask(engine, "blobs_status").last;
	engine.clean();
	const record = recordOf("batches", Buffer.alloc(1));
	const after = record.subarray(
		record.length - 4 - 20 - 2 - 16 - 36 - 8 - 36,
		record.length - 4 - 20 - 2 - 16,
	);
	expect(after.readUInt32BE()).toBe(32);
	expect(after.subarray(36, 44)).toEqual(u64(Number(before.sequence)));
	// The controller has control of the canister; the deletion changes nothing.
	const ready = {
		state: 2,
		times: 1,
		place: 2,
		more: 1,
		sealed: 1,
		after,
		rights: Buffer.of(16, 0),
		shown: versionOf(before),
	};
	const other = () => ({ ...ready, shown: versionOf(ask(engine, "blobs_status").last) });
	expect(record).toEqual(batchRecord({ ...ready, revealed: unrevealed }));
	const made = recordOf("staged", itemName(key));
	const madeHead = itemHead(1, 1, made.subarray(9, 17), 1, 0, String(end));
	expect(made.subarray(0, madeHead.length)).toEqual(madeHead);
	expect(recordOf("staged", itemName("staged/none"))).toEqual(itemHead(2, 1, Buffer.alloc(8), 0, 1, ""));

	ask(
		engine,
		"blobs_put_blob",
		{ id: idOf(65), ...what, key: "other", visibility: { private: null } },
		chunks[2]!,
	);
	const log = recordOf("batches", u64(counter("logLast")));
	expect([log[0], log.at(-1)]).toEqual([1, 255]);
	expect(log.subarray(1, 10)).toEqual(text(Buffer.from("other")));
	expect(log.subarray(-19)).toEqual(
		Buffer.concat([Uint8Array.of(2), text(Buffer.from("other")), text(owner), Uint8Array.of(1, 255)]),
	);
	expect(recordOf("batches", Buffer.alloc(1))).toEqual(batchRecord({ ...other(), revealed: unrevealed }));
	const { shown } = other();
	engine.clean();
	expect(counter("logFirst")).toBe(counter("logLast"));
	const { last } = ask(engine, "blobs_status");
	const revealed = Buffer.concat([u64(Number(last.sequence)), u64(host.time), u32(2)]);
	expect(recordOf("batches", Buffer.alloc(1))).toEqual(
		batchRecord({ ...ready, shown, state: 3, place: 0, revealed }),
	);
	engine.clean();
	engine.clean();
	expect([counter("batches"), storage.size(MEMORY.staged)]).toEqual([0, 0]);
	for (const gone of [key, "other"])
		ask(engine, "blobs_delete", {
			id: sha256(Buffer.from(gone)).subarray(16),
			key: gone,
			precondition: { none: null },
		});
	ask(engine, "blobs_set_keep_deleted", { id: idOf(66), days: 0 });
	host.time += 3 * 86_400_000;
	for (let step = 0; step < 5; step++) engine.clean();
});
