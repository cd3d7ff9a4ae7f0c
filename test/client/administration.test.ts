import { Principal } from "@dfinity/principal";
import { describe, expect, it } from "vitest";
import { account, mode } from "../../src/client/account.js";
import * as administration from "../../src/client/administration/administration.js";
import { moveBlob, updateBlob } from "../../src/client/blobs/changing.js";
import { startDeleting } from "../../src/client/blobs/deleting.js";
import { stat } from "../../src/client/blobs/stat.js";
import { Download } from "../../src/client/download/download.js";
import {
	ClientError,
	type ItemDeleted,
	type ItemResult,
	isBlobError,
	type Quota,
} from "../../src/client/index.js";
import { startUpload } from "../../src/client/upload/index.js";
import { abortUpload } from "../../src/client/upload/list.js";
import { hex } from "../../src/client/util/bytes.js";
import { newId } from "../support/store.js";
import { MemoryStore, pseudoBytes } from "./support/memory-store.js";

const writer = Uint8Array.of(9, 9, 9, 9, 2);
const who = Principal.fromUint8Array(writer);
const all = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
	const found: T[] = [];
	for await (const item of items) found.push(item);
	return found;
};
const failure = (promise: PromiseLike<unknown>) =>
	promise.then(
		() => undefined,
		(error: unknown) => error,
	);
const codeOf = async (promise: PromiseLike<unknown>) => {
	const error = await failure(promise);
	return isBlobError(error) ? error.code : undefined;
};

describe("changes that carry no bytes", () => {
	const filled = async () => {
		const store = new MemoryStore();
		const context = store.context();
		const bytes = pseudoBytes(100);
		const manifest = await startUpload(context, bytes, { key: "a", metadata: { name: "one", other: "two" } })
			.done;
		return { store, context, bytes, manifest };
	};

	it("update changes what is given, and leaves what is not", async () => {
		const { context, manifest } = await filled();
		const typed = await updateBlob(context, "a", { contentType: "text/plain" });
		expect(typed).toMatchObject({ contentType: "text/plain", metadata: { name: "one", other: "two" } });
		expect(typed.sequence).toBeGreaterThan(manifest.sequence);
		expect(typed.root).toEqual(manifest.root);
		const said = await updateBlob(context, "a", { replaceMetadata: { third: "3" }, visibility: "public" });
		expect(said).toMatchObject({ contentType: "text/plain", metadata: { third: "3" }, visibility: "public" });
		expect(await stat(context, "a")).toEqual(said);
		expect(context.seen.version.sequence).toBe(said.sequence);
		const late = updateBlob(context, "a", { replaceMetadata: {}, ifMatch: typed });
		expect(await codeOf(late)).toBe("precondition_failed");
		expect(await codeOf(updateBlob(context, "none", { replaceMetadata: {} }))).toBe("blob_not_found");
	});

	it("copy and rename move no byte, and keep to their preconditions", async () => {
		const { context, store, bytes, manifest } = await filled();
		store.calls.length = 0;
		const copied = await moveBlob(context, "blobs_copy", "a", "b/c");
		expect(copied).toMatchObject({ key: "b/c", root: manifest.root });
		const renamed = await moveBlob(context, "blobs_rename", "a", "d", {
			sourceIfMatch: manifest,
			ifNoneMatch: "*",
		});
		expect(renamed.key).toBe("d");
		expect(store.calls.map(({ method }) => method)).toEqual(["blobs_copy", "blobs_rename"]);
		for (const key of ["b/c", "d"])
			expect(Buffer.compare(await new Download(context, key, {}).bytes(), bytes)).toBe(0);
		expect(await codeOf(stat(context, "a"))).toBe("blob_not_found");
		const onto = moveBlob(context, "blobs_copy", "d", "b/c", { ifNoneMatch: "*" });
		expect(await codeOf(onto)).toBe("precondition_failed");
	});

	it("are the same message at every attempt, so that a lost answer costs no second change", async () => {
		const { context, store } = await filled();
		const ids: Uint8Array[] = [];
		store.hooks = { before: ({ args }) => void ids.push((args[0] as { id: Uint8Array }).id) };
		for (let i = 0; i < 3; i++) await updateBlob(context, "a", { replaceMetadata: {} });
		expect(new Set(ids.map((id) => Buffer.from(id).toString("hex"))).size).toBe(3);
		for (const id of ids) expect(id.length).toBe(16);
	});

	it("deleteMany sends again what one message has no instructions for", async () => {
		const store = new MemoryStore();
		const context = store.context();
		const keys = Array.from({ length: 12 }, (_, i) => `k/${i}`);
		for (const key of keys) await startUpload(context, new Uint8Array(1), { key }).done;
		// Four items, for which it is asked once, take what a message may.
		let asked = 0;
		store.host.instructions = () => 14e9 * asked++;
		store.hooks.before = () => {
			asked = 0;
		};
		const { items } = await startDeleting(context, keys).done;
		expect(items.map(({ key, status }) => [key, status])).toEqual(keys.map((key) => [key, "deleted"]));
		expect(store.count("blobs_delete_many")).toBe(3);
	});

	it("deleteMany says what became of each, in messages of a thousand", async () => {
		const { context, store } = await filled();
		await startUpload(context, new Uint8Array(1), { key: "b" }).done;
		store.calls.length = 0;
		const keys = [
			"a",
			{ key: "b", ifMatch: { sequence: 1n, canisterVersion: 1n } },
			...Array.from({ length: 1000 }, (_, i) => `n/${i}`),
			...["not//fine", "a"],
		];
		const transfer = startDeleting(context, keys);
		const told: ItemResult<ItemDeleted>[] = [];
		transfer.on("item", (item) => told.push(item));
		const { items, ...counts } = await transfer.done;
		expect(store.count("blobs_delete_many")).toBe(2);
		expect(counts).toEqual({ deleted: 1, absent: 1000, failed: 3 });
		expect(transfer.progress).toEqual({ items: { ...counts, total: 1004 }, retries: 0 });
		expect(items[0]).toMatchObject({ key: "a", status: "deleted", version: { sequence: 3n } });
		expect(items[1]).toMatchObject({ key: "b", status: "failed", error: { code: "precondition_failed" } });
		expect(items.slice(2, 1002).every(({ status }) => status === "absent")).toBe(true);
		expect(items[1001]?.key).toBe("n/999");
		expect(items[1002]).toMatchObject({ key: "not//fine", error: { code: "invalid_argument" } });
		expect(items[1003]).toMatchObject({ key: "a", error: { code: "key_repeated" } });
		expect(new Set(told)).toEqual(new Set(items));
		expect(await codeOf(stat(context, "a"))).toBe("blob_not_found");
	});

	it("deleteMany waits while it is paused, and says what was done before its keys broke off or a message failed", async () => {
		const { context, store } = await filled();
		const fault = new Error("no more keys");
		const paused = startDeleting(context, ["a"]);
		paused.pause();
		await new Promise((resolve) => setImmediate(resolve));
		expect(store.count("blobs_delete_many")).toBe(0);
		await paused.resume();
		expect(await paused.done).toMatchObject({ deleted: 1, failed: 0 });
		function* broken() {
			yield "b";
			throw fault;
		}
		const error = await failure(startDeleting(context, broken()).done);
		if (!isBlobError(error, "items_failed")) throw error;
		expect(error.cause).toBe(fault);
		expect(error.details.result).toMatchObject({ absent: 1, items: [{ key: "b", status: "absent" }] });
		store.hooks.before = async ({ nth }) => {
			if (nth === 2) throw new ClientError("network", { url: "http://h" });
		};
		const keys = Array.from({ length: 1_500 }, (_, i) => `n/${i}`);
		const { items, ...counts } = await startDeleting(context, keys).done;
		expect(counts).toEqual({ deleted: 0, absent: 500, failed: 1_000 });
		expect(items[0]).toMatchObject({ status: "failed", error: { code: "network" } });
	});

	it("are refused before anything is sent where they break a bound", async () => {
		const { context, store } = await filled();
		store.calls.length = 0;
		const codes = await Promise.all(
			[
				updateBlob(context, "a//b", {}),
				updateBlob(context, "a", { contentType: "no type" }),
				updateBlob(context, "a", { replaceMetadata: { "NOT A NAME": "" } }),
				moveBlob(context, "blobs_copy", "a", ""),
				moveBlob(context, "blobs_rename", "..", "b"),
			].map(codeOf),
		);
		expect(new Set(codes)).toEqual(new Set(["invalid_argument"]));
		expect(store.calls).toEqual([]);
	});
});

describe("administration", () => {
	const QUOTA: Quota = {
		openUploads: 1,
		blobs: 2,
		bytes: 10_000,
		receivedPerDay: 1_000_000,
		changesPerDay: 100,
		cyclesPerDay: 10 ** 12,
	};
	const UNBOUND = {
		blobs: Infinity,
		bytes: Infinity,
		receivedPerDay: Infinity,
		changesPerDay: Infinity,
		cyclesPerDay: Infinity,
	};

	it("shows who administers, by role or as a controller, and what an older canister does not say", async () => {
		const store = new MemoryStore();
		const context = store.context();
		const of = async (principal?: typeof who) => {
			const { roles, administers } = await account(context, principal);
			return { roles, administers };
		};
		expect(await of()).toEqual({ roles: [], administers: true });
		for (const role of ["writer", "reader", "backup"] as const)
			await administration.changeRole(context, "blobs_grant_role", who, role);
		expect((await of(who)).administers).toBe(false);
		await administration.changeRole(context, "blobs_grant_role", who, "admin");
		expect((await of(who)).administers).toBe(true);
		expect((await all(administration.listAccounts(context))).map(({ administers }) => administers)).toEqual([
			true,
		]);
		store.hooks = { answer: (_, answer) => ({ ...(answer as object), administers: [] }) };
		expect((await of()).administers).toBeUndefined();
	});

	it("shows and sets quotas, one's own and everybody's", async () => {
		const store = new MemoryStore();
		const context = store.context();
		const { setQuota } = administration;
		expect(await account(context, who)).toMatchObject({ roles: [], hasOwnQuota: false, quota: UNBOUND });
		await setQuota(context, "everybody", { ...QUOTA, blobs: 7 });
		expect((await account(context, who)).quota.blobs).toBe(7);
		await setQuota(context, who, QUOTA);
		await administration.changeRole(context, "blobs_grant_role", who.toText(), "writer");
		expect(await account(context, who.toText(), { trust: "subnet" })).toEqual({
			who: expect.anything(),
			roles: ["writer"],
			granted: [],
			quota: QUOTA,
			hasOwnQuota: true,
			usage: { openUploads: 0, blobs: 0, bytes: 0, receivedToday: 0, changesToday: 0, cyclesToday: 0 },
			administers: false,
		});
		store.host.sender = writer;
		const theirs = store.context();
		await startUpload(theirs, new Uint8Array(5000), { key: "one" }).done;
		expect((await account(theirs, undefined)).usage).toEqual({
			openUploads: 0,
			blobs: 1,
			bytes: 5000 + 896 + 4 * "one".length + "application/octet-stream".length,
			receivedToday: 5000,
			changesToday: 2,
			cyclesToday: expect.any(Number),
		});
		expect(await codeOf(startUpload(theirs, new Uint8Array(6000), { key: "two" }).done)).toBe(
			"quota_exceeded",
		);
		store.host.sender = store.owner;
		await setQuota(context, who, { openUploads: Infinity, ...UNBOUND });
		expect((await account(context, who)).quota).toEqual({ openUploads: Infinity, ...UNBOUND });
		await setQuota(context, who, undefined);
		expect(await account(context, who)).toMatchObject({ hasOwnQuota: false, quota: { blobs: 7 } });
		const listed = await all(administration.listAccounts(context));
		expect(listed.map((each) => each.who)).toEqual([who.toText()]);
		expect(await codeOf(setQuota(context, who, { ...QUOTA, bytes: -1 }))).toBe("option_invalid");
	});

	it("switches the mode, if it is as the caller has seen it", async () => {
		const store = new MemoryStore();
		const context = store.context();
		const { setMode } = administration;
		const before = await mode(context);
		expect(before).toEqual({
			mode: "live",
			generation: 0n,
			last: { sequence: 0n, canisterVersion: 0n },
			protocol: 1,
			features: ["grants", "batch", "expiry", "undelete", "import", "leases", "owners", "staging"],
			keepDeletedDays: 0,
			urlPrefix: "",
		});
		const after = await setMode(context, "maintenance", before.generation);
		expect(after).toMatchObject({ mode: "maintenance", generation: 1n, last: { sequence: 1n } });
		expect(await mode(context, { trust: "subnet" })).toEqual(after);
		const late = await failure(setMode(context, "live", before.generation));
		expect(isBlobError(late, "mode_changed") && late.details.generation).toBe(1n);
		await setMode(context, "live", 1n);
		expect(await codeOf(setMode(context, "off" as never, 2n))).toBe("option_invalid");
	});

	it("lists and ends uploads of others", async () => {
		const store = new MemoryStore();
		const context = store.context();
		await administration.changeRole(context, "blobs_grant_role", who, "writer");
		store.host.sender = writer;
		const id = newId();
		const request = { id, key: "theirs", size: [], chunk_size: 65_536 };
		await store.direct("blobs_begin_upload", request);
		expect(await codeOf(all(administration.listAllUploads(store.context())))).toBe("not_authorized");
		store.host.sender = store.owner;
		const [open, ...more] = await all(administration.listAllUploads(context));
		expect(open).toMatchObject({ id: hex(id), key: "theirs", chunkBytes: 65_536, size: undefined });
		expect(open?.owner).toBe(who.toText());
		expect(more).toEqual([]);
		await abortUpload(context, id);
		expect((await all(administration.listAllUploads(context))).length).toBe(1);
		await administration.abortUpload(context, who, id);
		await administration.abortUpload(context, who, id);
		expect(await all(administration.listAllUploads(context))).toEqual([]);
	});

	it("shows what the store says about itself", async () => {
		const store = new MemoryStore();
		const context = store.context();
		await startUpload(context, new Uint8Array(5000), { key: "a" }).done;
		const stats = await administration.statistics(context);
		expect(stats).toMatchObject({ blobs: 1, chunks: 1, openUploads: 0, feedEntries: 1 });
		expect(stats.store.mode).toBe("live");
		expect(stats.stableMemoryBytes).toBeUndefined();
		expect(stats.cycles).toBeGreaterThan(0n);
		expect(stats.methods.map(({ name }) => name)).toContain("blobs_put_blob");
		expect(await administration.metrics(context)).toMatch(/^canister_blobs_blobs 1$/m);
	});
});
