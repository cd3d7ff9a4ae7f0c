import { createHash } from "node:crypto";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { PlainOk } from "../support/plain.js";
import { anonymous } from "../support/requests.js";
import { newId, ok, openStore, refusal, type Store, type StoreFixture, versionOf } from "../support/store.js";
import { bytesOf, listed, none, put, putItem } from "../support/transfers.js";
import { pathOfPrivate } from "../support/verify.js";

/** Private blobs: which callers can read them, and that others can detect nothing. */

const writer = Ed25519KeyIdentity.generate();
let fixture: StoreFixture;
let asWriter: Store;
let readers: Store[];
let strangers: Store[];
let salt: Uint8Array;

const bytes = bytesOf(10);
const isPrivate = { visibility: { private: null } };
/** Each has a private neighbour on both sides, in the tree of paths and among the labels. */
const SECRETS = Array.from({ length: 40 }, (_, i) => `shared/secret-${String(i).padStart(2, "0")}`);

beforeAll(async () => {
	fixture = await openStore();
	const { store } = fixture;
	const grant = async (
		role: { writer: null } | { reader: null } | { backup: null },
		identity: Ed25519KeyIdentity,
	) => {
		ok(await store.blobs_grant_role({ id: newId(), who: identity.getPrincipal(), role }));
		return fixture.storeFor(identity);
	};
	asWriter = await grant({ writer: null }, writer);
	const asReader = await grant({ reader: null }, Ed25519KeyIdentity.generate());
	const asBackup = await grant({ backup: null }, Ed25519KeyIdentity.generate());
	const asOther = await grant({ writer: null }, Ed25519KeyIdentity.generate());
	await put(asOther, "shared/mine", bytes, isPrivate);
	readers = [asWriter, asReader, asBackup, store];
	strangers = [
		await fixture.storeFor(Ed25519KeyIdentity.generate()),
		await fixture.storeFor(anonymous),
		asOther,
	];
	ok(
		await asWriter.blobs_put_many({
			id: newId(),
			blobs: SECRETS.map((key) => putItem(key, bytes, isPrivate)),
		}),
	);
	for (const key of ["shared/public", "shared/secret", "shared/secret-20-public", "shared/z"])
		await put(asWriter, key, bytes);
	salt = ok(await asWriter.blobs_stat({ key: SECRETS[0]!, ...none })).salt[0]!;
});
afterAll(() => fixture.dispose());

const labelOf = (key: string) => pathOfPrivate(key, writer.getPrincipal(), salt)[1]!;

test("C05 the owner, readers, backup and admins see private blobs, and nobody else", async () => {
	const key = SECRETS[20]!;
	const version = versionOf(ok(await asWriter.blobs_stat({ key, ...none })).manifest[0]!);
	for (const who of readers) {
		expect(ok(await who.blobs_get_chunk(key, version, 0))).toEqual(bytes);
		expect(await listed(who, "shared/secret-")).toEqual([...SECRETS, "shared/secret-20-public"].sort());
	}
	for (const who of strangers) {
		expect(ok(await who.blobs_stat({ key, ...none })).manifest).toEqual([]);
		for (const result of [
			await who.blobs_get_chunk(key, version, 0),
			await who.blobs_leaves({ key, version, from: 0, limit: 1 }),
		])
			expect(refusal<unknown>(result)).toEqual({ blob_not_found: {} });
		expect(await listed(who, "shared/secret-")).toEqual(["shared/secret-20-public"]);
	}
});

test("C05 a directory that holds nothing else is not shown", async () => {
	await put(asWriter, "hidden/deep/a", bytes, isPrivate);
	for (const who of readers) expect(await listed(who, "", false)).toContain("hidden/");
	for (const who of strangers) expect(await listed(who, "", false)).not.toContain("hidden/");
});

test("C05 an answer to a stranger is the same for a private key and for none", async () => {
	const shape = ({ manifest, salt, witness }: PlainOk<"blobs_stat">) => ({ manifest, salt, witness });
	for (const who of strangers.slice(0, 2)) {
		// Two that are side by side among the public keys: their absence has the same proof.
		const secret = ok(await who.blobs_stat({ key: SECRETS[10]!, ...none }));
		const nothing = ok(await who.blobs_stat({ key: `${SECRETS[10]!}x`, ...none }));
		expect(shape(secret)).toEqual(shape(nothing));
	}
});

test("C05 no witness shows a stranger a private key, its label, or a neighbour's", async () => {
	const asked = [
		...SECRETS,
		"shared/public",
		"shared/secret",
		"shared/secret-20-public",
		"nothing",
		"shared/m",
	];
	for (const who of strangers) {
		const { salt: own } = ok(await who.blobs_stat({ key: "nothing", ...none }));
		for (const key of asked) {
			const { witness } = ok(await who.blobs_stat({ key, ...none }));
			const shown = Buffer.from(witness[0]!);
			for (const secret of SECRETS) {
				// "secret-20" stands in the public key "secret-20-public", too.
				if (secret !== SECRETS[20]) expect(shown.includes(secret.slice("shared/".length))).toBe(false);
				// Who has private keys is shown labels beside theirs: salted hashes, of which nobody knows what they are.
				if (own.length === 0) expect(shown.includes(Buffer.from(labelOf(secret)))).toBe(false);
			}
			expect(shown.includes(Buffer.from(salt))).toBe(false);
		}
	}
});

test("C05 a label says nothing without the salt, and each owner has its own", async () => {
	const asOther = strangers[2]!;
	const { salt: others } = ok(await asOther.blobs_stat({ key: "shared/mine", ...none }));
	expect(others[0]).not.toEqual(salt);
	expect(salt.length).toBe(16);
	const { witness } = ok(await asOther.blobs_stat({ key: "shared/mine", ...none }));
	const plain = createHash("sha256").update("shared/mine").digest();
	expect(Buffer.from(witness[0]!).includes(plain)).toBe(false);
});

test("C05 the feed is refused to strangers", async () => {
	for (const who of strangers) {
		const error = refusal(await who.blobs_changes({ after: [], limit: 9, ...none }));
		expect(Object.keys(error)[0]).toMatch(/^(anonymous|not_authorized)$/);
	}
	const { changes } = ok(await readers[2]!.blobs_changes({ after: [], limit: 1_000, ...none }));
	const keys = changes.flatMap(({ change }) => ("published" in change ? [change.published.key] : []));
	for (const secret of SECRETS) expect(keys).toContain(secret);
});

test("C05 a blob made private is gone for strangers at once, under its key and in the lists", async () => {
	const version = versionOf(await put(asWriter, "turned/a", bytes));
	const change = {
		id: newId(),
		key: "turned/a",
		precondition: { none: null },
		content_type: [] as [],
		metadata: [] as [],
		expiry: [] as [],
	};
	ok(await asWriter.blobs_update({ ...change, visibility: [{ private: null }] }));
	for (const who of strangers) {
		expect(refusal(await who.blobs_get_chunk("turned/a", version, 0))).toEqual({ blob_not_found: {} });
		expect(await listed(who, "turned/")).toEqual([]);
	}
});
