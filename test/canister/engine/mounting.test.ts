import { createHash } from "node:crypto";
import { beforeEach, expect, test } from "vitest";
import { treeDigest } from "../../../src/canister/catalog/index.js";
import { emptyTree, hashingOf } from "../../../src/canister/host/hashing.js";
import { decodeHashTree, find, reconstruct } from "../../../src/client/verification/hash-tree.js";
import { newId } from "../../support/store.js";
import { put, StagedStore } from "./staged-store.js";
import { ANNA, fillOf } from "./store.js";

/** Values that an application certifies beside the store, under its own labels in the root. */

const sha256 = (bytes: Uint8Array) => new Uint8Array(createHash("sha256").update(bytes).digest());
const hashing = hashingOf(sha256);
const bytesOf = (text: string) => new TextEncoder().encode(text);

let store: StagedStore;
beforeEach(() => {
	store = new StagedStore();
});

/** The certified tree, as far as it is shown, held against what is certified. */
async function shown(witness: Uint8Array) {
	const tree = decodeHashTree(witness);
	expect(await reconstruct(tree, sha256)).toEqual(store.host.certified);
	return tree;
}
const proof = async (...labels: Parameters<typeof store.engine.proofOf>[0]) =>
	shown(store.engine.proofOf(labels).witness[0]!);

test("C145 values and trees of an application stand beside the blobs, each proven alone or with others", async () => {
	store.putBlob(ANNA, "a", fillOf(1, 10));
	store.engine.mount("last_block_index", { value: bytesOf("7") });
	store.engine.mount("sig", { digest: hashing.labeled(bytesOf("x"), hashing.leaf(bytesOf("y"))) });
	store.engine.mount("zoo", { value: bytesOf("apes") });
	const encoded = Uint8Array.of(0x83, 2, 0x41, 0x78, 0x82, 3, 0x41, 0x79);
	const tree = await proof(
		{ label: "last_block_index", value: bytesOf("7") },
		{ label: "sig", tree: encoded },
	);
	expect(find(tree, ["last_block_index"])).toEqual({ kind: "value", value: bytesOf("7") });
	expect(find(tree, ["sig", "x"])).toEqual({ kind: "value", value: bytesOf("y") });
	expect(find(tree, ["zoo"]).kind).toBe("hidden");
	expect(find(await proof({ label: "tip", value: bytesOf("") }), ["tip"]).kind).toBe("absent");
	store.engine.mount("zoo", undefined);
	expect(find(await proof({ label: "zoo", value: bytesOf("") }), ["zoo"]).kind).toBe("absent");
});

test("C145 what stores and their readers prove is as before", async () => {
	store.putBlob(ANNA, "a", fillOf(1, 10));
	for (const label of ["feed2", "http", "http_expr2", "private0", "z"])
		store.engine.mount(label, { value: bytesOf(label) });
	const stat = async (key: string) => {
		const { witness } = store.ask(ANNA, "blobs_stat", { key, min_version: [] });
		return shown(witness[0]!);
	};
	expect(find(await stat("a"), ["http_expr", "a", "<$>", "manifest"]).kind).toBe("value");
	const absent = await stat("b");
	expect(find(absent, ["http_expr", "b"]).kind).toBe("absent");
	// Nothing of the application's is shown with it but a neighbour's label.
	expect(find(absent, ["z"]).kind).toBe("hidden");
});

test("C145 it outlives upgrades, and a batch that is revealed meanwhile", async () => {
	store.engine.mount("held", { value: bytesOf("1") });
	store.engine.mount("gone", { value: bytesOf("1") });
	const batch = newId();
	store.stage(ANNA, batch, put("a", fillOf(1, 10)));
	store.reveal(ANNA, batch);
	store.engine.mount("gone", undefined);
	store.engine.mount("meanwhile", { value: bytesOf("2") });
	store.settle();
	expect(store.keys(ANNA)).toEqual(["a"]);
	store.upgrade();
	const tree = await proof(
		{ label: "meanwhile", value: bytesOf("2") },
		{ label: "gone", value: bytesOf("") },
	);
	expect(find(tree, ["meanwhile"]).kind).toBe("value");
	expect(find(tree, ["gone"]).kind).toBe("absent");
});

test.each([
	["", { value: bytesOf("") }],
	["a".repeat(65), { value: bytesOf("") }],
	["feed", { value: bytesOf("") }],
	["http_expr", { value: bytesOf("") }],
	["private", { value: bytesOf("") }],
	["assets", { value: bytesOf("") }],
	["own", { value: new Uint8Array(65_536) }],
	["own", { digest: new Uint8Array(31) }],
	["own", { digest: "0".repeat(32) } as never],
	["own\ud800", { value: bytesOf("") }],
	["own", null as never],
	["own", 5 as never],
	[5 as never, { value: bytesOf("") }],
])("C145 %j with %o is refused", (label, tree) => {
	const before = store.host.certified;
	expect(() => store.engine.mount(label, tree)).toThrow(RangeError);
	expect(store.host.certified).toEqual(before);
});

const encodedTree = Uint8Array.of(0x83, 2, 0x41, 0x78, 0x82, 3, 0x41, 0x79);

test.each<[string, unknown]>([
	["a value that is not certified", [{ label: "own", value: bytesOf("8") }]],
	["a tree in the place of a value", [{ label: "own", tree: encodedTree }]],
	["another tree", [{ label: "sig", tree: Uint8Array.of(0x83, 2, 0x41, 0x7a, 0x82, 3, 0x41, 0x79) }]],
	["a tree that goes on", [{ label: "sig", tree: Uint8Array.of(...encodedTree, 0) }]],
	["a tree that ends early", [{ label: "sig", tree: encodedTree.slice(0, -1) }]],
	["a tree that is none", [{ label: "sig", tree: Uint8Array.of(0x84, 9) }]],
	["a tree that is a text", [{ label: "sig", tree: "tree" }]],
	[
		"a label twice",
		[
			{ label: "own", value: bytesOf("7") },
			{ label: "own", value: bytesOf("7") },
		],
	],
	["half a surrogate pair", [{ label: "own\udc00", value: bytesOf("7") }]],
	["no value", [{ label: "own", value: undefined }]],
	["nothing under a label", [{ label: "own" }]],
	["nothing", undefined],
	["null among others", [null]],
])("C146 a proof of %s is refused", (_, shown) => {
	store.engine.mount("own", { value: bytesOf("7") });
	store.engine.mount("sig", { digest: hashing.labeled(bytesOf("x"), hashing.leaf(bytesOf("y"))) });
	expect(() => store.engine.proofOf(shown as never)).toThrow(RangeError);
	expect(store.engine.proofOf([{ label: "sig", tree: encodedTree }]).witness).toHaveLength(1);
});

/** Trees whose digest is known, and what other encoders write for them. */
test.each<[string, Uint8Array, Uint8Array]>([
	["nothing", Uint8Array.of(0x81, 0), emptyTree(hashing)],
	["what is pruned", Uint8Array.of(0x82, 4, 0x58, 32, ...new Uint8Array(32)), new Uint8Array(32)],
	[
		"a long label",
		Uint8Array.of(0x83, 2, 0x59, 0, 1, 0x78, 0x82, 3, 0x40),
		hashing.labeled(bytesOf("x"), hashing.leaf(bytesOf(""))),
	],
	[
		"a fork",
		Uint8Array.of(0x83, 1, 0x81, 0, 0x82, 3, 0x40),
		hashing.forks(Uint8Array.of(...emptyTree(hashing), ...hashing.leaf(bytesOf(""))), 0, 32, 2),
	],
])("C146 the digest of a tree is computed: %s", (_, encoded, digest) => {
	expect(treeDigest(encoded, hashing)).toEqual(digest);
});

test("C146 a tree may be 256 levels deep", () => {
	const nested = (depth: number) =>
		Uint8Array.of(
			...Array(depth - 1)
				.fill([0x83, 2, 0x41, 0x78])
				.flat(),
			0x81,
			0,
		);
	expect(treeDigest(nested(256), hashing)).toBeInstanceOf(Uint8Array);
	expect(treeDigest(nested(257), hashing)).toBeUndefined();
});

test("C145 there are at most 16 labels, and in an update no proof", () => {
	for (let i = 0; i < 16; i++) store.engine.mount(`own ${i}`, { value: Uint8Array.of(i) });
	expect(() => store.engine.mount("own", { value: bytesOf("") })).toThrow(RangeError);
	store.engine.mount("own 3", { value: bytesOf("again") });
	store.engine.mount("own 4", undefined);
	store.engine.mount("own", { value: bytesOf("") });
	const { certificate } = store.host;
	store.host.certificate = () => undefined;
	expect(store.engine.proofOf([{ label: "own", value: bytesOf("") }])).toEqual({
		certificate: [],
		witness: [],
	});
	store.host.certificate = certificate;
});
