import { Ed25519KeyIdentity } from "@dfinity/identity";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { installWasm } from "../../examples/support/deploy.js";
import { BlobClient, type Change, type DeletedBlob } from "../../src/client/node/index.js";
import { passTime } from "../support/clock.js";
import { codeOf } from "../support/outcome.js";
import { isNamed, openStore, type StoreFixture } from "../support/store.js";

/** Deleted and replaced blobs on the real canister, whose clock the tests move. */

const DAY_MS = 86_400_000;
const writer = Ed25519KeyIdentity.generate();
let fixture: StoreFixture;
let administrator: BlobClient;
let blobs: BlobClient;
beforeAll(async () => {
	if (isNamed) return;
	vi.useFakeTimers({ toFake: ["Date"] });
	fixture = await openStore();
	administrator = await clientOf();
	await administrator.admin.grantRole(writer.getPrincipal(), "writer");
	blobs = await clientOf(writer);
});
afterAll(async () => {
	vi.useRealTimers();
	await fixture?.dispose();
});
const localTest = test.skipIf(isNamed);

/** A client that has asked nothing yet; without an identity, the controller's. */
async function clientOf(identity?: Ed25519KeyIdentity): Promise<BlobClient> {
	const agent = identity === undefined ? fixture.agent : await fixture.network.agent(identity);
	return new BlobClient({ canisterId: fixture.canisterId, agent });
}
const pass = (ms: number) => passTime(fixture, ms);
async function deleted(of: BlobClient, prefix: string): Promise<DeletedBlob[]> {
	const all: DeletedBlob[] = [];
	for await (const one of of.listDeleted({ prefix })) all.push(one);
	return all;
}
localTest("C66 C67 a stolen key deletes and overwrites, and its owner brings everything back", async () => {
	expect((await administrator.mode()).keepDeletedDays).toBe(0);
	await administrator.admin.setKeepDeleted(30);
	expect((await administrator.mode({ trust: "subnet" })).keepDeletedDays).toBe(30);
	const cursor = await administrator.latestCursor();
	const film = new Uint8Array(5_000_000).fill(7);
	const large = await blobs.upload(film, { key: "own/film", visibility: "public", metadata: { n: "v" } })
		.done;
	const small = await blobs.upload(Uint8Array.of(1), { key: "own/note" }).done;
	// Whoever has the key does what a writer can.
	await blobs.delete("own/film");
	await blobs.upload(Uint8Array.of(2), { key: "own/note" }).done;
	const gone = await deleted(blobs, "own/");
	expect(gone.map(({ key, manifest }) => [key, manifest.size])).toEqual([
		["own/film", 5_000_000],
		["own/note", 1],
	]);
	for (const one of gone) expect(await codeOf(blobs.admin.purge(one))).toBe("not_authorized");
	expect(gone[0]!.keptUntil.getTime() - gone[0]!.deletedAt.getTime()).toBe(30 * DAY_MS);
	expect(JSON.parse(JSON.stringify(gone[0])).deletedBy).toBe(writer.getPrincipal().toText());

	await installWasm(fixture.agent, fixture.canisterId, fixture.wasm, "upgrade");
	const film2 = await blobs.restore(gone[0]!);
	expect(film2).toMatchObject({ root: large.root, metadata: { n: "v" }, createdAt: large.createdAt });
	expect(Buffer.compare(await blobs.download(film2).bytes(), film)).toBe(0);
	const absent = blobs.restore({ key: "own/note", version: small }, { ifNoneMatch: "*" });
	expect(await codeOf(absent)).toBe("precondition_failed");
	await blobs.restore({ key: "own/note", version: small });
	expect(await blobs.download("own/note").bytes()).toEqual(Uint8Array.of(1));
	expect((await deleted(blobs, "own/")).map(({ manifest }) => manifest.size)).toEqual([1]);

	const changes: Change[] = [];
	for await (const change of administrator.changes({ after: cursor })) changes.push(change);
	expect(changes.map(({ type }) => type)).toEqual([
		...["published", "published", "deleted", "published", "restored", "restored"],
	]);
	expect(changes[4]).toMatchObject({ manifest: { key: "own/film" }, version: { sequence: large.sequence } });
});

localTest(
	"C68 administrators and holders of the right purge at once, cleaning when the days are over",
	async () => {
		const guest = Ed25519KeyIdentity.generate();
		const terms = { role: "writer", prefix: "in/", mayPurge: true } as const;
		await administrator.admin.grant(guest.getPrincipal(), terms);
		const guests = await clientOf(guest);
		for (const key of ["in/a", "in/b"]) await guests.upload(Uint8Array.of(3), { key }).done;
		for (const key of ["in/a", "in/b"]) await guests.delete(key);
		const [a, b] = await deleted(guests, "in/");
		const { kept } = await administrator.admin.statistics();
		await guests.admin.purge(a!);
		expect(await codeOf(guests.restore(a!))).toBe("blob_not_found");
		expect((await administrator.admin.statistics()).kept).toBe(kept - 1);
		await administrator.admin.setKeepDeleted(0);
		pass(30 * DAY_MS);
		pass(2_000);
		pass(2_000);
		const later = await clientOf();
		expect((await later.admin.statistics()).kept).toBe(0);
		expect(await codeOf((await clientOf(guest)).restore(b!))).toBe("blob_not_found");
		expect(await codeOf(later.admin.setKeepDeleted(366))).toBe("option_invalid");
	},
);
