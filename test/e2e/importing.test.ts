import { randomBytes } from "node:crypto";
import type { Identity } from "@dfinity/agent";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import { afterAll, beforeAll, expect, test } from "vitest";
import { installWasm } from "../../examples/support/deploy.js";
import { BlobClient, type Change, isBlobError, type Manifest } from "../../src/client/node/index.js";
import { newId, ok, openStore, type StoreFixture } from "../support/store.js";

/** A restore: blobs of two owners, with roles and quotas, from one store into another. */

let from: StoreFixture;
let into: StoreFixture["canisterId"];
let restorer: BlobClient;
const [anna, ben] = [Ed25519KeyIdentity.generate(), Ed25519KeyIdentity.generate()];

beforeAll(async () => {
	from = await openStore();
	into = from.canisterId;
	restorer = new BlobClient({ canisterId: from.canisterId, agent: from.agent });
});
afterAll(() => from.dispose());

const clientOf = async (identity: Identity) =>
	// Who finds the store closed would else wait for it.
	new BlobClient({ canisterId: into, agent: await from.network.agent(identity), retry: { maxAttempts: 1 } });
const codeOf = (promise: PromiseLike<unknown>) =>
	promise.then(
		() => "done",
		(error: unknown) => (isBlobError(error) ? error.code : String(error)),
	);
const DAY_MS = 86_400_000;
const QUOTA = {
	openUploads: 1,
	blobs: 1,
	bytes: 1_000,
	receivedPerDay: 1_000,
	changesPerDay: 1,
	cyclesPerDay: Number.POSITIVE_INFINITY,
};

const large = new Uint8Array(randomBytes(2_200_000));
const small = Uint8Array.of(1, 2, 3);
const now = Date.now();
/** What a backup has of each blob: its bytes, and what its manifest said. */
const BACKUP = [
	{ key: "ann/film", source: large, visibility: "private" as const, owner: anna },
	{ key: "ann/note", source: small, visibility: "public" as const, owner: anna },
	{ key: "ben/note", source: Uint8Array.of(4), visibility: "private" as const, owner: ben },
].map(({ owner, ...file }, n) => ({
	...file,
	importAs: {
		owner: owner.getPrincipal(),
		createdAt: new Date(now - (9 - n) * DAY_MS),
		modifiedAt: new Date(now - (8 - n) * DAY_MS),
	},
}));
const isAsBefore = (manifest: Manifest, n: number) =>
	expect(manifest).toMatchObject({
		key: BACKUP[n]!.key,
		createdAt: BACKUP[n]!.importAs.createdAt,
		modifiedAt: BACKUP[n]!.importAs.modifiedAt,
		owner: BACKUP[n]!.importAs.owner.toText(),
	});

test("C80 a restore publishes as other owners, from other times, over an upgrade, and is done once", async () => {
	const [film, note, other] = BACKUP;
	const { source: _, ...filmOptions } = film!;
	const early = restorer.upload(small, { key: "a", importAs: film!.importAs });
	expect(await codeOf(early.done)).toBe("invalid_argument");
	const id = newId();
	const version = ok(await from.store.blobs_begin_import({ id }));
	// Its answer was lost: the same again.
	expect(ok(await from.store.blobs_begin_import({ id }))).toEqual(version);
	expect(await codeOf(restorer.admin.beginImport())).toBe("not_importable");
	expect((await restorer.mode()).mode).toBe("importing");

	for (const who of [anna, ben]) {
		await restorer.admin.grantRole(who.getPrincipal(), "writer");
		await restorer.admin.setQuota(who.getPrincipal(), QUOTA);
	}
	await restorer.admin.grantRole(ben.getPrincipal(), "admin");
	await restorer.admin.setQuota("everybody", QUOTA);
	isAsBefore(await restorer.upload(large, filmOptions).done, 0);

	await installWasm(from.agent, into, from.wasm, "upgrade");
	const [annas, bens] = [await clientOf(anna), await clientOf(ben)];
	for (const blobs of [annas, bens]) {
		expect(await codeOf(blobs.stat("ann/film"))).toBe("not_live");
		expect(await codeOf(blobs.list().next())).toBe("not_live");
		expect(await codeOf(blobs.admin.beginImport())).toBe("not_live");
		expect(await codeOf(blobs.admin.setMode("live", 1n))).toBe("not_live");
	}
	const refused: unknown = await annas.upload(small, { key: "b" }).done.then(
		() => undefined,
		(error) => error,
	);
	expect(isBlobError(refused, "not_live") && refused.message).toContain("The store is in import mode");
	const { items: files } = await restorer.uploadMany([note!, other!]).done;
	for (const [i, file] of files.entries()) {
		if (file.status === "failed") throw file.error;
		isAsBefore(file.manifest, i + 1);
		isAsBefore(await restorer.stat(file.key), i + 1);
	}
	const prepared = await restorer.prepareUpload(large, { ...filmOptions, key: "ann/copy" }).done;
	const again = { ...note!, key: "ann/again", type: "put" as const };
	await restorer.batch([{ type: "commit", upload: prepared }, again]);
	isAsBefore({ ...(await restorer.stat("ann/copy")), key: "ann/film" }, 0);
	isAsBefore({ ...(await restorer.stat("ann/again")), key: "ann/note" }, 1);
	const skipped = await restorer.uploadMany(BACKUP, { skipUnchanged: true }).done;
	expect(skipped).toMatchObject({ unchanged: 3, uploaded: 0, failed: 0 });

	await restorer.admin.endImport();
	expect((await restorer.mode()).mode).toBe("live");
	expect(await codeOf(restorer.admin.endImport())).toBe("not_importable");
	expect(await codeOf(restorer.admin.beginImport())).toBe("not_importable");
	await restorer.admin.setQuota("everybody", undefined);
	expect(await codeOf(restorer.upload(small, { key: "c", importAs: note!.importAs }).done)).toBe(
		"invalid_argument",
	);
	expect(await codeOf(bens.upload(small, { key: "d", importAs: note!.importAs }).done)).toBe(
		"invalid_argument",
	);

	// As it was: theirs alone, counted as theirs, and over the quotas that they have.
	expect(Buffer.compare(await annas.download("ann/film").bytes(), large)).toBe(0);
	isAsBefore(await annas.stat("ann/film"), 0);
	expect(await codeOf((await clientOf(Ed25519KeyIdentity.generate())).stat("ann/film"))).toBe(
		"blob_not_found",
	);
	const account = await annas.account();
	expect(account).toMatchObject({ roles: ["writer"], quota: QUOTA, usage: { blobs: 4, openUploads: 0 } });
	expect(account.usage.bytes).toBeGreaterThan(2 * large.length);
	expect(await codeOf(annas.upload(small, { key: "ann/more" }).done)).toBe("quota_exceeded");

	const told: Change[] = [];
	for await (const change of restorer.changes()) told.push(change);
	const modes = told.filter(({ type }) => type === "mode");
	const who = (await from.agent.getPrincipal()).toText();
	expect(modes).toMatchObject([{ mode: "importing" }, { mode: "live" }]);
	for (const { by } of told) expect(by).toBe(who);
	expect(told.filter(({ type }) => type === "published")).toHaveLength(5);
});

test("what cannot have been is refused before anything is sent", async () => {
	const importAs = { owner: anna.getPrincipal(), createdAt: now, modifiedAt: now };
	const reason = (wrong: object) =>
		restorer.upload(small, { key: "a", importAs: { ...importAs, ...wrong } }).done.then(
			() => "done",
			(error: unknown) => isBlobError(error, "option_invalid") && error.details.option,
		);
	expect(await reason({ createdAt: now + 1 })).toBe("importAs.createdAt");
	expect(await reason({ owner: "2vxsx-fae" })).toBe("importAs.owner");
	expect(await reason({ owner: "nobody" })).toBe("importAs.owner");
	expect(await reason({ modifiedAt: -1 })).toBe("importAs.modifiedAt");
	expect(await reason({ modifiedAt: undefined })).toBe("importAs");
});
