import { Principal } from "@dfinity/principal";
import { describe, expect, it } from "vitest";
import { type ListOptions, listPages } from "../../src/client/blobs/list.js";
import type { ClientContext } from "../../src/client/context.js";
import { isBlobError } from "../../src/client/index.js";
import { startBatch } from "../../src/client/upload/batch/index.js";
import { manifests, type WireListPage, type WireManifest } from "../../src/protocol/index.js";
import { newId } from "../support/store.js";
import { pseudoBytes } from "./support/memory-store.js";
import { ProvingStore } from "./support/proving.js";

const ANONYMOUS = Uint8Array.of(4);
const WRITER = Uint8Array.of(9, 9, 9, 9, 2);
const OTHER = Uint8Array.of(9, 9, 9, 8, 2);
const PUBLIC = ["a", "a!", "a/b", "a/c/d", "b/1", "b/2", "b/3", "c", "é/x"];

async function put(context: ClientContext, keys: readonly string[], visibility: "public" | "private") {
	const items = keys.map((key) => ({ key, source: pseudoBytes(10), visibility }));
	expect(await startBatch(context, items, {}).done).toMatchObject({ uploaded: keys.length });
}

async function grant({ store }: ProvingStore, who: Uint8Array) {
	const role = { id: newId(), who: Principal.fromUint8Array(who), role: { writer: null } };
	await store.direct("blobs_grant_role", role);
}

/** Public blobs and private ones of two owners, seen by this caller. */
async function storeFor(caller: Uint8Array | undefined) {
	const proving = new ProvingStore();
	const { store } = proving;
	await put(proving.context(), PUBLIC, "public");
	await put(proving.context(), ["a/secret", "d/secret"], "private");
	for (const who of [WRITER, OTHER]) await grant(proving, who);
	store.host.sender = WRITER;
	await put(proving.context(), ["b/mine"], "private");
	store.host.sender = caller ?? store.owner;
	store.calls.length = 0;
	const kinds = () => store.calls.map(({ kind, method }) => `${kind} ${method.slice(6)}`);
	return { proving, store, kinds, context: proving.context() };
}

async function names(context: ClientContext, options: ListOptions = {}): Promise<string[]> {
	const all: string[] = [];
	for await (const entries of listPages(context, options))
		for (const entry of entries) all.push(entry.type === "blob" ? entry.blob.key : entry.path);
	return all;
}

const said = (blob: Uint8Array, other: Partial<WireManifest>) => ({
	blob: manifests.encode({ ...manifests.decode(blob), ...other }),
});

const code = (promise: PromiseLike<unknown>) =>
	promise.then(
		() => "done",
		(error: unknown) => (isBlobError(error) ? error.code : String(error)),
	);

describe("a list that nodes prove is asked of no subnet", () => {
	it("by anybody who is not signed in, page by page, from anywhere, folded or not", async () => {
		const { context, kinds } = await storeFor(ANONYMOUS);
		expect(await names(context)).toEqual(PUBLIC_IN_ORDER);
		expect(await names(context, { pageSize: 2 })).toEqual(PUBLIC_IN_ORDER);
		expect(await names(context, { recursive: false })).toEqual(["a", "a/", "a!", "b/", "c", "é/"]);
		expect(await names(context, { recursive: false, pageSize: 1 })).toEqual([
			"a",
			"a/",
			"a!",
			"b/",
			"c",
			"é/",
		]);
		expect(await names(context, { prefix: "a/", recursive: false })).toEqual(["a/b", "a/c/"]);
		expect(await names(context, { prefix: "b/", after: "b/1" })).toEqual(["b/2", "b/3"]);
		expect(await names(context, { after: "b/2", recursive: false })).toEqual(["b/", "c", "é/"]);
		for (const prefix of ["none", "d", "d/", "a/secret", "a/b/c", "<$>", "a/<$>/", "//"])
			expect(await names(context, { prefix })).toEqual([]);
		expect(new Set(kinds())).toEqual(new Set(["query list"]));
	});

	it("keys whose segments begin with U+FEFF, which decoders take for a byte order mark", async () => {
		const { proving, context, store, kinds } = await storeFor(ANONYMOUS);
		const keys = ["dir/\ufeffx", "\ufeff", "\ufeffdir/\ufeff/y"];
		store.host.sender = store.owner;
		await put(proving.context(), keys, "public");
		store.host.sender = ANONYMOUS;
		store.calls.length = 0;
		const found = await names(context);
		for (const key of keys) expect(found).toContain(key);
		expect(await names(context, { prefix: "\ufeff" })).toEqual(["\ufeff", "\ufeffdir/\ufeff/y"]);
		expect(await names(context, { prefix: "\ufeffdir/", recursive: false })).toEqual(["\ufeffdir/\ufeff/"]);
		expect(new Set(kinds())).toEqual(new Set(["query list"]));
	});

	it("by who never had a private blob and reads no others', once the subnet has said so", async () => {
		const { context, kinds } = await storeFor(OTHER);
		expect(await names(context, { pageSize: 2 })).toEqual(PUBLIC_IN_ORDER);
		expect(kinds()).toEqual([...["update stat", "update account"], ...Array(5).fill("query list")]);
		expect(await names(context)).toEqual(PUBLIC_IN_ORDER);
		expect(kinds().at(-1)).toBe("query list");
	});
});

const PUBLIC_IN_ORDER = ["a", "a/b", "a/c/d", "a!", "b/1", "b/2", "b/3", "c", "é/x"];

describe("a list that no node proves is asked of the subnet", () => {
	it("by who has private blobs, and by who reads everything", async () => {
		const mine = await storeFor(WRITER);
		const withMine = [...PUBLIC_IN_ORDER.slice(0, 7), "b/mine", ...PUBLIC_IN_ORDER.slice(7)];
		expect(await names(mine.context, { pageSize: 4 })).toEqual(withMine);
		expect(mine.kinds()).toEqual([...["update stat", "update account"], ...Array(3).fill("update list")]);
		const all = await storeFor(undefined);
		expect(await names(all.context)).toHaveLength(PUBLIC.length + 3);
		expect(all.kinds().slice(2)).toEqual(["update list"]);
		expect(await names(all.context)).toHaveLength(PUBLIC.length + 3);
		expect(all.kinds().slice(2)).toEqual(["update list", "update list"]);
	});

	it("where no proof came along, where every node is behind, and where the caller wants it so", async () => {
		const { proving, context, kinds, store } = await storeFor(ANONYMOUS);
		proving.proves = false;
		expect(await names(context)).toEqual(PUBLIC_IN_ORDER);
		expect(kinds()).toEqual(["query list", "update list"]);
		proving.proves = true;
		store.calls.length = 0;
		expect(await code(names(context, { minVersion: { sequence: 1000n, canisterVersion: 2n ** 63n } }))).toBe(
			"behind",
		);
		expect(kinds()).toEqual([...Array(5).fill("query list"), "update list"]);
		store.calls.length = 0;
		await names(context, { trust: "subnet", pageSize: 5 });
		expect(kinds()).toEqual(["update list", "update list"]);
	});

	it("or of one node alone, where the caller wants that", async () => {
		const { context, kinds } = await storeFor(WRITER);
		expect(await names(context, { trust: "node", pageSize: 5 })).toContain("b/mine");
		expect(kinds()).toEqual(["query list", "query list"]);
	});
});

describe("what a node says against its proof is not believed", () => {
	/** What a list gives where every query's answer is changed in this way. */
	async function told(
		change: (page: WireListPage, honest: WireListPage) => Partial<WireListPage>,
		options: ListOptions = {},
		request = {},
	) {
		const { proving, store, context, kinds } = await storeFor(ANONYMOUS);
		const asked = {
			prefix: "",
			recursive: true,
			after: [],
			limit: 1000,
			min_version: [],
			...request,
		};
		const honest = (await store.direct("blobs_list", asked)) as WireListPage;
		proving.tamper = ({ method, kind }, answer: WireListPage) =>
			method === "blobs_list" && kind === "query" ? { ...answer, ...change(answer, honest) } : answer;
		const outcome = await code(names(context, options));
		if (outcome !== "done") expect(kinds()).toEqual(Array(3).fill("query list"));
		return outcome;
	}
	const without = (index: number) => (page: WireListPage) => ({
		entries: page.entries.filter((_, i) => i !== index),
	});

	it("a key that is left out, wherever", async () => {
		for (let i = 0; i < PUBLIC.length; i++) expect(await told(without(i)), `entry ${i}`).toBe("list_corrupt");
		for (let i = 0; i < 6; i++)
			expect(await told(without(i), { recursive: false }), `folded ${i}`).toBe("list_corrupt");
		expect(await told(() => ({ entries: [] }))).toBe("list_corrupt");
	});

	it("a page that ends early, goes on elsewhere, or never", async () => {
		const cut = (page: WireListPage) => ({ entries: page.entries.slice(0, 3) });
		expect(await told(cut)).toBe("list_corrupt");
		// A short page that says so is one.
		const short = (page: WireListPage) => {
			const entries = page.entries.slice(0, 3);
			const last = entries.at(-1);
			return {
				entries,
				next: page.entries.length > 3 && last && "blob" in last ? [manifests.decode(last.blob).key] : [],
			} as WireListPage;
		};
		expect(await told(short)).toBe("done");
		const small = { pageSize: 4 };
		expect(await told(() => ({ next: [] }), small)).toBe("witness_invalid");
		for (const next of ["a", "a/", "b/1", "b/2", "z", ""])
			expect(await told(() => ({ next: [next] }), small), next).toBe("reply_invalid");
		expect(await told(() => ({ entries: [], next: ["a"] }))).toBe("reply_invalid");
		expect(await told(() => ({ entries: [], next: [""] }))).toBe("reply_invalid");
	});

	it("the proof of another prefix, place, form or page", async () => {
		const proofOf = (_: WireListPage, { witness }: WireListPage) => ({ witness });
		for (const request of [
			{ prefix: "a" },
			{ prefix: "b/" },
			{ after: ["b/1"] },
			{ recursive: false },
			{ limit: 3 },
		])
			expect(await told(proofOf, {}, request), JSON.stringify(request)).toBe("witness_invalid");
		expect(await told(proofOf, { prefix: "b/" }, { prefix: "a/" })).toBe("witness_invalid");
		// Of all that is asked for and more: no less.
		expect(await told((_, honest) => ({ entries: honest.entries.slice(0, 4) }), { prefix: "b/" })).toBe(
			"reply_invalid",
		);
	});

	it("an entry that is added, changed, out of the prefix, or out of order", async () => {
		const add = (entry: object, at: number) => (page: WireListPage) => ({
			entries: [...page.entries.slice(0, at), entry, ...page.entries.slice(at)] as WireListPage["entries"],
		});
		const changed = (name: string) => (page: WireListPage) => ({
			entries: page.entries.map((entry, i) =>
				i === 4 && "blob" in entry ? said(entry.blob, { key: name }) : entry,
			),
		});
		expect(await told(changed("b/0"))).toBe("list_corrupt");
		for (const name of ["a", "z", "b//1", "b/1/", "/b", ""])
			expect(await told(changed(name)), name).toBe("reply_invalid");
		const sized = (page: WireListPage) => ({
			entries: page.entries.map((entry, i) =>
				i === 4 && "blob" in entry ? said(entry.blob, { size: 11n }) : entry,
			),
		});
		expect(await told(sized)).toBe("list_corrupt");
		expect(await told(add({ directory: "b/" }, 4))).toBe("reply_invalid");
		const double = (page: WireListPage) => add(page.entries[4] as object, 4)(page);
		expect(await told(double)).toBe("reply_invalid");
	});
});

it("options that no list has are refused before anything is asked", async () => {
	const { context, kinds } = await storeFor(ANONYMOUS);
	for (const options of [{ prefix: "a\ud800" }, { after: "\udc00" }, { pageSize: 1_001 }, { pageSize: 0 }])
		expect(await code(names(context, options))).toBe("option_invalid");
	expect(kinds()).toEqual([]);
});
