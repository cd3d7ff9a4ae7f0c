import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Actor, AnonymousIdentity, Cbor, type HashTree, type HttpAgent, type Identity } from "@dfinity/agent";
import { IDL } from "@dfinity/candid";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import type { Principal } from "@dfinity/principal";
import { afterAll, beforeAll, describe, expect, inject, test, vi } from "vitest";
import { deployCanister, installWasm } from "../../examples/support/deploy.js";
import { openNetwork, type TestNetwork } from "../../examples/support/network.js";
import { MAX_CHUNK_BYTES, MIN_CHUNK_BYTES } from "../../src/protocol/index.js";
import { withSource } from "../support/build.js";
import { idlFactory } from "../support/idl.js";
import { pack } from "../support/packed.js";
import {
	held,
	newId,
	ok,
	plainly,
	publication,
	refusal,
	rootOf,
	type Store,
	versionOf,
} from "../support/store.js";
import { libraries, prove } from "../support/verify.js";

/**
 * examples/beside, built from the packed tarball: a store beside an application that has its own init, post_upgrade,
 * inspect_message, http_request and timer.
 */

const root = join(import.meta.dirname, "../..");

interface Page {
	status_code: number;
	headers: [string, string][];
	body: Uint8Array;
}
interface Guestbook extends Store {
	sign(name: string): Promise<number>;
	leave(): Promise<void>;
	invite(friend: Principal): Promise<string>;
	uninvite(friend: Principal): Promise<number>;
	names(): Promise<string[]>;
	growth(): Promise<[string, number][]>;
	guests(): Promise<{ count: number; certificate: Uint8Array; witness: Uint8Array }>;
	http_request(request: { url: string; method: string; body: Uint8Array; headers: [] }): Promise<Page>;
}

const header = IDL.Tuple(IDL.Text, IDL.Text);
const body = IDL.Vec(IDL.Nat8);
const OWN = {
	sign: IDL.Func([IDL.Text], [IDL.Nat32], []),
	leave: IDL.Func([], [], []),
	invite: IDL.Func([IDL.Principal], [IDL.Text], []),
	uninvite: IDL.Func([IDL.Principal], [IDL.Nat32], []),
	names: IDL.Func([], [IDL.Vec(IDL.Text)], ["query"]),
	growth: IDL.Func([], [IDL.Vec(IDL.Tuple(IDL.Text, IDL.Nat32))], ["query"]),
	guests: IDL.Func([], [IDL.Record({ count: IDL.Nat32, certificate: body, witness: body })], ["query"]),
	http_request: IDL.Func(
		[IDL.Record({ url: IDL.Text, method: IDL.Text, body, headers: IDL.Vec(header) })],
		[IDL.Record({ status_code: IDL.Nat16, headers: IDL.Vec(header), body })],
		["query"],
	),
};
const factory: IDL.InterfaceFactory = (idl) => {
	const store = Object.fromEntries((idlFactory(idl) as IDL.ServiceClass)._fields);
	// The guestbook's `http_request` is its own, in the place of the store's.
	return IDL.Service({ ...store, ...OWN } as Record<string, IDL.FuncClass>);
};

const HOUR = 3_600_000;
let network: TestNetwork;
let wasm: Uint8Array;

beforeAll(async () => {
	network = await openNetwork({ signatures: "test" });
	wasm = await readFile(inject("wasm").guestbook);
});
afterAll(async () => {
	vi.useRealTimers();
	await network?.dispose();
});

const bytes = new TextEncoder().encode("a portrait");
const putOf = (key: string) => ({ id: newId(), key, ...publication(rootOf(bytes, MAX_CHUNK_BYTES)) });

interface Deployed {
	readonly agent: HttpAgent;
	readonly canisterId: Principal;
	readonly guestbook: Guestbook;
	as(identity: Identity): Promise<Guestbook>;
}

async function deploy(code = wasm, its = network): Promise<Deployed> {
	const agent = await its.agent(Ed25519KeyIdentity.generate());
	const canisterId = await deployCanister(agent, code);
	const of = (by: HttpAgent) => plainly<Guestbook>(Actor.createActor(factory, { agent: by, canisterId }));
	return {
		agent,
		canisterId,
		guestbook: of(agent),
		as: async (identity) => of(await its.agent(identity)),
	};
}

/** Network and agents have the same clock, which stands still so far ahead. */
function passTime(ms: number): void {
	vi.useFakeTimers({ toFake: ["Date"], now: performance.timeOrigin + performance.now() + ms });
}

/** The example with pieces of its main file replaced by others that are no longer. */
const buildWith = (...pieces: readonly [string, string][]): Uint8Array =>
	pieces.reduce((built, [before, after]) => withSource(built, before, after.padEnd(before.length)), wasm);

test("the tarball has the interface and the documents, and nothing but what is shipped", async () => {
	const { files } = await pack(inject("run"));
	for (const file of ["candid/store.did", "candid/store.did.d.ts", "candid/store.did.js", "docs/PROTOCOL.md"])
		expect(files).toContain(file);
	const shipped =
		/^(dist\/(backup|bin|canister|client|encryption|http|localnet|protocol|service-worker|wasm)\/|candid\/|docs\/|README.md$|CHANGELOG.md$|LICENSE$|package.json$)/;
	expect(files.filter((file) => !shipped.test(file))).toEqual([]);
});

test("source maps of the package hold their sources, which are not in it", async () => {
	const { files } = await pack(inject("run"));
	const maps = files.filter((file) => file.endsWith(".map"));
	expect(maps.length).toBeGreaterThan(500);
	for (const map of maps) {
		const { sources, sourcesContent } = JSON.parse(await readFile(join(root, map), "utf8"));
		expect(sourcesContent?.length, map).toBe(sources.length);
	}
});

describe("where a store is", () => {
	test("an upgrade with another memoryOffset traps, and the old code goes on", async () => {
		const moved = buildWith(["memoryOffset: 10,", "memoryOffset: 30,"]);
		const { guestbook, agent, canisterId } = await deploy();
		const manifest = ok(await guestbook.blobs_put_blob(putOf("a"), bytes));
		await expect(installWasm(agent, canisterId, moved, "upgrade")).rejects.toThrow(
			/no store was found from memory id 30 on.*change\s+it back/,
		);
		// One that overlaps the store's own range, even where the upgrade is said to add the store.
		const overlapping = withSource(moved, "memoryOffset: 30,", "memoryOffset: 12,");
		await expect(installWasm(agent, canisterId, overlapping, "upgrade")).rejects.toThrow(
			/no store was found from memory id 12 on, and something else is stored under id .*Choose another/,
		);
		expect(ok(await guestbook.blobs_get_chunk("a", versionOf(manifest), 0))).toEqual(bytes);
		expect(await guestbook.sign("Grace")).toBe(1);
	});

	test("an upgrade adds a store to an application that had none, where that is said", async () => {
		const without = buildWith(
			["Store.init();", ""],
			["Store.postUpgrade();", ""],
			["Store.inspectMessage()", "undefined"],
			["Store.certify(", "(() => {})("],
			['Store.serve("/",', '(() => {})("/",'],
			['Store.serve("/*",', '(() => {})("/*",'],
			["[Guestbook, Store]", "[Guestbook]"],
		);
		const adding = buildWith(["capacity: { minCycles: CYCLES_FOR_SIGNING }", "allowEmptyStore: true"]);
		const { guestbook, agent, canisterId } = await deploy(without);
		expect(await guestbook.sign("Ada")).toBe(1);
		await expect(installWasm(agent, canisterId, wasm, "upgrade")).rejects.toThrow(/allowEmptyStore: true/);
		expect(await guestbook.sign("Grace")).toBe(2);

		await installWasm(agent, canisterId, adding, "upgrade");
		const manifest = ok(await guestbook.blobs_put_blob(putOf("a"), bytes));
		// From now on it is as any other, with or without the setting.
		await installWasm(agent, canisterId, wasm, "upgrade");
		expect(ok(await guestbook.blobs_get_chunk("a", versionOf(manifest), 0))).toEqual(bytes);
		expect(await guestbook.names()).toEqual(["Ada", "Grace"]);
	});
});

test("C147 its own page beside the blobs, verified by a gateway, also after an upgrade", async () => {
	// The gateway's library verifies real signatures alone.
	const verified = await openNetwork({ signatures: "bls" });
	try {
		const { guestbook, agent, canisterId } = await deploy(wasm, verified);
		const get = (path: string, init: RequestInit = {}) =>
			fetch(`${verified.url}${path}?canisterId=${canisterId}`, init);
		ok(await guestbook.blobs_put_blob(putOf("blob"), bytes));
		const shown = async () => {
			const page = await get("/");
			expect(page.status).toBe(200);
			expect(page.headers.get("content-type")).toBe("text/plain; charset=utf-8");
			const tag = page.headers.get("etag")!;
			expect((await get("/", { headers: { "if-none-match": tag } })).status).toBe(304);
			expect((await get("/", { method: "HEAD" })).headers.get("etag")).toBe(tag);
			expect(await (await get("/files/blob")).text()).toBe("a portrait");
			for (const path of ["/blob", "/files", "/files/none", "/x/y", "/files/blob/"])
				expect((await get(path)).status, path).toBe(404);
			expect(await (await get("/blob")).text()).toBe("Sign the guestbook at /.\n");
			return page.text();
		};
		expect(await shown()).toBe("");
		await guestbook.sign("Ada");
		expect(await shown()).toMatch(/^Ada \(.*\)\n$/);
		await installWasm(agent, canisterId, wasm, "upgrade");
		expect(await shown()).toMatch(/^Ada \(.*\)\n$/);
		// Of another method the application's answers, which is not certified here.
		const request = { url: "/", method: "POST", body: new Uint8Array(), headers: [] as [] };
		expect((await guestbook.http_request(request)).status_code).toBe(404);
		expect((await get("/", { method: "POST" })).status).toBe(503);
	} finally {
		await verified.dispose();
	}
});

describe("the guestbook with its store", () => {
	const ada = Ed25519KeyIdentity.generate();
	const stranger = Ed25519KeyIdentity.generate();
	let deployed: Deployed;
	let asAda: Guestbook;
	let asStranger: Guestbook;
	beforeAll(async () => {
		deployed = await deploy();
		asAda = await deployed.as(ada);
		asStranger = await deployed.as(stranger);
	});

	test("its own methods and the store's", async () => {
		expect(await asAda.sign("Ada")).toBe(1);
		expect(await asAda.names()).toEqual(["Ada"]);
		const { guestbook } = deployed;
		const manifest = ok(await guestbook.blobs_put_blob(putOf("by the owner"), bytes));
		expect(ok(await guestbook.blobs_get_chunk("by the owner", versionOf(manifest), 0))).toEqual(bytes);
	});

	test("its rule allows, refuses, and leaves the rest to the roles", async () => {
		const own = `pictures/${ada.getPrincipal()}/ada.png`;
		ok(await asAda.blobs_put_blob(putOf(own), bytes));
		// Beyond what strangers may send: the application says that a guest is none.
		const large = new Uint8Array(100_000);
		const request = {
			id: newId(),
			key: `${own}.large`,
			...publication(rootOf(large, MAX_CHUNK_BYTES)),
		};
		ok(await asAda.blobs_put_blob(request, large));
		await expect(asStranger.blobs_put_blob({ ...request, id: newId() }, large)).rejects.toThrow("IC0406");
		const elsewhere = `pictures/${stranger.getPrincipal()}/x.png`;
		for (const result of [
			// Has not signed; not even for the controller, who is an administrator.
			await asStranger.blobs_put_blob(putOf(elsewhere), bytes),
			await asStranger.blobs_put_blob(putOf(own), bytes),
			await asAda.blobs_put_blob(putOf(elsewhere), bytes),
			await deployed.guestbook.blobs_put_blob(putOf(own), bytes),
		])
			expect(refusal(result)).toEqual({ not_authorized: { needs: "a permission of the application" } });
		expect(refusal(await asAda.blobs_put_blob(putOf("films/ada.mp4"), bytes))).toEqual({
			not_authorized: { needs: "the role writer, or a grant for the key" },
		});
		const deletion = { id: newId(), key: own, precondition: { none: null } };
		expect(refusal(await asStranger.blobs_delete(deletion))).toEqual({
			not_authorized: { needs: "a permission of the application" },
		});
		expect(ok(await deployed.guestbook.blobs_delete({ ...deletion, id: newId() })).deleted).toBe(true);
	});

	test("C115 its code gives grants: who is invited by a guest puts into that album, within bounds, until it is taken back", async () => {
		const friend = Ed25519KeyIdentity.generate();
		const who = friend.getPrincipal();
		const asFriend = await deployed.as(friend);
		const put = async (key: string, parts = {}) =>
			asFriend.blobs_put_blob({ ...putOf(key), ...parts }, bytes);
		const lacking = { not_authorized: { needs: "the role writer, or a grant for the key" } };
		const album = `albums/${ada.getPrincipal()}/`;
		expect(refusal(await put(`${album}a.png`))).toMatchObject({ not_authorized: {} });
		await expect(asFriend.invite(who)).rejects.toThrow("sign first");
		expect(await asAda.invite(who)).toBe(album);
		// Beyond what strangers may send.
		const large = new Uint8Array(100_000);
		const request = { id: newId(), key: `${album}b.png`, ...publication(rootOf(large, MAX_CHUNK_BYTES)) };
		ok(await asFriend.blobs_put_blob(request, large));
		expect(refusal(await put("albums/else/a.png"))).toEqual(lacking);
		expect(refusal(await put(`${album}c.png`, { visibility: { private: null } }))).toMatchObject({
			not_authorized: { needs: "a grant that is for private blobs, too" },
		});
		const { guestbook, canisterId } = deployed;
		const list = { of: { held_by: who }, after: [] as [], limit: 9 };
		const [grant] = ok(await guestbook.blobs_list_grants(list)).grants;
		expect(grant).toMatchObject({ terms: { prefix: album, blobs: [10n], public_only: true }, under: [] });
		const { changes } = ok(await guestbook.blobs_changes({ after: [], limit: 1_000, min_version: [] }));
		const given = changes.find(({ change }) => "grant" in change);
		expect(given!.by.toText()).toBe(canisterId.toText());
		for (let more = 0; more < 7; more++) await asAda.invite(who);
		await expect(asAda.invite(who)).rejects.toThrow(/quota_exceeded.*grants/);
		expect(await asAda.uninvite(who)).toBe(8);
		// As a stranger again.
		expect(refusal(await put(`${album}d.png`))).toHaveProperty("not_authorized");
		expect(ok(await guestbook.blobs_list_grants(list)).grants).toEqual([]);
	});

	test("inspect_message refuses what the store's methods cannot take, and what the application's rule says", async () => {
		const { agent, canisterId } = deployed;
		/** What is said of a message that no block takes: the answer to the call itself. */
		const refusedBy = async (its: HttpAgent, methodName: string, arg: Uint8Array) => {
			const { response } = await its.call(canisterId, { methodName, arg, effectiveCanisterId: canisterId });
			const { body } = response;
			return body !== null && "reject_message" in body ? body.reject_message : undefined;
		};
		const refused = expect.stringContaining("rejected the message");
		const bomb = new Uint8Array(Buffer.from("4449444c026d7b6d7f0200010080c2d72f", "hex"));
		const sign = (name: string) => IDL.encode([IDL.Text], [name]);
		expect(await refusedBy(agent, "blobs_delete", bomb)).toEqual(refused);
		expect(await refusedBy(agent, "sign", sign("x".repeat(300)))).toEqual(refused);
		// Methods that nobody brought, the store's own names among them, and those that Azle adds for itself.
		for (const name of ["nothing", "blobs_nothing", "_azle_chunk", "_azle_heap_allocation"])
			expect(await refusedBy(agent, name, IDL.encode([], [])), name).toEqual(refused);
		const anonymous = await network.agent(new AnonymousIdentity());
		expect(await refusedBy(anonymous, "sign", sign("nobody"))).toEqual(refused);
		expect(await asAda.names()).toEqual(["Ada"]);
		expect(await refusedBy(agent, "sign", sign("Grace"))).toBeUndefined();
		expect(await asAda.names()).toEqual(["Ada", "Grace"]);
	});

	test("C93 its films can be jumped into: a gateway asks for such a range by an update", async () => {
		const film = Uint8Array.from({ length: MIN_CHUNK_BYTES + 500 }, (_, i) => (i * 31 + (i >> 8)) & 0xff);
		const key = `pictures/${ada.getPrincipal()}/film.webm`;
		const id = newId();
		const size = BigInt(film.length);
		ok(await asAda.blobs_begin_upload({ id, key, size: [size], chunk_size: MIN_CHUNK_BYTES }));
		ok(await asAda.blobs_put_chunk(id, 0, film.subarray(0, MIN_CHUNK_BYTES)));
		ok(await asAda.blobs_put_chunk(id, 1, film.subarray(MIN_CHUNK_BYTES)));
		ok(await asAda.blobs_commit_upload({ id, size, ...publication(rootOf(film, MIN_CHUNK_BYTES)) }));
		const url = `${network.url}/files/${key}?canisterId=${deployed.canisterId}`;
		await expect.poll(async () => ok(await deployed.guestbook.blobs_stats()).certifying).toBe(0n);
		const answer = await fetch(url, { headers: { range: `bytes=${MIN_CHUNK_BYTES + 7}-` } });
		expect(answer.status).toBe(206);
		expect(answer.headers.get("content-range")).toBe(
			`bytes ${MIN_CHUNK_BYTES + 7}-${film.length - 1}/${size}`,
		);
		expect(new Uint8Array(await answer.arrayBuffer())).toEqual(film.subarray(MIN_CHUNK_BYTES + 7));
		// Longer than any gateway's: refused before it is read.
		const arg = IDL.encode([IDL.Vec(IDL.Nat8)], [new Uint8Array(20_000)]);
		const call = { methodName: "http_request_update", arg, effectiveCanisterId: deployed.canisterId };
		const { response } = await deployed.agent.call(deployed.canisterId, call);
		expect(response.body).toMatchObject({ reject_message: expect.stringContaining("rejected the message") });
	});

	test("C145 it certifies data of its own beside the store's, also after an upgrade", async () => {
		const { guestbook, agent, canisterId } = deployed;
		ok(await guestbook.blobs_put_blob(putOf("beside"), bytes));
		const [library] = libraries;
		const utf8 = (text: string) => new TextEncoder().encode(text);
		const provenGuests = async () => {
			const { count, certificate, witness } = await guestbook.guests();
			const { tree } = Cbor.decode<{ tree: HashTree }>(certificate);
			const path = [utf8("canister"), canisterId.toUint8Array(), utf8("certified_data")];
			const certified = library!.find(Cbor.encode(tree), path) as { value: Uint8Array };
			const proof = { certificate: [certificate] as [Uint8Array], witness: [witness] as [Uint8Array] };
			const rootKey = network.rootKey;
			const found = await prove(library!, proof, canisterId, rootKey, [utf8("guests")], certified.value);
			expect(found).toEqual({ value: new Uint8Array(Uint32Array.of(count).buffer) });
			return count;
		};
		expect(await provenGuests()).toBe(2);
		await installWasm(agent, canisterId, wasm, "upgrade");
		expect(await provenGuests()).toBe(2);
	});

	// From here on the clock stands, but for where a test sets it ahead: no network goes back in time.
	test("C141 a guest who leaves reveals nothing of what is staged", async () => {
		passTime(0);
		const { guestbook } = deployed;
		const batch = newId();
		const key = `pictures/${ada.getPrincipal()}/late.png`;
		const { id: _, ...item } = putOf(key);
		ok(await asAda.blobs_stage({ id: newId(), batch, items: [{ put: { ...item, content: bytes } }] }));
		ok(await asAda.blobs_reveal({ id: newId(), batch }));
		await asAda.leave();
		passTime(5_000);
		const broken = { key, refusal: { code: "not_authorized" } };
		const staged = async () => ok(await guestbook.blobs_list_batches()).batches[0];
		await expect.poll(staged).toMatchObject({ state: "open", broken: [broken] });
		expect(ok(await guestbook.blobs_stat({ key, min_version: [] })).manifest).toEqual([]);
	});

	// The last of the file.
	test("its timer goes on, and an upgrade keeps both states", async () => {
		const { guestbook, agent, canisterId } = deployed;
		const hours = async () => (await guestbook.growth()).length;
		passTime(HOUR);
		await expect.poll(hours).toBe(1);
		const before = held(await guestbook.blobs_stat({ key: "by the owner", min_version: [] }));
		await installWasm(agent, canisterId, wasm, "upgrade");
		expect(await guestbook.names()).toEqual(["Ada", "Grace"]);
		expect(held(await guestbook.blobs_stat({ key: "by the owner", min_version: [] }))).toEqual(before);
		passTime(2.1 * HOUR);
		await expect.poll(hours).toBe(2);
		expect((await guestbook.growth()).map(([, count]) => count)).toEqual([2, 2]);
	});
});
