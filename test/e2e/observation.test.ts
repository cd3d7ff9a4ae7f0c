import { Ed25519KeyIdentity } from "@dfinity/identity";
import { afterAll, beforeAll, expect, test } from "vitest";
import { installWasm } from "../../examples/support/deploy.js";
import { errorCode, errorMessage, type WireError } from "../../src/protocol/index.js";
import { deployProxy } from "../support/proxy.js";
import { anonymous, outcome, send, UPDATES } from "../support/requests.js";
import {
	isNamed,
	newId,
	ok,
	openStore,
	type PlainResult,
	refusal,
	type Store,
	type StoreFixture,
} from "../support/store.js";
import { begin, bytesOf, commitOf, put, putAll, putItem, putRequest, S } from "../support/transfers.js";

/** Status information of the store, and the content of its errors. */

let fixture: StoreFixture;
let store: Store;
beforeAll(async () => {
	fixture = await openStore({ metering: true });
	store = fixture.store;
});
afterAll(() => fixture.dispose());

const methodIn = async (name: string) =>
	ok(await store.blobs_stats()).methods.find((row) => row.name === name)!;

test("C53 stats and metrics are for administrators; the public sees no balance", async () => {
	await put(store, "a", bytesOf(10));
	for (const role of [{ writer: null }, { reader: null }, { backup: null }, undefined] as const) {
		const identity = Ed25519KeyIdentity.generate();
		const who = identity.getPrincipal();
		if (role !== undefined) ok(await store.blobs_grant_role({ id: newId(), who, role }));
		const as = await fixture.storeFor(identity);
		expect(refusal(await as.blobs_stats())).toHaveProperty("not_authorized");
		expect(refusal(await as.blobs_metrics())).toHaveProperty("not_authorized");
	}
	const asAnonymous = await fixture.storeFor(anonymous);
	expect(refusal(await asAnonymous.blobs_stats())).toEqual({ anonymous: {} });
	expect(Object.keys(ok(await asAnonymous.blobs_status())).sort()).toEqual([
		"features",
		"generation",
		"http_prefix",
		"keep_deleted_days",
		"last",
		"mode",
		"protocol",
	]);

	const stats = ok(await store.blobs_stats());
	// A chunk of the least that counts, a record, a key of one byte, a type of 24.
	const bytes = BigInt(4_096 + 896 + 4 + 24);
	expect(stats).toMatchObject({ blobs: 1n, bytes, chunks: 1n, open_uploads: 0n, sha256: "native" });
	expect(stats.cycles).toBeGreaterThan(0n);
	expect(stats.stable_pages[0]).toBeGreaterThan(0n);
});

test("C53 metrics are Prometheus text, and say what the stats say", async () => {
	let stats: Awaited<ReturnType<typeof ask>>;
	let text: string;
	const ask = async () => ok(await store.blobs_stats());
	do {
		stats = await ask();
		text = ok(await store.blobs_metrics());
		// A timer that makes slots may have gone off between the two.
	} while ((await ask()).slots_free !== stats.slots_free);
	const samples = new Map<string, string>();
	for (const line of text.trimEnd().split("\n")) {
		expect(line).toMatch(/^(# (HELP|TYPE) [a-z0-9_]+ .+|[a-z][a-z0-9_]*(\{[a-z0-9_]+="[^"]*"\})? \d+)$/);
		if (!line.startsWith("#")) samples.set(line.slice(0, line.lastIndexOf(" ")), line.split(" ").at(-1)!);
	}
	const value = (name: string) => BigInt(samples.get(`canister_blobs_${name}`)!);
	expect(value("blobs")).toBe(stats.blobs);
	expect(value("bytes")).toBe(stats.bytes);
	expect(value("chunks")).toBe(stats.chunks);
	expect(value("slots_free")).toBe(stats.slots_free);
	expect(value("stable_memory_bytes")).toBe(stats.stable_pages[0]! * 65_536n);
	expect(value('sha256_info{implementation="native"}')).toBe(1n);
	for (const { name, calls, refused, instructions } of stats.methods.filter((row) => row.calls > 0n)) {
		expect(value(`calls_total{method="${name}"}`)).toBe(calls);
		expect(value(`refused_calls_total{method="${name}"}`)).toBe(refused);
		expect(value(`instructions_total{method="${name}"}`)).toBe(instructions);
	}
});

test("calls, refusals by code and instructions are counted", async () => {
	const before = await methodIn("blobs_put_chunk");
	const missing = async () =>
		ok(await store.blobs_stats()).refusals.find(({ code }) => code === "upload_not_found")!.count;
	const refusedBefore = await missing();
	await send(store, "blobs_put_chunk");
	const after = await methodIn("blobs_put_chunk");
	expect(after.calls - before.calls).toBe(1n);
	expect(after.refused - before.refused).toBe(1n);
	expect((await missing()) - refusedBefore).toBe(1n);
});

test.skipIf(isNamed)("the instructions of a call are counted as the system counts them", async () => {
	const before = await methodIn("blobs_put_chunk");
	const records = await fixture.measure(() => send(store, "blobs_put_chunk"));
	const after = await methodIn("blobs_put_chunk");
	const metered = records.find(({ kind }) => kind === "update")!.instructions;
	const counted = after.instructions - before.instructions;
	// The store counts until it has written its answer; what the system does after that it cannot see.
	expect(counted).toBeGreaterThan(metered / 2n);
	expect(counted).toBeLessThanOrEqual(metered);
});

test("items refused within a message of many are counted by their codes, and the message as done", async () => {
	const counted = async () => {
		const { refusals, methods } = ok(await store.blobs_stats());
		const of = (code: string) => refusals.find((row) => row.code === code)!.count;
		const { calls, refused } = methods.find(({ name }) => name === "blobs_put_many")!;
		return [of("root_mismatch"), of("precondition_failed"), calls, refused];
	};
	const before = await counted();
	const wrong = ["many/b", "many/c"].map((key) => ({ ...putItem(key, bytesOf(10)), root: bytesOf(32) }));
	const taken = {
		...putItem("many/a", bytesOf(10)),
		precondition: { version: { sequence: 1_000_000n, canister_version: 1n } },
	};
	const blobs = [putItem("many/a", bytesOf(10)), ...wrong, taken];
	ok(await store.blobs_put_many({ id: newId(), blobs }));
	const after = await counted();
	expect(after.map((count, i) => count - before[i]!)).toEqual([2n, 1n, 1n, 0n]);
	const text = ok(await store.blobs_metrics());
	expect(text).toContain(`\ncanister_blobs_refusals_total{code="root_mismatch"} ${after[0]}\n`);
});

test("what is malformed is counted, too", async () => {
	const malformed = async () =>
		ok(await store.blobs_stats()).refusals.find(({ code }) => code === "malformed")!.count;
	const before = await malformed();
	const proxy = await deployProxy(fixture.agent);
	ok(await store.blobs_grant_role({ id: newId(), who: proxy.principal, role: { writer: null } }));
	for (const name of ["blobs_delete", "blobs_copy"] as const)
		await proxy.call(fixture.canisterId, name, new Uint8Array(3));
	expect(await malformed()).toBe(before + 2n);
});

test("C54 errors say what to do, and hold nothing of a blob's bytes", async () => {
	const marker = Buffer.from("the bytes of a blob, which no error may hold");
	const bytes = new Uint8Array(Buffer.alloc(S, marker));
	const id = await begin(store, "errors", 2 * S);
	await put(store, "errors", bytes);
	const results: PlainResult<unknown>[] = [
		await store.blobs_put_chunk(id, 0, bytes.subarray(1)),
		await store.blobs_put_chunk(id, 7, bytes),
		await store.blobs_put_chunk(id, 0, Buffer.concat([bytes, bytes])),
		await store.blobs_put_chunk(bytes.slice(0, 16), 0, bytes),
		await store.blobs_put_chunk(bytes, 0, bytes),
		await store.blobs_link_chunks({ id, from: 0, leaves: bytes.subarray(0, 33) }),
		await store.blobs_commit_upload(commitOf(id, bytes)),
		await store.blobs_put_blob({ ...putRequest("errors", bytes), root: bytes.slice(0, 32) }, bytes),
		await store.blobs_put_blob({ ...putRequest("errors", bytes), root: bytes }, bytes),
		await store.blobs_put_blob(putRequest("errors", bytes, { precondition: { absent: null } }), bytes),
	];
	// The switch of modes would be done.
	for (const name of UPDATES.filter((name) => name !== "blobs_set_mode")) {
		const result = outcome(await send(store, name, "errors/nothing"));
		if ("err" in result) results.push(result);
	}
	const codes = new Set<string>();
	for (const result of results) {
		const error = refusal(result);
		codes.add(errorCode(error));
		const text = errorMessage(error);
		expect(text).toMatch(/^[A-Z].*\.$/);
		for (const said of [text, spell(error)]) {
			expect(said).not.toContain("the bytes of");
			expect(said).not.toContain(marker.toString("hex").slice(0, 16));
		}
	}
	expect(codes.size).toBeGreaterThan(6);
});

const spell = (error: WireError) =>
	JSON.stringify(error, (_, value) =>
		typeof value === "bigint"
			? `${value}`
			: value instanceof Uint8Array
				? Buffer.from(value).toString("hex")
				: value,
	);

test("C55 counters survive an upgrade", async () => {
	const id = await begin(store, "open", S + 1);
	await putAll(store, id, bytesOf(S + 1));
	// What replaced blobs left behind goes meanwhile, and is counted less.
	await expect.poll(async () => ok(await store.blobs_stats()).cleaning, { timeout: 20_000 }).toBe(0n);
	const before = ok(await store.blobs_stats());
	await installWasm(fixture.agent, fixture.canisterId, fixture.wasm, "upgrade");
	const after = ok(await store.blobs_stats());
	expect(after.open_uploads).toBe(before.open_uploads);
	const counts = ({
		status,
		blobs,
		bytes,
		chunks,
		slots_made,
		slots_free,
		feed_entries,
		methods,
		refusals,
	}: typeof before) => ({
		status,
		blobs,
		bytes,
		chunks,
		slots_made,
		slots_free,
		feed_entries,
		methods,
		refusals,
	});
	expect(counts(after)).toEqual(counts(before));
});
