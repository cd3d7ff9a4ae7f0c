import type {
	BlobClient,
	DeletedBlob,
	Download,
	ExpiryRule,
	ImportAs,
	Lease,
	Manifest,
	TakenLease,
} from "canister-blobs";
import { describe, expectTypeOf, test } from "vitest";

/** Compiled by `npm run check`, never run: what ends, what was deleted, what is kept for backups, and what is imported. */

declare const client: BlobClient;
declare const bytes: Uint8Array;
declare const deleted: DeletedBlob;
declare const manifest: Manifest;

describe("what ends", () => {
	test("a blob may, at a time; what it is read as tells when", () => {
		client.upload(bytes, { key: "a", expiresAt: new Date() });
		client.upload(bytes, { key: "a", expiresAt: 1_800_000_000_000 });
		expectTypeOf(manifest.expiresAt).toEqualTypeOf<Date | undefined>();
		// @ts-expect-error: a text is no time
		client.upload(bytes, { key: "a", expiresAt: "tomorrow" });
	});

	test("rules are of a prefix and a life", async () => {
		expectTypeOf(await client.admin.expiryRules()).toEqualTypeOf<ExpiryRule[]>();
		client.admin.setExpiryRules([{ prefix: "tmp/", lifeMs: 86_400_000 }]);
		// @ts-expect-error: without a life
		client.admin.setExpiryRules([{ prefix: "tmp/" }]);
	});
});

describe("what was deleted", () => {
	test("is listed, restored and purged by its key and version", async () => {
		for await (const its of client.listDeleted({ prefix: "a/" }))
			expectTypeOf(its).toEqualTypeOf<DeletedBlob>();
		expectTypeOf(await client.restore(deleted)).toEqualTypeOf<Manifest>();
		await client.admin.purge({ key: deleted.key, version: deleted.version });
		await client.admin.setKeepDeleted(30);
		// @ts-expect-error: of several of one key, which?
		client.restore({ key: "a" });
	});
});

describe("what is kept for backups", () => {
	test("a lease has a name and what it is for; what it keeps is read by its manifest", async () => {
		const lease = await client.takeLease({ lifeMs: 3_600_000, bytes: 2 ** 30 });
		expectTypeOf(lease).toEqualTypeOf<TakenLease>();
		await client.extendLease(lease.id, { lifeMs: 60_000 });
		expectTypeOf(await client.listLeases()).toEqualTypeOf<Lease[]>();
		for await (const its of client.listLeased(lease.id))
			expectTypeOf(client.downloadLeased(its)).toEqualTypeOf<Download>();
		await client.releaseLease(lease.id);
		// @ts-expect-error: by its key, it would be what the key holds now
		client.downloadLeased("a");
	});
});

describe("what is imported", () => {
	test("has an owner and both its times", async () => {
		await client.admin.beginImport();
		const importAs: ImportAs = { owner: "aaaaa-aa", createdAt: new Date(), modifiedAt: 0 };
		client.upload(bytes, { key: "a", importAs });
		// @ts-expect-error: whose it is, and from when
		client.upload(bytes, { key: "a", importAs: { owner: "aaaaa-aa" } });
		await client.admin.endImport();
	});
});
