import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { installWasm } from "../../examples/support/deploy.js";
import { type AgentLike, BlobClient as WebClient } from "../../src/client/index.js";
import {
	BlobClient,
	type BlobClientOptions,
	fromPath,
	isBlobError,
	type RequestEvent,
	toFile,
} from "../../src/client/node/index.js";
import type { FaultScript } from "../../src/localnet/index.js";
import { openStore, type StoreFixture } from "../support/store.js";
import { AGENTS, type AgentOptions } from "./support/agents.js";
import { withFaults } from "./support/faults.js";
import { pseudoBytes } from "./support/memory-store.js";
import { hastyPorts } from "./support/ports.js";
import { failure } from "./support/transfers.js";

const S = 131_072;
/** Seventeen chunks, the last of them short: just too large for one call. */
const SIZE = 2_064_384 + 100_001;

const all = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
	const found: T[] = [];
	for await (const item of items) found.push(item);
	return found;
};

describe.each(AGENTS)("with $name", (agents) => {
	/** What does not depend on who signs and verifies is tried with one agent. */
	const isFirst = agents === AGENTS[0];
	const owner = Ed25519KeyIdentity.generate();
	let fixture: StoreFixture;
	let directory: string;
	/** The owner's. */
	let agent: AgentLike;
	/** Updates that were executed, by method. */
	let executed: string[] = [];

	const agentAs = (options: Partial<AgentOptions> = { key: owner }) =>
		agents.agent({ host: fixture.network.url, rootKey: fixture.network.rootKey, ...options });

	beforeAll(async () => {
		fixture = await openStore(
			{
				onMessage: ({ method, kind }) =>
					kind === "update" && method.startsWith("blobs_") && executed.push(method),
			},
			owner,
		);
		agent = await agentAs();
		directory = await mkdtemp(join(tmpdir(), "blobs-store-"));
	});
	afterEach(() => fixture.network.local?.faults.clear());
	afterAll(async () => {
		await fixture.dispose();
		await rm(directory, { recursive: true });
	});

	const client = (options: Partial<BlobClientOptions> = {}) =>
		new BlobClient({
			agent,
			canisterId: fixture.canisterId,
			chunkBytes: S,
			concurrency: { uploads: 4, downloads: 4 },
			ports: hastyPorts,
			...options,
		});
	const through = (script: FaultScript) => withFaults(fixture.network.local!, script);

	describe("a blob goes up and comes down", () => {
		const url = () => fixture.network.url;
		for (const [name, Client, make] of [
			["by the node client", BlobClient, () => agentAs()],
			["by the web client", WebClient, () => agentAs()],
			["signed by a session", BlobClient, () => agentAs({ key: owner, sessionMs: 600_000 })],
			["with a root key that was fetched", BlobClient, () => agents.agent({ host: url(), key: owner })],
		] as const)
			it(name, async () => {
				const client = new Client({ agent: await make(), canisterId: fixture.canisterId, chunkBytes: S });
				for (const size of [0, 77, SIZE]) {
					const bytes = pseudoBytes(size);
					const manifest = await client.upload(bytes, { key: `agents/${size}`, resume: false }).done;
					expect(Buffer.compare(await client.download(`agents/${size}`).bytes(), bytes)).toBe(0);
					expect(Buffer.compare(await client.download(manifest).bytes(), bytes)).toBe(0);
				}
			});

		it("in chunks of the default size, from a file into a file", async () => {
			const bytes = pseudoBytes(5_000_000);
			const [from, to] = [join(directory, "from"), join(directory, "to")];
			await writeFile(from, bytes);
			const blobs = client({ chunkBytes: 2_080_768 });
			const manifest = await blobs.upload(await fromPath(from), { key: "file" }).done;
			expect(manifest).toMatchObject({ size: 5_000_000, chunkBytes: 2_080_768 });
			await toFile(blobs.download("file"), to);
			expect(Buffer.compare(await readFile(to), bytes)).toBe(0);
		});
	});

	describe("whatever happens at the wire", () => {
		const run = async (fault: FaultScript, chunkBytes = S) => {
			const faulty = through(fault);
			const blobs = client({ chunkBytes });
			const bytes = pseudoBytes(SIZE, 3);
			executed = [];
			const transfer = blobs.upload(bytes, { key: "faults", resume: false });
			await transfer.done;
			expect(transfer.progress).toMatchObject({ loaded: SIZE, total: SIZE, reused: 0, sent: SIZE });
			const counts = Object.fromEntries(
				executed.map((method) => [method, executed.filter((each) => each === method).length]),
			);
			expect(Buffer.compare(await blobs.download("faults").bytes(), bytes)).toBe(0);
			return { counts, faulty };
		};
		const ONCE = { blobs_begin_upload: 1, blobs_put_chunk: 17, blobs_commit_upload: 1 };

		it("nothing at all: one message a chunk, and two more", async () => {
			const { counts, faulty } = await run(() => undefined);
			expect(counts).toEqual(ONCE);
			expect(faulty.seen.filter(({ kind }) => kind === "read_state").length).toBeLessThanOrEqual(1);
		});

		it("every third reply is lost: each message is executed once", async () => {
			const { counts } = await run(({ kind, nth }) =>
				kind === "call" && nth % 3 === 0 ? "reply-lost" : undefined,
			);
			expect(counts).toEqual(ONCE);
		});

		it("no call is answered at once", async () => {
			const { counts } = await run(({ kind }) => (kind === "call" ? "accepted" : undefined));
			expect(counts).toEqual(ONCE);
		});

		it("half of all requests are refused with 429 and 503, queries too", async () => {
			const { counts } = await run(({ index }) =>
				index % 4 === 0 ? { status: 429, retryAfter: 1 } : index % 4 === 2 ? { status: 503 } : undefined,
			);
			expect(counts).toEqual(ONCE);
		});

		it("every second query is lost", async () => {
			await run(({ kind, nth }) => (kind === "query" && nth % 2 === 0 ? "reply-lost" : undefined));
		});

		if (!isFirst) return;

		it("any one request is lost or refused: each message is executed once", async () => {
			for (const fault of ["reply-lost", "lost"] as const)
				for (let n = 0; n < 8; n++) {
					const { counts } = await run(({ index }) => (index === n ? fault : undefined), 1_000_000);
					expect(counts).toEqual({ ...ONCE, blobs_put_chunk: 3 });
				}
		}, 180_000);
	});

	it("believes one node what it proves, and asks no update for it", async () => {
		const blobs = client();
		const bytes = pseudoBytes(1000, 7);
		const made = [
			await blobs.upload(bytes, { key: "proven/public/key", visibility: "public" }).done,
			await blobs.upload(bytes, { key: "proven/public", visibility: "public" }).done,
			await blobs.upload(bytes, { key: "proven/private" }).done,
		];
		executed = [];
		for (const manifest of made) expect(await client().stat(manifest.key)).toEqual(manifest);
		for (const { key } of made) expect(Buffer.compare(await blobs.download(key).bytes(), bytes)).toBe(0);
		const stranger = client({ agent: await agentAs({}) });
		for (const key of ["proven", "proven/private", "proven/public/key/more", "zzz"])
			expect(isBlobError(await failure(stranger.stat(key)), "blob_not_found")).toBe(true);
		expect((await all(blobs.changes())).length).toBeGreaterThan(0);
		expect(executed).toEqual([]);
	});

	if (!isFirst) return;

	describe("resume", () => {
		it("in another client, after the canister was upgraded", async () => {
			const bytes = pseudoBytes(SIZE, 4);
			const path = join(directory, "resumed");
			await writeFile(path, bytes);
			const first = client().upload(await fromPath(path), { key: "resumed" });
			await new Promise<void>((resolve) => {
				first.on("progress", ({ loaded }) => loaded > 5 * S && resolve());
			});
			await first.abort("the power fails");
			expect(isBlobError(await failure(first.done), "aborted")).toBe(true);

			const blobs = client();
			const [open] = await all(blobs.listUploads({ key: "resumed" }));
			expect(open).toMatchObject({ key: "resumed", size: SIZE, chunkBytes: S });
			await installWasm(fixture.agent, fixture.canisterId, fixture.wasm, "upgrade");
			const second = blobs.upload(await fromPath(path), { key: "resumed" });
			await second.done;
			// More may have arrived since: what was under way when the first one stopped.
			expect(open!.receivedChunks).toBeGreaterThanOrEqual(5);
			expect(second.progress.reused).toBeGreaterThanOrEqual(open!.receivedChunks * S);
			expect(Buffer.compare(await blobs.download("resumed").bytes(), bytes)).toBe(0);
			expect(await all(blobs.listUploads({ key: "resumed" }))).toEqual([]);
		});

		it("not of what was given up", async () => {
			const blobs = client();
			const transfer = blobs.upload(pseudoBytes(SIZE, 5), { key: "given/up" });
			await new Promise<void>((resolve) => {
				transfer.on("progress", ({ loaded }) => loaded > 0 && resolve());
			});
			await transfer.abort();
			const [open] = await all(blobs.listUploads({ key: "given/up" }));
			await blobs.abortUpload(open!.id);
			expect(await all(blobs.listUploads({ key: "given/up" }))).toEqual([]);
			expect(isBlobError(await failure(blobs.stat("given/up")), "blob_not_found")).toBe(true);
		});
	});

	describe("reads and changes", () => {
		it("replaces metadata or merges it, whoever else changes it meanwhile", async () => {
			const blobs = client();
			const first = await blobs.upload(pseudoBytes(10), { key: "said", metadata: { a: "1", b: "2" } }).done;
			const replaced = await blobs.update("said", { replaceMetadata: { c: "3", d: "4" } });
			expect(replaced.metadata).toEqual({ c: "3", d: "4" });
			const merging = ["e", "f"].map((name) => blobs.update("said", { mergeMetadata: { [name]: "5" } }));
			await Promise.all(merging);
			const merged = await blobs.update("said", { mergeMetadata: { c: null, d: "6" } });
			expect(merged.metadata).toEqual({ d: "6", e: "5", f: "5" });
			const twelve = Array.from({ length: 12 }, (_, i) => `n${i}`);
			await Promise.all(twelve.map((name) => blobs.update("said", { mergeMetadata: { [name]: name } })));
			expect((await blobs.stat("said")).metadata).toEqual({
				...merged.metadata,
				...Object.fromEntries(twelve.map((name) => [name, name])),
			});
			const late = await failure(blobs.update("said", { mergeMetadata: { g: "7" }, ifMatch: first }));
			expect(isBlobError(late, "precondition_failed")).toBe(true);
			const both = await failure(blobs.update("said", { mergeMetadata: {}, replaceMetadata: {} }));
			expect(isBlobError(both, "option_invalid") && both.details.option).toBe("mergeMetadata");
		});

		it("sees at once what it has changed", async () => {
			const blobs = client();
			for (let i = 0; i < 5; i++) {
				const manifest = await blobs.upload(pseudoBytes(10, i + 1), { key: "stat" }).done;
				expect(await blobs.stat("stat", { trust: "node" })).toEqual(manifest);
				expect(await blobs.stat("stat")).toEqual(manifest);
			}
			expect(await blobs.find("stat")).toEqual(await blobs.stat("stat"));
			expect(await blobs.find("stat/none")).toBeUndefined();
			const told: RequestEvent[] = [];
			blobs.on("request", (request) => told.push(request));
			await blobs.upload(pseudoBytes(1_000), { key: "stat" }).done;
			expect(told.at(-1)).toMatchObject({ method: "blobs_put_blob", kind: "call", attempt: 1, status: 200 });
			expect(told.at(-1)!.sentBytes).toBeGreaterThan(1_000);
			expect(told.at(-1)!.receivedBytes).toBeGreaterThan(100);
			expect(isBlobError(await failure(blobs.find("//")), "invalid_argument")).toBe(true);
			const later = await failure(
				client({ retry: { maxAttempts: 2 } }).stat("stat", {
					minVersion: { sequence: 10n ** 9n, canisterVersion: 10n ** 9n },
				}),
			);
			expect(isBlobError(later, "behind") && later.action).toBe("retry");
		});

		it("lists by prefix and directory, page by page", async () => {
			const blobs = client();
			const keys = ["list/a", "list/b/1", "list/b/2", "list/c"];
			for (const key of keys) await blobs.upload(new Uint8Array(1), { key }).done;
			const names = (await all(blobs.list({ prefix: "list/", pageSize: 1 }))).map((entry) =>
				entry.type === "blob" ? entry.blob.key : entry.path,
			);
			expect(names).toEqual(keys);
			const folded = await all(blobs.list({ prefix: "list/", recursive: false }));
			expect(folded.map((entry) => (entry.type === "blob" ? entry.blob.key : entry.path))).toEqual([
				"list/a",
				"list/b/",
				"list/c",
			]);
		});

		it("deletes only the version it is told to", async () => {
			const blobs = client();
			const manifest = await blobs.upload(new Uint8Array(1), { key: "gone" }).done;
			const { sequence, canisterVersion } = manifest;
			const wrong = await failure(
				blobs.delete("gone", {
					ifMatch: { sequence: sequence - 1n, canisterVersion },
				}),
			);
			expect(isBlobError(wrong, "precondition_failed") && wrong.details.sequence).toBe(sequence);
			expect((await blobs.delete("gone", { ifMatch: manifest })).deleted).toBe(true);
			expect((await blobs.delete("gone")).deleted).toBe(false);
		});

		it("changes, copies, renames and deletes without a byte on the way, and tells all of it as changes", async () => {
			const blobs = client();
			const bytes = pseudoBytes(SIZE, 6);
			const begun = await blobs.latestCursor();
			const manifest = await blobs.upload(bytes, { key: "kept/a" }).done;
			const told = await blobs.update("kept/a", { contentType: "image/png", ifMatch: manifest });
			expect(told).toMatchObject({ contentType: "image/png", root: manifest.root });
			await blobs.copy("kept/a", "kept/b");
			await blobs.rename("kept/a", "kept/c", { ifNoneMatch: "*" });
			const range = { start: S - 5, end: SIZE };
			for (const key of ["kept/b", "kept/c"])
				expect(Buffer.compare(await blobs.download(key, { range }).bytes(), bytes.subarray(S - 5))).toBe(0);
			const deleted = await blobs.deleteMany(["kept/b", "kept/c", "kept/none"]).done;
			expect(deleted).toMatchObject({ deleted: 2, absent: 1, failed: 0 });
			const changes = await all(blobs.changes({ after: begun }));
			expect(changes.map((each) => (each.type === "published" ? each.manifest.key : each.type))).toEqual([
				...["kept/a", "kept/a", "kept/b", "deleted", "kept/c", "deleted", "deleted"],
			]);
			expect(await all(blobs.changes({ after: changes.at(-1)!.cursor }))).toEqual([]);
			const forged = { ...begun, head: "01".repeat(32) };
			expect(isBlobError(await failure(all(blobs.changes({ after: forged }))), "cursor_unknown")).toBe(true);
		});

		it("administers: mode, quotas, figures", async () => {
			const blobs = client();
			const { generation } = await blobs.mode();
			const draining = await blobs.admin.setMode("draining", generation);
			expect(draining).toMatchObject({ mode: "draining", generation: generation + 1n });
			const faulty = through(() => undefined);
			const refused = await failure(client().upload(new Uint8Array(1), { key: "late" }).done);
			expect(isBlobError(refused, "not_live") && refused.message).toContain("draining");
			// Fewer times than the policy has it: a mode may stay for hours, and the caller is told why within seconds.
			expect(faulty.seen.filter(({ kind }) => kind === "call").length).toBe(5);
			await blobs.admin.setMode("live", draining.generation);
			const other = Ed25519KeyIdentity.generate().getPrincipal();
			const unbound = Number.POSITIVE_INFINITY;
			const quota = {
				openUploads: 3,
				blobs: 10,
				bytes: 10_000,
				receivedPerDay: unbound,
				changesPerDay: unbound,
				cyclesPerDay: unbound,
			};
			await blobs.admin.setQuota(other, quota);
			expect(await blobs.account(other.toText(), { trust: "subnet" })).toMatchObject({
				quota,
				hasOwnQuota: true,
			});
			expect((await blobs.admin.statistics()).methods.map(({ name }) => name)).toContain("blobs_put_chunk");
			expect(await blobs.admin.metrics()).toMatch(/canister_blobs_blobs \d+/);
			expect(await all(blobs.admin.listAllUploads())).toEqual(
				await all(blobs.admin.listAllUploads({ trust: "subnet" })),
			);
		});

		it("tries a call as often as it may, whoever refuses it", async () => {
			const blobs = client();
			const { generation } = await blobs.mode();
			const maintenance = await blobs.admin.setMode("maintenance", generation);
			const faulty = through(({ kind, nth }) =>
				kind === "call" && nth % 2 === 0 ? { status: 503 } : undefined,
			);
			const refused = await failure(client({ retry: { maxAttempts: 4 } }).delete("any"));
			expect(isBlobError(refused, "not_live")).toBe(true);
			const calls = faulty.seen.filter(({ kind }) => kind === "call");
			fixture.network.local?.faults.clear();
			await blobs.admin.setMode("live", maintenance.generation);
			expect(calls.length).toBe(4);
		});

		it("gives roles and takes them away, and keeps private what is private", async () => {
			const other = Ed25519KeyIdentity.generate();
			const blobs = client();
			const theirs = client({ agent: await agentAs({ key: other }) });
			await blobs.upload(new Uint8Array(1), { key: "private" }).done;
			await blobs.upload(new Uint8Array(1), { key: "public", visibility: "public" }).done;
			await theirs.stat("public");
			expect(isBlobError(await failure(theirs.stat("private")), "blob_not_found")).toBe(true);
			const refused = await failure(theirs.upload(new Uint8Array(1), { key: "theirs" }).done);
			expect(isBlobError(refused, "not_authorized") && refused.action).toBe("ask");

			const who = other.getPrincipal();
			await blobs.admin.grantRole(who, "reader");
			await blobs.admin.grantRole(who.toText(), "writer");
			await theirs.stat("private");
			await theirs.upload(new Uint8Array(1), { key: "theirs" }).done;
			const [entry] = (await all(blobs.admin.listAccounts())).filter((each) => each.who === who.toText());
			expect([...(entry?.roles ?? [])].sort()).toEqual(["reader", "writer"]);
			await blobs.admin.revokeRole(who, "reader");
			expect(isBlobError(await failure(theirs.stat("private")), "blob_not_found")).toBe(true);
		});
	});
});
