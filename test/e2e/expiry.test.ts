import { AnonymousIdentity } from "@dfinity/agent";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { installWasm } from "../../examples/support/deploy.js";
import { BlobClient, type Change, isBlobError } from "../../src/client/node/index.js";
import { passTime } from "../support/clock.js";
import { codeOf } from "../support/outcome.js";
import { isNamed, openStore, type StoreFixture } from "../support/store.js";

/** Expiring blobs on the real canister: its clock, which the tests move, its timers and its certificates. */

const HOUR_MS = 3_600_000;
const PUBLIC = { visibility: "public" } as const;
const writer = Ed25519KeyIdentity.generate();
let fixture: StoreFixture;
let administrator: BlobClient;
beforeAll(async () => {
	if (isNamed) return;
	vi.useFakeTimers({ toFake: ["Date"] });
	fixture = await openStore();
	administrator = await clientOf();
	await administrator.admin.grantRole(writer.getPrincipal(), "writer");
});
afterAll(async () => {
	vi.useRealTimers();
	await fixture?.dispose();
});
const localTest = test.skipIf(isNamed);

/** A client that has asked nothing yet; without an identity, the controller's. */
async function clientOf(identity?: Ed25519KeyIdentity | AnonymousIdentity): Promise<BlobClient> {
	const agent = identity === undefined ? fixture.agent : await fixture.network.agent(identity);
	return new BlobClient({ canisterId: fixture.canisterId, agent });
}

const pass = (ms: number) => passTime(fixture, ms);
const inAnHour = () => new Date(Date.now() + HOUR_MS);
async function setMode(mode: "live" | "maintenance"): Promise<void> {
	await administrator.admin.setMode(mode, (await administrator.mode()).generation);
}
async function keysOf(blobs: BlobClient, prefix: string): Promise<string[]> {
	const keys: string[] = [];
	for await (const entry of blobs.list({ prefix, pageSize: 1 }))
		keys.push(entry.type === "blob" ? entry.blob.key : entry.path);
	return keys;
}
localTest("C63 a blob that is over is proven to be gone while it is still stored, to anybody", async () => {
	const blobs = await clientOf(writer);
	const expiresAt = inAnHour();
	for (const key of ["gone/a", "gone/b"])
		await blobs.upload(Uint8Array.of(1), { key, expiresAt, ...PUBLIC }).done;
	await blobs.upload(Uint8Array.of(2), { key: "gone/stays", ...PUBLIC }).done;
	await blobs.upload(Uint8Array.of(3), { key: "gone/private", expiresAt }).done;
	const large = await blobs.upload(new Uint8Array(5_000_000).fill(4), { key: "gone/large", expiresAt }).done;
	expect(large.expiresAt).toEqual(expiresAt);
	const reading = await (await clientOf(writer)).download(large).open();
	await reading.chunk(0);
	// Nothing is cleaned away.
	await setMode("maintenance");
	pass(HOUR_MS);
	const nobody = await clientOf(new AnonymousIdentity());
	for (const key of ["gone/a", "gone/b"]) expect(await codeOf(nobody.stat(key))).toBe("blob_not_found");
	// Updates of nobody are not let in: this is what nodes prove.
	expect(await keysOf(nobody, "gone/")).toEqual(["gone/stays"]);
	expect(await codeOf(nobody.download("gone/a").bytes())).toBe("blob_not_found");
	const owner = await clientOf(writer);
	expect(await codeOf(owner.stat("gone/private"))).toBe("blob_not_found");
	expect(await codeOf(owner.stat("gone/private", { trust: "subnet" }))).toBe("blob_not_found");
	expect(await keysOf(owner, "gone/")).toEqual(["gone/stays"]);
	expect(await codeOf(reading.chunk(1))).toBe("blob_not_found");
	expect((await administrator.admin.statistics()).blobs).toBe(5);
	await setMode("live");
});

localTest("C64 C28 what is over is freed by timers, after an upgrade too, and told in the feed", async () => {
	pass(2_000);
	pass(2_000);
	const { blobs: before, bytes } = await administrator.admin.statistics();
	const blobs = await clientOf(writer);
	const cursor = await administrator.latestCursor();
	const expiresAt = inAnHour();
	const large = await blobs.upload(new Uint8Array(5_000_000), { key: "freed/large", expiresAt, ...PUBLIC })
		.done;
	await installWasm(fixture.agent, fixture.canisterId, fixture.wasm, "upgrade");
	pass(HOUR_MS);
	pass(2_000);
	pass(2_000);
	expect(await administrator.admin.statistics()).toMatchObject({ blobs: before, bytes, cleaning: 0 });
	const changes: Change[] = [];
	for await (const change of (await clientOf()).changes({ after: cursor })) changes.push(change);
	expect(changes.map(({ type }) => type)).toEqual(["published", "expired"]);
	const { sequence, canisterVersion } = large;
	expect(changes[1]).toMatchObject({ key: "freed/large", version: { sequence, canisterVersion } });
	expect(changes[1]!.by).toBe("aaaaa-aa");
	// A new blob under the key of one that is over, before it is freed: nothing stands in its way.
	const first = await blobs.upload(Uint8Array.of(1), { key: "freed/a", expiresAt: inAnHour() }).done;
	await setMode("maintenance");
	pass(HOUR_MS);
	const again = (await clientOf()).upload(Uint8Array.of(2), { key: "freed/a", ifNoneMatch: "*" });
	expect(await codeOf(again.done)).toBe("not_live");
	await setMode("live");
	expect(
		(await (await clientOf(writer)).upload(Uint8Array.of(2), { key: "freed/a", ifNoneMatch: "*" }).done)
			.sequence,
	).toBeGreaterThan(first.sequence);
});

localTest(
	"C65 rules by prefix are set by administrators and end what is published from then on",
	async () => {
		const blobs = await clientOf(writer);
		const rules = [
			{ prefix: "tmp/", lifeMs: HOUR_MS },
			{ prefix: "tmp/long/", lifeMs: 9 * HOUR_MS },
		];
		expect(await codeOf(blobs.admin.setExpiryRules(rules))).toBe("not_authorized");
		const cursor = await administrator.latestCursor();
		await administrator.admin.setExpiryRules(rules);
		expect(await blobs.admin.expiryRules({ trust: "subnet" })).toEqual(rules);
		const changes: Change[] = [];
		for await (const one of administrator.changes({ after: cursor })) changes.push(one);
		const [change] = changes;
		expect(change).toMatchObject({ type: "expiryRules", rules });
		const items = ["tmp/a", "tmp/long/a", "else/a"].map((key) => ({ key, source: Uint8Array.of(1) }));
		const { items: files } = await blobs.uploadMany(items).done;
		const livesOf = files.map((file) => {
			if (file.status === "failed") throw file.error;
			const { expiresAt, createdAt } = file.manifest;
			return expiresAt && expiresAt.getTime() - createdAt.getTime();
		});
		expect(livesOf).toEqual([HOUR_MS, 9 * HOUR_MS, undefined]);
		const tooShort = administrator.admin.setExpiryRules([{ prefix: "tmp/", lifeMs: 999 }]);
		const error = await tooShort.catch((reason: unknown) => reason);
		expect(isBlobError(error, "invalid_argument") && error.details).toMatchObject({ field: "life" });
		const over = blobs.upload(Uint8Array.of(1), { key: "else/b", expiresAt: Date.now() - 1 });
		expect(String(await over.done.then(() => "", String))).toContain("expires_at is not valid: it is over");
	},
);
