import { Principal } from "@dfinity/principal";
import { beforeAll, describe, expect, it } from "vitest";
import { stat, statRef } from "../../src/client/blobs/stat.js";
import type { ClientContext } from "../../src/client/context.js";
import { Download } from "../../src/client/download/download.js";
import { isBlobError, type UploadOptions } from "../../src/client/index.js";
import { startUpload } from "../../src/client/upload/index.js";
import { manifests, type WireChanges, type WireStatAnswer } from "../../src/protocol/index.js";
import { newId } from "../support/store.js";
import { pseudoBytes } from "./support/memory-store.js";
import { ProvingStore } from "./support/proving.js";

const ANONYMOUS = Uint8Array.of(4);
const writer = Uint8Array.of(9, 9, 9, 9, 2);
const code = (promise: PromiseLike<unknown>) =>
	promise.then(
		() => "done",
		(error: unknown) => (isBlobError(error) ? error.code : String(error)),
	);
const put = (context: ClientContext, key: string, options: Partial<UploadOptions> = {}) =>
	startUpload(context, pseudoBytes(100), { key, ...options });

/** A store with some blobs, whose calls are of this principal from now on. */
async function storeFor(caller: Uint8Array | undefined) {
	const proving = new ProvingStore();
	const { store } = proving;
	const owner = proving.context();
	for (const key of ["a/b", "a", "a/c", "z"]) await put(owner, key, { visibility: "public" }).done;
	await put(owner, "secret").done;
	const role = { id: newId(), who: Principal.fromUint8Array(writer), role: { writer: null } };
	await store.direct("blobs_grant_role", role);
	store.host.sender = writer;
	await put(proving.context(), "mine").done;
	store.host.sender = caller ?? store.owner;
	store.calls.length = 0;
	const kinds = () => store.calls.map(({ kind, method }) => `${kind} ${method.slice(6)}`);
	return { proving, store, kinds, context: proving.context() };
}

describe("what one node proves is asked of no subnet", () => {
	it("a public blob, by anybody", async () => {
		for (const caller of [ANONYMOUS, writer, undefined]) {
			const { context, kinds } = await storeFor(caller);
			for (const key of ["a", "a/b", "z"]) expect((await stat(context, key)).key).toBe(key);
			expect(kinds()).toEqual(Array(3).fill("query stat"));
			expect(context.seen.version.sequence).toBe(4n);
		}
	});

	it("a private blob, by its owner and by who reads everything", async () => {
		for (const [caller, keys] of [
			[writer, ["mine"]],
			[undefined, ["mine", "secret"]],
		] as const) {
			const { context, kinds } = await storeFor(caller);
			for (const key of keys) expect((await stat(context, key)).visibility).toBe("private");
			expect(new Set(kinds())).toEqual(new Set(["query stat"]));
		}
	});

	it("that there is nothing, to the anonymous", async () => {
		const { context, kinds } = await storeFor(ANONYMOUS);
		for (const key of ["0", "a/b/c", "a/bb", "none", "secret", "zz"])
			expect(await code(stat(context, key))).toBe("blob_not_found");
		expect(new Set(kinds())).toEqual(new Set(["query stat"]));
	});

	it("that there is nothing, to who has asked in vain twice and reads but its own", async () => {
		const { context, kinds } = await storeFor(writer);
		for (const key of ["none", "secret", "other", "a/x"])
			expect(await code(stat(context, key))).toBe("blob_not_found");
		expect(kinds()).toEqual([
			...["query stat", "update stat"],
			...["query stat", "update stat", "update account"],
			...["query stat", "query stat"],
		]);
	});
});

describe("what no node proves is asked of the subnet", () => {
	it("that there is nothing, to who reads everything", async () => {
		const { context, kinds } = await storeFor(undefined);
		for (const key of ["none", "other", "third"])
			expect(await code(stat(context, key))).toBe("blob_not_found");
		expect(kinds().slice(-2)).toEqual(["query stat", "update stat"]);
	});

	it("that there is nothing, once a change of one's own may have made the first salt", async () => {
		const { context, proving, kinds } = await storeFor(writer);
		proving.tamper = ({ method }, answer) =>
			method === "blobs_stat" ? { ...(answer as object), salt: [] } : answer;
		for (const key of ["1", "2", "3"]) await code(stat(context, key));
		expect(kinds().slice(-1)).toEqual(["query stat"]);
		await put(context, "more").done;
		await code(stat(context, "4"));
		expect(kinds()).toContain("update put_blob");
		expect(kinds().slice(-2).sort()).toEqual(["update account", "update stat"]);
	});

	it("that there is nothing, of a canister that does not say who administers it", async () => {
		const { context, proving, kinds } = await storeFor(writer);
		proving.tamper = ({ method }, answer) =>
			method === "blobs_account" ? { ...(answer as object), administers: [], roles: ["writer"] } : answer;
		for (const key of ["1", "2", "3", "4"]) expect(await code(stat(context, key))).toBe("blob_not_found");
		expect(kinds().slice(-3).sort()).toEqual(["query stat", "update account", "update stat"]);
	});

	it("where no proof came along, and where every node is behind", async () => {
		const { context, proving, kinds, store } = await storeFor(undefined);
		proving.proves = false;
		expect((await stat(context, "a/b")).key).toBe("a/b");
		expect(kinds()).toEqual(["query stat", "update stat"]);
		proving.proves = true;
		store.calls.length = 0;
		const late = await code(
			stat(context, "a/b", { minVersion: { sequence: 1000n, canisterVersion: 1000n } }),
		);
		expect(late).toBe("behind");
		expect(kinds()).toEqual([...Array(5).fill("query stat"), "update stat"]);
	});

	it("where the caller wants it so, and where a node lies about a ref", async () => {
		const { context, kinds, store } = await storeFor(undefined);
		const { root } = await stat(context, "a", { trust: "subnet" });
		expect(kinds()).toEqual(["update stat"]);
		store.calls.length = 0;
		await stat(context, "a", { trust: "node" });
		expect(kinds()).toEqual(["query stat"]);
		store.calls.length = 0;
		expect((await statRef(context, { key: "a", root }, {})).key).toBe("a");
		expect(kinds()).toEqual(["query stat"]);
		expect(await code(statRef(context, { key: "a", root: new Uint8Array(32) }, {}))).toBe("blob_replaced");
		expect(kinds().at(-1)).toBe("update stat");
		store.calls.length = 0;
		expect((await statRef(context, { key: "a", root }, { trust: "subnet" })).key).toBe("a");
		expect(kinds()).toEqual(["update stat"]);
		store.calls.length = 0;
		expect(await code(statRef(context, { key: "none", root }, {}))).toBe("blob_not_found");
		expect(kinds()).toEqual(["query stat", "update stat"]);
	});

	it("what is said of a ref's blob, which its root does not bind", async () => {
		const { context, proving, kinds, store } = await storeFor(undefined);
		const { root, contentType } = await stat(context, "a");
		const lie = (answer: WireStatAnswer) => ({
			...answer,
			manifest: [manifests.encode({ ...manifests.decode(answer.manifest[0]!), content_type: "text/html" })],
		});
		proving.tamper = ({ kind, method }, answer: WireStatAnswer) =>
			kind === "query" && method === "blobs_stat" ? lie(answer) : answer;
		const read = new Download(context, { key: "a", root }, {});
		expect(await code(read.blob())).toBe("manifest_corrupt");
		// One that brings no proof along is no witness to anything but the bytes.
		proving.proves = false;
		store.calls.length = 0;
		expect((await read.blob()).type).toBe(contentType);
		expect(await read.manifest()).toMatchObject({ contentType, visibility: "public" });
		expect(kinds().slice(0, 2)).toEqual(["query stat", "update stat"]);
	});
});

describe("what a node says against its proof is not believed", () => {
	let made: Awaited<ReturnType<typeof storeFor>>;
	let mine: Awaited<ReturnType<typeof storeFor>>;
	beforeAll(async () => {
		made = await storeFor(undefined);
		mine = await storeFor(writer);
		for (const key of ["none", "other"]) await code(stat(mine.context, key));
	});
	const told = (
		from: typeof made,
		key: string,
		change: (answer: WireStatAnswer) => Partial<WireStatAnswer> | Promise<Partial<WireStatAnswer>>,
	) => {
		from.proving.tamper = async ({ method, kind }, answer) =>
			method === "blobs_stat" && kind === "query"
				? { ...(answer as object), ...(await change(answer)) }
				: answer;
		return code(stat(from.context, key));
	};

	it("another manifest, a true one of another key, or none", async () => {
		const [other] = ((await made.store.direct("blobs_stat", { key: "z", min_version: [] })) as WireStatAnswer)
			.manifest;
		expect(await told(made, "a/b", () => ({ manifest: [other!] }))).toBe("manifest_corrupt");
		for (const key of ["a/b", "none"]) {
			const forged = manifests.encode({ ...manifests.decode(other!), key });
			expect(await told(made, key, () => ({ manifest: [forged] }))).toBe("manifest_corrupt");
		}
		expect(await told(made, "a/b", () => ({ manifest: [] }))).toBe("manifest_corrupt");
	});

	it("that the caller has no salt, or that its own blob is none: the subnet is asked", async () => {
		const { store } = mine;
		store.host.sender = ANONYMOUS;
		const request = { key: "mine", min_version: [] };
		const { witness } = (await store.direct("blobs_stat", request)) as WireStatAnswer;
		store.host.sender = writer;
		for (const lie of [{ manifest: [] }, { manifest: [], salt: [], witness }] as Partial<WireStatAnswer>[]) {
			store.calls.length = 0;
			expect(await told(mine, "mine", () => lie)).toBe("done");
			expect(mine.kinds()).toEqual(["query stat", "update stat"]);
		}
	});

	it("a witness that leaves the place out", async () => {
		const first = { after: [], limit: 1, min_version: [] };
		const { witness } = (await made.store.direct("blobs_changes", first)) as WireChanges;
		const hide = () => ({ witness });
		expect(await told(made, "a/b", hide)).toBe("witness_invalid");
	});

	it("a state from before, once it is older than a certificate may be", async () => {
		const { proving, store, context } = await storeFor(undefined);
		const request = { key: "a/b", min_version: [] };
		const { witness } = (await store.direct("blobs_stat", request)) as WireStatAnswer;
		const certificate: [Uint8Array] = [proving.certifier.certificate(proving.root)];
		proving.tamper = ({ method, kind }, answer) =>
			method === "blobs_stat" && kind === "query" ? { ...(answer as object), certificate, witness } : answer;
		proving.certifier.nowMs += 299_000;
		expect(await code(stat(context, "a/b"))).toBe("done");
		proving.certifier.nowMs += 2_000;
		store.calls.length = 0;
		expect(await code(stat(context, "a/b"))).toBe("certificate_stale");
		expect(store.count("blobs_stat")).toBe(3);
		// The same through a client that has never seen it fresh.
		expect(await code(stat(proving.context(), "a/b"))).toBe("certificate_stale");
	});
});
