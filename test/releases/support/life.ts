import { Ed25519KeyIdentity } from "@dfinity/identity";
import type { Principal } from "@dfinity/principal";
import { expect } from "vitest";
import type { TestNetwork } from "../../../examples/support/network.js";
import type { Change, Manifest, PreparedUpload } from "../../../src/client/node/index.js";
import { pseudoBytes } from "../../client/support/memory-store.js";
import type { Package } from "./kept.js";

/** A store in which all that a release offers is begun (`begin`), looked at and brought to its end (`goOn`). */

const CHUNK = 65_536;
const FILM = pseudoBytes(3_000_000, 1);
const CUT = pseudoBytes(9 * CHUNK + 1_000, 2);
const FAR = new Date(Date.UTC(2100, 0, 1));
const DAY_MS = 86_400_000;
const SITE = 30;

/** Where a store is, and who controls it. */
export interface Place {
	readonly network: TestNetwork;
	readonly canisterId: Principal;
	readonly controller: Ed25519KeyIdentity;
	/** Whether the network's gateway serves what the store certifies. */
	readonly gateway: boolean;
}

/** What was begun, as the client that began it said. */
export interface Begun {
	readonly people: People;
	readonly published: readonly Manifest[];
	readonly prepared: PreparedUpload;
	readonly batch: string;
	readonly lease: string;
	readonly changes: readonly Change[];
}

interface People {
	readonly ann: Ed25519KeyIdentity;
	readonly ben: Ed25519KeyIdentity;
	readonly guest: Ed25519KeyIdentity;
	/** A second principal of Ann's. */
	readonly phone: Ed25519KeyIdentity;
}

async function clientsOf({ BlobClient, BlobOwners }: Package, place: Place, people: People) {
	const { network, canisterId, controller } = place;
	const of = async (identity: Ed25519KeyIdentity, options = {}) =>
		new BlobClient({ agent: await network.agent(identity), canisterId, chunkBytes: CHUNK, ...options });
	const [admin, ann, ben, guest] = await Promise.all([
		of(controller),
		of(people.ann),
		of(people.ben),
		of(people.guest),
	]);
	const phone = await of(people.phone, { actsFor: people.ann.getPrincipal() });
	const owners = {
		annOwns: new BlobOwners(ann),
		benOwns: new BlobOwners(ben),
		phoneOwns: new BlobOwners(await of(people.phone)),
	};
	return { admin, ann, ben, guest, phone, ...owners };
}

export async function begin(kit: Package, place: Place): Promise<Begun> {
	const newcomer = () => Ed25519KeyIdentity.generate();
	const people = { ann: newcomer(), ben: newcomer(), guest: newcomer(), phone: newcomer() };
	const { ann, ben, guest, phone } = people;
	const clients = await clientsOf(kit, place, people);
	const { admin } = clients.admin;

	// Settings, roles and rights.
	await admin.grantRole(ann.getPrincipal(), "writer");
	await admin.grantRole(ben.getPrincipal(), "writer");
	await admin.grantRole(ben.getPrincipal(), "backup");
	await admin.setQuota(ann.getPrincipal(), {
		...{ openUploads: 20, blobs: 1_000, bytes: 1e9, receivedPerDay: 1e9, changesPerDay: 10_000 },
		cyclesPerDay: Number.POSITIVE_INFINITY,
	});
	await admin.setExpiryRules([{ prefix: "tmp/", lifeMs: DAY_MS }]);
	await admin.setKeepDeleted(3);
	const terms = { prefix: "inbox/", role: "writer", bytes: 1e6, blobs: 10, publicOnly: true } as const;
	await admin.grant(guest.getPrincipal(), { ...terms, endsAt: FAR, mayGive: true });

	// Blobs of every kind.
	const put = (key: string, bytes: Uint8Array, options = {}) =>
		clients.ann.upload(bytes, { key, visibility: "private", ...options }).done;
	const published = [
		await put("empty", new Uint8Array(0), { allowEmpty: true, visibility: "public" }),
		await put("page.html", Buffer.from("<p>page"), { visibility: "public", contentType: "text/html" }),
		await put("private/ä/ключ", pseudoBytes(5_000, 3), {
			metadata: { by: "ann", "cache-control": "no-store" },
		}),
		await put("film", FILM, { visibility: "public", contentType: "video/webm" }),
		await put("ends", pseudoBytes(10, 4), { expiresAt: FAR }),
		await put("tmp/ends", pseudoBytes(10, 5)),
		await clients.guest.upload(pseudoBytes(10, 6), { key: "inbox/a", visibility: "public" }).done,
		await clients.ann.copy("film", "film-copied"),
	];
	const site = Array.from({ length: SITE }, (_, n) => ({ key: `site/${n}`, source: Uint8Array.of(n) }));
	await clients.ann.uploadMany(site, { visibility: "public" }).done;

	// What is under way.
	await clients.ann.rename("site/0", "site/renamed");
	await clients.ann.update("site/1", { visibility: "private" });
	const { id: lease } = await clients.ben.takeLease({ lifeMs: 3_600_000, bytes: 1e7 });
	await clients.ann.delete("site/2");
	await put("site/3", Buffer.from("replaced"), { visibility: "public" });
	await expect(clients.ann.upload(cutAfter(4), { key: "cut" }).done).rejects.toThrow();
	const prepared = await clients.ann.prepareUpload(FILM.subarray(7), {
		key: "site/film",
		visibility: "public",
	}).done;
	const { batch } = await clients.ann.stage([
		...[4, 5].map((n) => ({
			...({ type: "put", key: `site/${n}`, source: Uint8Array.of(n, n), visibility: "public" } as const),
		})),
		{ type: "delete", key: "site/6" },
	]);
	await clients.annOwns.offer(ben.getPrincipal(), { key: "ends" });
	await clients.annOwns.offerLink(phone.getPrincipal());
	return { people, published, prepared, batch, lease, changes: await all(clients.ben.changes()) };
}

/** Finds all that was begun as it was left, and goes on with each. */
export async function goOn(kit: Package, place: Place, begun: Begun): Promise<void> {
	const clients = await clientsOf(kit, place, begun.people);
	const { admin } = clients.admin;
	const { ann, ben, guest } = begun.people;

	// All that was published: its manifest, proven, and its bytes.
	for (const expected of begun.published) {
		const client = expected.key.startsWith("inbox") ? clients.guest : clients.ann;
		expect(plain(await client.stat(expected.key))).toEqual(plain(expected));
	}
	expect(Buffer.compare(await clients.ann.download("film-copied").bytes(), FILM)).toBe(0);
	expect(await clients.ann.download("private/ä/ключ").bytes()).toEqual(pseudoBytes(5_000, 3));
	const site = (await all(clients.ann.list({ prefix: "site/" }))).flatMap((entry) =>
		entry.type === "blob" ? [entry.blob.key] : [],
	);
	expect(site).toHaveLength(SITE - 1);
	expect(await all(clients.ben.changes())).toEqual(begun.changes);
	await expectServed(place, "page.html", "<p>page");

	// Settings, roles and rights.
	expect(await admin.expiryRules()).toEqual([{ prefix: "tmp/", lifeMs: DAY_MS }]);
	expect((await clients.admin.mode()).keepDeletedDays).toBe(3);
	expect(await clients.admin.account(ben.getPrincipal())).toMatchObject({ roles: ["writer", "backup"] });
	expect(await clients.admin.account(ann.getPrincipal())).toMatchObject({
		quota: { openUploads: 20, bytes: 1e9 },
	});
	expect(await all(admin.listGrants())).toMatchObject([
		{
			who: guest.getPrincipal().toText(),
			terms: { prefix: "inbox/", endsAt: FAR, blobs: 10, mayGive: true },
			used: { blobs: 1 },
			holds: true,
		},
	]);

	// What was under way comes to its end.
	await clients.guest.upload(pseudoBytes(10, 7), { key: "inbox/b", visibility: "public" }).done;
	const resumed = clients.ann.upload(CUT, { key: "cut" });
	await resumed.done;
	expect(resumed.progress.reused).toBeGreaterThanOrEqual(CHUNK);
	expect(Buffer.compare(await clients.ann.download("cut").bytes(), CUT)).toBe(0);
	await clients.ann.stage([{ type: "commit", upload: begun.prepared }], { batch: begun.batch });
	await clients.ann.reveal(begun.batch);
	expect(Buffer.compare(await clients.ann.download("site/film").bytes(), FILM.subarray(7))).toBe(0);
	expect(await clients.ann.download("site/5").bytes()).toEqual(Uint8Array.of(5, 5));
	expect(await clients.ann.find("site/6")).toBeUndefined();
	const leased = (await all(clients.ben.listLeased(begun.lease))).map(({ key }) => key).sort();
	expect(leased).toEqual(["site/2", "site/3", "site/4", "site/5", "site/6"]);
	await clients.ben.releaseLease(begun.lease);
	const deleted = await all(clients.ann.listDeleted());
	const [gone] = deleted.filter(({ manifest }) => manifest.key === "site/2");
	expect((await clients.ann.restore(gone!)).key).toBe("site/2");
	expect(await clients.ann.download("site/2").bytes()).toEqual(Uint8Array.of(2));
	const [offer] = await all(clients.benOwns.listOffers({ madeTo: ben.getPrincipal() }));
	expect(await clients.benOwns.take(offer!)).toMatchObject({ blobs: 1, refused: 0 });
	await clients.phoneOwns.acceptLink(ann.getPrincipal());
	expect((await clients.phone.upload(pseudoBytes(10, 8), { key: "by-phone" }).done).owner).toBe(
		ann.getPrincipal().toText(),
	);

	// And all is written once more.
	await clients.ann.update("film", { mergeMetadata: { seen: "1" } });
	expect((await clients.ann.stat("film")).metadata).toEqual({ seen: "1" });
	expect(Buffer.compare(await clients.ann.download("film").bytes(), FILM)).toBe(0);
	await clients.ann.batch([
		{ type: "rename", from: "page.html", to: "index.html" },
		{ type: "delete", key: "tmp/ends" },
		{ type: "put", key: "put", source: Uint8Array.of(1) },
	]);
	await expectServed(place, "index.html", "<p>page");
	await expectServed(place, "page.html", undefined);
	const after = await all(clients.ben.changes({ after: begun.changes.at(-1)!.cursor }));
	expect(after.map(({ type }) => type)).toEqual([
		...["published", "published", "published", "published", "deleted", "published"],
		...["lease", "restored", "given", "offer", "link", "published"],
		...["published", "deleted", "published", "deleted", "published"],
	]);
	await clients.admin.delete("film-copied");
	expect(await clients.admin.find("film-copied")).toBeUndefined();
}

/** What the gateway, which verifies it, answers for a key. */
async function expectServed({ network, canisterId, gateway }: Place, key: string, text: string | undefined) {
	if (!gateway) return;
	const answer = await fetch(`${network.url}/${key}?canisterId=${canisterId}`);
	expect(answer.status).toBe(text === undefined ? 404 : 200);
	if (text !== undefined) expect(await answer.text()).toBe(text);
}

/** A source that cannot be read any more after so many chunks. */
function cutAfter(chunks: number) {
	return {
		size: CUT.length,
		read: async (start: number, end: number) => {
			if (start >= chunks * CHUNK) throw new Error("the disk was pulled out");
			return CUT.subarray(start, end);
		},
	};
}

/** As JSON says it: classes of two packages are not each other's. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
	const found: T[] = [];
	for await (const item of items) found.push(item);
	return found;
}
