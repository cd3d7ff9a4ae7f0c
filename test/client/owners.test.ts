import { Ed25519KeyIdentity } from "@dfinity/identity";
import { afterAll, beforeAll, expect, test } from "vitest";
import { BlobClient, isBlobError } from "../../src/client/index.js";
import { BlobOwners } from "../../src/client/owners/index.js";
import { openStore, type StoreFixture } from "../support/store.js";

/** Owners through the client, against the built Wasm. */

let fixture: StoreFixture;
let admin: BlobClient;
const [ann, ben, phone] = [1, 2, 3].map(() => Ed25519KeyIdentity.generate()) as [
	Ed25519KeyIdentity,
	Ed25519KeyIdentity,
	Ed25519KeyIdentity,
];
beforeAll(async () => {
	fixture = await openStore();
	admin = new BlobClient({ agent: fixture.agent, canisterId: fixture.canisterId });
	for (const who of [ann, ben]) await admin.admin.grantRole(who.getPrincipal(), "writer");
});
afterAll(() => fixture.dispose());

const clientOf = (identity: Ed25519KeyIdentity, actsFor?: Ed25519KeyIdentity) =>
	new BlobClient({
		agent: fixture.agent,
		identity,
		canisterId: fixture.canisterId,
		...(actsFor && { actsFor: actsFor.getPrincipal() }),
	});
const bytesOf = (n: number) => new Uint8Array(50).fill(n);
const upload = (client: BlobClient, key: string, n = 1) =>
	client.upload(bytesOf(n), { key, visibility: "private" });
async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
	const found: T[] = [];
	for await (const item of items) found.push(item);
	return found;
}
const codeOf = (work: Promise<unknown>) =>
	work.then(
		() => "done",
		(error) => (isBlobError(error) ? error.code : error),
	);

test("C108 C109 C110 blobs are offered, listed, taken and declined", async () => {
	const [anns, bens] = [clientOf(ann), clientOf(ben)];
	for (const [n, key] of ["docs/a", "docs/b", "other"].entries()) await upload(anns, key, n).done;
	const [annOwners, benOwners] = [new BlobOwners(anns), new BlobOwners(bens)];
	const offer = await annOwners.offer(ben.getPrincipal(), { prefix: "docs/" });
	const [listed] = await all(benOwners.listOffers({ madeTo: ben.getPrincipal() }));
	expect(listed).toMatchObject({ ...offer, what: { prefix: "docs/" } });
	expect((await all(benOwners.list({ offer }))).map(({ key }) => key)).toEqual(["docs/a", "docs/b"]);
	const steps: number[] = [];
	const taken = await benOwners.take(offer, { onProgress: ({ blobs }) => steps.push(blobs) });
	expect(taken).toMatchObject({ blobs: 2, refused: 0 });
	expect(steps).toEqual([2]);
	expect((await bens.stat("docs/a")).owner).toBe(ben.getPrincipal().toText());
	expect(await bens.download("docs/b").bytes()).toEqual(bytesOf(1));
	expect((await all(annOwners.list())).map(({ key }) => key)).toEqual(["other"]);
	expect(await codeOf(benOwners.take(offer))).toBe("not_authorized");
	const declined = await annOwners.offer(ben.getPrincipal(), { key: "other" });
	await benOwners.withdraw(declined);
	expect(await all(annOwners.listOffers({ givenBy: ann.getPrincipal() }))).toEqual([]);
	for (const wrong of [
		annOwners.offer("nobody", { key: "other" }),
		all(annOwners.listOffers({ givenBy: ann.getPrincipal(), madeTo: ben.getPrincipal() })),
		all(annOwners.list({ owner: ann.getPrincipal(), offer })),
		annOwners.take({ giver: ann.getPrincipal(), id: "x" as never }),
	])
		expect(await codeOf(wrong)).toBe("option_invalid");
	expect(() => new BlobOwners({} as never)).toThrow("client");
});

test("C112 C113 a second principal goes on as the first, and proofs are of what the first has", async () => {
	const anns = clientOf(ann);
	const owners = new BlobOwners(anns);
	await owners.offerLink(phone.getPrincipal());
	await new BlobOwners(clientOf(phone)).acceptLink(ann.getPrincipal());
	const phones = clientOf(phone, ann);
	expect(await all(owners.listLinks({ owner: ann.getPrincipal() }))).toMatchObject([{ holds: true }]);
	expect(await phones.download("other").bytes()).toEqual(bytesOf(2));
	expect((await upload(phones, "by-phone", 4).done).owner).toBe(ann.getPrincipal().toText());
	// The client makes these manifests by itself.
	const { items: files } = await phones.uploadMany([{ source: bytesOf(5), key: "many/a" }]).done;
	expect(files).toMatchObject([{ status: "uploaded", manifest: { owner: ann.getPrincipal().toText() } }]);
	expect((await anns.stat("many/a")).owner).toBe(ann.getPrincipal().toText());
	// From the second miss on, absence is proven by what the subnet says of the owner: its salt.
	for (const key of ["nothing/1", "nothing/2", "nothing/3"])
		expect(await codeOf(phones.stat(key))).toBe("blob_not_found");
	await upload(anns, "nothing/3", 6).done;
	expect((await phones.stat("nothing/3")).key).toBe("nothing/3");
	await owners.endLink({ owner: ann.getPrincipal(), who: phone.getPrincipal() });
	expect(await codeOf(phones.stat("other", { trust: "subnet" }))).toBe("blob_not_found");
});

test("C111 C114 all that one has is removed, and the report tells who gave and took what", async () => {
	const owners = new BlobOwners(admin);
	const removed = await owners.removeAll({ owner: ann.getPrincipal(), rights: true, purge: true });
	expect(removed).toMatchObject({ rights: 1, blobs: 4, bytes: 200, refused: 0, uploads: 0, purged: 0 });
	expect(await all(owners.list({ owner: ann.getPrincipal() }))).toEqual([]);
	expect(await codeOf(new BlobOwners(clientOf(ben)).removeAll({ owner: ann.getPrincipal() }))).toBe(
		"not_authorized",
	);
	const told = (await all(owners.rights({ of: ann.getPrincipal() }))).map((change) =>
		change.type === "link" ? `link ${change.state}` : change.type,
	);
	expect(told).toEqual([
		...["role", "offer", "given", "given", "offer", "offer", "offer"],
		...["link offered", "link holds", "link ended", "role"],
	]);
	const everything = await all(owners.rights());
	expect(everything.length).toBeGreaterThan(told.length);
	expect(everything.every(({ by, at }) => by !== undefined && at instanceof Date)).toBe(true);
});
