import { Principal } from "@dfinity/principal";
import { describe, expect, it } from "vitest";
import { updateBlob } from "../../src/client/blobs/changing.js";
import { type ListOptions, listPages } from "../../src/client/blobs/list.js";
import { stat, statRef } from "../../src/client/blobs/stat.js";
import type { ClientContext } from "../../src/client/context.js";
import { Download } from "../../src/client/download/download.js";
import { isBlobError, type UploadOptions } from "../../src/client/index.js";
import { startBatch } from "../../src/client/upload/batch/index.js";
import { startUpload } from "../../src/client/upload/index.js";
import { manifests, type WireListPage, type WireStatAnswer } from "../../src/protocol/index.js";
import { newId } from "../support/store.js";
import { pseudoBytes } from "./support/memory-store.js";
import { ProvingStore } from "./support/proving.js";

/** Expiry in the client, with proofs and without. C63: it returns nothing that has expired. */

const ANONYMOUS = Uint8Array.of(4);
const WRITER = Uint8Array.of(9, 9, 9, 9, 2);
const HOUR_MS = 3_600_000;

const code = (promise: PromiseLike<unknown>) =>
	promise.then(
		() => "done",
		(error: unknown) => (isBlobError(error) ? error.code : String(error)),
	);
const put = (context: ClientContext, key: string, options: Partial<UploadOptions> = {}) =>
	startUpload(context, pseudoBytes(100), { key, visibility: "public", ...options });

async function names(context: ClientContext, options: ListOptions = {}): Promise<string[]> {
	const all: string[] = [];
	for await (const entries of listPages(context, options))
		for (const entry of entries) all.push(entry.type === "blob" ? entry.blob.key : entry.path);
	return all;
}

/** A store in which half of the blobs are over in an hour, seen by this caller. */
async function storeFor(caller: Uint8Array | undefined, visibility: "public" | "private" = "public") {
	const proving = new ProvingStore();
	const { store, certifier } = proving;
	const role = { id: newId(), who: Principal.fromUint8Array(WRITER), role: { writer: null } };
	await store.direct("blobs_grant_role", role);
	const end = store.host.time + HOUR_MS;
	store.host.sender = caller === WRITER ? WRITER : store.host.sender;
	const owner = proving.context();
	for (const key of ["a/1", "a/2", "a/3", "b", "c"])
		await put(owner, key, { visibility, ...(key !== "b" && { expiresAt: new Date(end) }) }).done;
	store.host.sender = caller ?? store.owner;
	store.calls.length = 0;
	const kinds = () => store.calls.map(({ kind, method }) => `${kind} ${method.slice(6)}`);
	const pass = (ms: number, certifiedMs = ms) => {
		store.host.time += ms;
		certifier.nowMs = store.host.time - ms + certifiedMs;
	};
	certifier.nowMs = store.host.time;
	return { proving, store, kinds, pass, end, context: proving.context() };
}

describe("a key whose blob is over", () => {
	it("holds nothing, by the proof of one node, to the anonymous, to its owner and to who reads everything", async () => {
		for (const [caller, visibility] of [
			[ANONYMOUS, "public"],
			[WRITER, "private"],
			[undefined, "private"],
		] as const) {
			const { context, kinds, pass } = await storeFor(caller, visibility);
			expect((await stat(context, "c")).expiresAt).toBeInstanceOf(Date);
			pass(HOUR_MS);
			expect(await code(stat(context, "c"))).toBe("blob_not_found");
			expect((await stat(context, "b")).expiresAt).toBeUndefined();
			expect(new Set(kinds())).toEqual(new Set(["query stat"]));
		}
	});

	it("is there by a certificate from before its end, and not by one of its very millisecond", async () => {
		const { context, pass, kinds } = await storeFor(ANONYMOUS);
		// The node's clock is past the end; what it proves is a state from before that.
		pass(HOUR_MS, HOUR_MS - 1);
		expect((await stat(context, "c")).key).toBe("c");
		expect(await names(context)).toEqual(["a/1", "a/2", "a/3", "b", "c"]);
		pass(0);
		expect(await code(stat(context, "c"))).toBe("blob_not_found");
		expect(await names(context)).toEqual(["b"]);
		expect(new Set(kinds())).toEqual(new Set(["query stat", "query list"]));
	});

	it("is not believed to be there by the word of a node", async () => {
		const { context, pass, proving } = await storeFor(ANONYMOUS);
		pass(HOUR_MS);
		// As a node says it that shows what is over among the rest.
		proving.tamper = ({ method }, answer) => {
			const { expired, ...rest } = answer as WireStatAnswer & WireListPage;
			if (expired[0] === undefined) return answer;
			const proof = { certificate: [expired[0].certificate], witness: [expired[0].witness] };
			if (method === "blobs_stat") return { ...rest, expired: [], manifest: expired[0].manifests, ...proof };
			const entries = [...rest.entries, ...expired[0].manifests.map((blob) => ({ blob }))];
			const keyOf = (entry: (typeof entries)[0]) =>
				"blob" in entry ? manifests.decode(entry.blob).key : entry.directory;
			entries.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
			return { ...rest, expired: [], entries, ...proof };
		};
		expect(await code(stat(context, "c"))).toBe("blob_not_found");
		expect(await names(context)).toEqual(["b"]);
		const manifest = { key: "c", root: pseudoBytes(32) };
		expect(await code(statRef(context, manifest, {}))).toBe("blob_not_found");
	});

	it("is not made so by a node that says it of another, or shows another manifest", async () => {
		const { context, pass, proving, kinds } = await storeFor(ANONYMOUS);
		pass(HOUR_MS);
		const { expired } = (await new Promise((resolve) => {
			proving.tamper = (_, answer) => {
				resolve(answer as WireStatAnswer);
				return answer;
			};
			code(stat(context, "c"));
		})) as WireStatAnswer;
		const lie = (other: object) => {
			proving.tamper = ({ kind }, answer) =>
				kind === "query" ? { ...(answer as object), manifest: [], ...other } : answer;
		};
		lie({ expired });
		expect(await code(stat(context, "b"))).toBe("manifest_corrupt");
		const forged = manifests.encode({ ...manifests.decode(expired[0]!.manifests[0]!), key: "b" });
		lie({ expired: [{ ...expired[0]!, manifests: [forged] }] });
		expect(await code(stat(context, "b"))).not.toBe("blob_not_found");
		expect(kinds()).not.toContain("update stat");
	});

	it("is passed over by lists that nodes prove, page by page, a page of nothing else too", async () => {
		const { context, pass, kinds } = await storeFor(ANONYMOUS);
		pass(HOUR_MS);
		for (const pageSize of [1, 2, 3, 1_000]) expect(await names(context, { pageSize })).toEqual(["b"]);
		expect(await names(context, { prefix: "a/" })).toEqual([]);
		expect(await names(context, { prefix: "a/", recursive: false, pageSize: 2 })).toEqual([]);
		expect(await names(context, { after: "a/2" })).toEqual(["b"]);
		expect(new Set(kinds())).toEqual(new Set(["query list"]));
	});

	it("is left out by the subnet, and by one node that is asked for its word", async () => {
		const { context, pass, store } = await storeFor(undefined, "private");
		pass(HOUR_MS);
		for (const trust of ["subnet", "node"] as const) {
			expect(await names(context, { trust, pageSize: 1 })).toEqual(["b"]);
			expect(await code(stat(context, "c", { trust }))).toBe("blob_not_found");
		}
		store.host.sender = store.owner;
		expect(await names(context)).toEqual(["b"]);
	});

	it("leaves no entry of a page unproven: one that a node leaves out is missed", async () => {
		const { context, pass, proving } = await storeFor(ANONYMOUS);
		pass(HOUR_MS);
		proving.tamper = (_, answer) => {
			const page = answer as WireListPage;
			const [first] = page.expired;
			return first === undefined
				? answer
				: { ...page, expired: [{ ...first, manifests: first.manifests.slice(1) }] };
		};
		expect(await code(names(context))).toBe("list_corrupt");
	});

	it("ends a download that is under way as one of a key that holds nothing", async () => {
		const { context, pass } = await storeFor(ANONYMOUS);
		const reading = new Download(context, "c", {});
		const blob = await reading.open();
		pass(HOUR_MS);
		expect(await code(blob.chunk(0))).toBe("blob_not_found");
		expect(await code(new Download(context, blob.manifest, {}).bytes())).toBe("blob_not_found");
	});
});

describe("when a blob ends", () => {
	it("is told by every way to put one, as a Date or in milliseconds, and stands in JSON", async () => {
		const { context, store, end, proving } = await storeFor(undefined);
		store.host.sender = store.owner;
		const own = proving.context();
		const expected = new Date(end);
		const large = await startUpload(own, pseudoBytes(3_000_000), { key: "l", expiresAt: expected }).done;
		const small = await put(own, "s", { expiresAt: end }).done;
		const { items: files } = await startBatch(own, [{ key: "m", source: pseudoBytes(9), expiresAt: end }], {})
			.done;
		const [many] = files.map((file) => (file.status === "failed" ? undefined : file.manifest));
		for (const manifest of [large, small, many]) {
			expect(manifest!.expiresAt).toEqual(expected);
			expect(JSON.parse(JSON.stringify(manifest)).expiresAt).toBe(expected.toISOString());
			expect((await stat(context, manifest!.key)).expiresAt).toEqual(expected);
		}
		expect((await updateBlob(own, "s", { expiresAt: "never" })).expiresAt).toBeUndefined();
		expect((await updateBlob(own, "s", { expiresAt: end + 5 })).expiresAt).toEqual(new Date(end + 5));
		expect((await updateBlob(own, "s", { contentType: "a/b" })).expiresAt).toEqual(new Date(end + 5));
	});

	it("is the earlier one where a rule says so, of files that travel together as well", async () => {
		const { proving, store } = await storeFor(undefined);
		store.host.sender = store.owner;
		const rules = [{ prefix: "tmp/", life: BigInt(HOUR_MS) * 1_000_000n }];
		await store.direct("blobs_set_expiry_rules", { id: newId(), rules });
		const items = ["tmp/a", "kept"].map((key) => ({ key, source: pseudoBytes(9) }));
		const { items: files } = await startBatch(proving.context(), items, {}).done;
		const ends = files.map((file) => file.status !== "failed" && file.manifest.expiresAt);
		expect(ends).toEqual([new Date(store.host.time + HOUR_MS), undefined]);
	});

	it("is refused where it is over, by the store, and where it is no time, before any request", async () => {
		const { proving, store } = await storeFor(undefined);
		store.host.sender = store.owner;
		const own = proving.context();
		expect(await code(put(own, "x", { expiresAt: store.host.time }).done)).toBe("invalid_argument");
		store.calls.length = 0;
		for (const expiresAt of [new Date(Number.NaN), -1, 1.5, Number.POSITIVE_INFINITY, 2 ** 52, "x" as never])
			expect(await code(put(own, "x", { expiresAt }).done)).toBe("option_invalid");
		expect(store.calls).toEqual([]);
	});

	it("is changed by a second uploadMany that skips what is there", async () => {
		const { proving, store, end } = await storeFor(undefined);
		store.host.sender = store.owner;
		const items = [{ key: "b", source: pseudoBytes(100), visibility: "public" as const, expiresAt: end }];
		const once = await startBatch(proving.context(), items, { skipUnchanged: true }).done;
		expect(once).toMatchObject({ updated: 1, uploaded: 0 });
		expect(once.items[0]).toMatchObject({ manifest: { expiresAt: new Date(end) } });
		const twice = await startBatch(proving.context(), items, { skipUnchanged: true }).done;
		expect(twice).toMatchObject({ unchanged: 1 });
	});
});
