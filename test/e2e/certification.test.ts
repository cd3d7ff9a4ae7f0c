import { Actor, HttpAgent } from "@dfinity/agent";
import { IDL } from "@dfinity/candid";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import { HttpAgent as IcpAgent } from "@icp-sdk/core/agent";
import { Ed25519KeyIdentity as IcpIdentity } from "@icp-sdk/core/identity";
import { Principal as IcpPrincipal } from "@icp-sdk/core/principal";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { installWasm } from "../../examples/support/deploy.js";
import {
	Manifest,
	METHODS,
	rootPreimage,
	type WireChanges,
	type WireManifest,
	type WireStatAnswer,
} from "../../src/protocol/index.js";
import { idlFactory, idlOf, idlsOf } from "../support/idl.js";
import {
	newId,
	ok,
	openStore,
	type PlainResult,
	type Store,
	type StoreFixture,
	sha256,
	versionOf,
} from "../support/store.js";
import { bytesOf, none, put, S, upload } from "../support/transfers.js";
import {
	Broken,
	checkManifest,
	type Library,
	libraries,
	pathOfPrivate,
	pathOfPublic,
	prove,
} from "../support/verify.js";

/** Certified content, verified with the agents' own code: certificate, witness, manifest, leaves, chunks. */

const writer = Ed25519KeyIdentity.generate();
let fixture: StoreFixture;
let store: Store;
beforeAll(async () => {
	fixture = await openStore({ signatures: "bls" }, writer);
	store = fixture.store;
});
afterEach(() => {
	vi.useRealTimers();
});
afterAll(() => fixture.dispose());

/** A stat by the library's own agent, whose endpoint decides which delegation comes with the certificate. */
async function statBy(library: Library, key: string): Promise<WireStatAnswer> {
	const { args, result } = METHODS.blobs_stat;
	const arg = IDL.encode(idlsOf(args), [{ key, ...none }]);
	const { url: host, rootKey } = fixture.network;
	const call = { methodName: "blobs_stat", arg };
	let reply: Uint8Array;
	if (library.name === "@dfinity/agent") {
		const agent = await HttpAgent.create({ host, rootKey, identity: writer });
		const answer = await agent.query(fixture.canisterId, call);
		if (!("reply" in answer)) throw new Error(answer.reject_message);
		reply = answer.reply.arg;
	} else {
		const identity = IcpIdentity.fromParsedJson(writer.toJSON());
		const agent = await IcpAgent.create({ host, rootKey, identity });
		const answer = await agent.query(IcpPrincipal.fromText(fixture.canisterId.toText()), call);
		if (!("reply" in answer)) throw new Error(answer.reject_message);
		reply = answer.reply.arg;
	}
	return ok(IDL.decode([idlOf(result)], reply)[0] as unknown as PlainResult<WireStatAnswer>);
}

/** By the library, as any reader would. */
const readManifest = (bytes: Uint8Array): WireManifest =>
	IDL.decode([idlOf(Manifest)], bytes)[0] as unknown as WireManifest;

const proven = (library: Library, proof: WireStatAnswer, path: Uint8Array[], verified?: Uint8Array) =>
	prove(library, proof, fixture.canisterId, fixture.network.rootKey, path, verified);

/** Whether the network answers queries at v3, by which @icp-sdk/core asks: replicas and gateways of 2025 do not. */
async function hasQueryV3(): Promise<boolean> {
	const { url } = fixture.network;
	const path = `/api/v3/canister/${fixture.canisterId}/query`;
	const answer = await fetch(new URL(path, url), { method: "POST", body: new Uint8Array() });
	const isPage = answer.headers.get("content-type")?.includes("html") ?? false;
	return ![404, 405, 501].includes(answer.status) && !isPage;
}

describe.each(libraries)("with $name", (library) => {
	beforeEach(async ({ skip }) => {
		const isServed = library.name !== "@icp-sdk/core" || (await hasQueryV3());
		skip(!isServed, "this network has no query v3, by which @icp-sdk/core asks");
	});

	test("C35 certified data follows every change, and an upgrade", async () => {
		const expectProven = async () => {
			const proof = await statBy(library, "c35/a");
			checkManifest(await proven(library, proof, pathOfPublic("c35/a")), proof.manifest[0]!);
			return Buffer.from(await library.root(proof.witness[0]!)).toString("hex");
		};
		const roots = [];
		await put(store, "c35/a", bytesOf(10));
		roots.push(await expectProven());
		const precondition = { none: null };
		const changes: (() => Promise<unknown>)[] = [
			async () => put(store, "c35/a", bytesOf(10)),
			async () => upload(store, "c35/large", bytesOf(2 * S)),
			async () =>
				ok(
					await store.blobs_update({
						id: newId(),
						key: "c35/a",
						precondition,
						content_type: ["a/b"],
						visibility: [],
						metadata: [],
						expiry: [],
					}),
				),
			async () =>
				ok(
					await store.blobs_copy({
						id: newId(),
						from: "c35/a",
						source: precondition,
						to: "c35/b",
						precondition,
					}),
				),
			async () =>
				ok(
					await store.blobs_rename({
						id: newId(),
						from: "c35/b",
						source: precondition,
						to: "c35/c",
						precondition,
					}),
				),
			async () => ok(await store.blobs_delete({ id: newId(), key: "c35/c", precondition })),
			// The head of the feed is certified: so is what changes no blob.
			async () =>
				ok(
					await store.blobs_grant_role({
						id: newId(),
						who: Ed25519KeyIdentity.generate().getPrincipal(),
						role: { reader: null },
					}),
				),
		];
		for (const change of changes) {
			await change();
			roots.push(await expectProven());
		}
		expect(new Set(roots).size).toBe(roots.length);
		await installWasm(fixture.agent, fixture.canisterId, fixture.wasm, "upgrade");
		await expectProven();
	});

	test("C36 presence and absence, of public and of private keys", async () => {
		await put(store, "c36/public", bytesOf(10));
		await put(store, "c36/public/below", bytesOf(10));
		await put(store, "c36/private", bytesOf(10), { visibility: { private: null } });
		for (const key of ["c36/public", "c36/public/below"]) {
			const proof = await statBy(library, key);
			checkManifest(await proven(library, proof, pathOfPublic(key)), proof.manifest[0]!);
		}
		const proof = await statBy(library, "c36/private");
		const owner = writer.getPrincipal();
		const [salt] = proof.salt;
		checkManifest(
			await proven(library, proof, pathOfPrivate("c36/private", owner, salt!)),
			proof.manifest[0]!,
		);
		for (const key of ["c36/nothing", "c36/public/below/deeper", "c36", "nothing", "c36/public/z"]) {
			const absent = await statBy(library, key);
			expect(absent.manifest).toEqual([]);
			const { canisterId, network } = fixture;
			const certified = await library.certified(absent.certificate[0]!, canisterId, network.rootKey);
			for (const path of [pathOfPublic(key), pathOfPrivate(key, owner, absent.salt[0]!)])
				expect(await proven(library, absent, path, certified), key).toBe("absent");
		}
	});

	test("C36 a changed byte is found wherever it is, each as what it is", async () => {
		const key = "c36/tampered";
		const bytes = bytesOf(3 * S);
		const version = versionOf(await upload(store, key, bytes));
		const proof = await statBy(library, key);
		const manifest = readManifest(proof.manifest[0]!);
		const leaves = ok(await store.blobs_leaves({ key, version, from: 0, limit: 100 }));
		const chunk = ok(await store.blobs_get_chunk(key, version, 1));

		const certificate = proof.certificate[0]!;
		const certified = await library.certified(certificate, fixture.canisterId, fixture.network.rootKey);

		/** What a reader does, from the certificate down to the bytes. */
		const read = async (parts: { proof: WireStatAnswer; leaves: Uint8Array; chunk: Uint8Array }) => {
			const isSame = parts.proof.certificate[0] === certificate;
			const found = await proven(library, parts.proof, pathOfPublic(key), isSame ? certified : undefined);
			checkManifest(found, parts.proof.manifest[0]!);
			const held = readManifest(parts.proof.manifest[0]!);
			const root = sha256(rootPreimage(held.size, held.chunk_size, parts.leaves));
			if (Buffer.compare(root, held.root) !== 0) throw new Broken("leaves");
			if (Buffer.compare(sha256(parts.chunk), parts.leaves.subarray(32, 64)) !== 0) throw new Broken("chunk");
		};
		const broken = (parts: Partial<Parameters<typeof read>[0]>) =>
			read({ proof, leaves, chunk, ...parts }).then(
				() => "nothing",
				(error: unknown) => (error instanceof Broken ? error.what : Promise.reject(error)),
			);
		expect(await broken({})).toBe("nothing");

		const flips = (array: Uint8Array, count: number) =>
			Array.from({ length: count }, (_, i) => flipped(array, Math.floor((i * array.length) / count)));
		for (const other of flips(certificate, 5))
			expect(await broken({ proof: { ...proof, certificate: [other] } })).toBe("certificate");
		// Its first three bytes say only that CBOR follows.
		const witness = proof.witness[0]!;
		for (let at = 3; at < witness.length; at += Math.ceil(witness.length / 12)) {
			const what = await broken({ proof: { ...proof, witness: [flipped(witness, at)] } });
			expect(what, `byte ${at}`).toBe("witness");
		}
		for (const change of [
			{ size: manifest.size + 1n },
			{ root: flipped(manifest.root, 5) },
			{ content_type: "text/html" },
			{ sequence: manifest.sequence + 1n },
			{ key: "c36/other" },
			{ modified_at: manifest.modified_at + 1n },
		]) {
			const other = new Uint8Array(IDL.encode([idlOf(Manifest)], [{ ...manifest, ...change }]));
			expect(await broken({ proof: { ...proof, manifest: [other] } })).toBe("manifest");
		}
		for (const other of flips(proof.manifest[0]!, 8))
			expect(await broken({ proof: { ...proof, manifest: [other] } })).toBe("manifest");
		for (const other of flips(leaves, 6)) expect(await broken({ leaves: other })).toBe("leaves");
		for (const other of flips(chunk, 6)) expect(await broken({ chunk: other })).toBe("chunk");
	});

	test("C37 a certificate over five minutes old is refused", async () => {
		await put(store, "c37", bytesOf(10));
		const proof = await statBy(library, "c37");
		await proven(library, proof, pathOfPublic("c37"));
		vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 4 * 60_000 });
		await proven(library, proof, pathOfPublic("c37"));
		vi.setSystemTime(Date.now() + 2 * 60_000);
		await expect(proven(library, proof, pathOfPublic("c37"))).rejects.toMatchObject({ what: "certificate" });
	});
});

function flipped(bytes: Uint8Array, at: number): Uint8Array {
	const other = Uint8Array.from(bytes);
	other[at]! ^= 1;
	return other;
}

test("the feed's head is certified, and is the hash chain of its changes", async () => {
	const actor = Actor.createActor(idlFactory, { agent: fixture.agent, canisterId: fixture.canisterId });
	const answer = (await actor.blobs_changes!({ after: [], limit: 1_000, ...none })) as { ok: WireChanges };
	const { changes, before, last, certificate, witness } = answer.ok;
	let head = Uint8Array.from(before.head);
	for (const change of changes) head = Uint8Array.from(sha256(Buffer.concat([head, change])));
	expect(head).toEqual(Uint8Array.from(last.head));
	const library = libraries[0]!;
	const found = await prove(library, { certificate, witness }, fixture.canisterId, fixture.network.rootKey, [
		new TextEncoder().encode("feed"),
	]);
	expect(found).toEqual({ value: head });
});

test("an update's answer has no proof: its reply is certified itself", async () => {
	const { args, result } = METHODS.blobs_stat;
	await put(store, "update", bytesOf(1));
	const reply = await fixture.callRaw("blobs_stat", IDL.encode(idlsOf(args), [{ key: "update", ...none }]));
	const answer = ok(IDL.decode([idlOf(result)], reply)[0] as unknown as PlainResult<WireStatAnswer>);
	expect(answer).toMatchObject({ certificate: [], witness: [] });
	expect(readManifest(answer.manifest[0]!).key).toBe("update");
});
