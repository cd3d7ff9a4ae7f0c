import { Ed25519KeyIdentity } from "@dfinity/identity";
import { afterAll, beforeAll, expect, test } from "vitest";
import { BlobClient, isBlobError } from "../../src/client/index.js";
import { openStore, type StoreFixture } from "../support/store.js";

/** Leases through the client: its defaults, and its own checks. */

let fixture: StoreFixture;
let blobs: BlobClient;
beforeAll(async () => {
	fixture = await openStore();
	const identity = Ed25519KeyIdentity.generate();
	const admin = new BlobClient({ agent: fixture.agent, canisterId: fixture.canisterId });
	await admin.admin.grantRole(identity.getPrincipal(), "backup");
	blobs = new BlobClient({ agent: fixture.agent, identity, canisterId: fixture.canisterId });
});
afterAll(() => fixture.dispose());

const errorOf = (work: Promise<unknown>) =>
	work.then(
		() => undefined,
		(error) => (isBlobError(error) ? error : Promise.reject(error)),
	);

test("a lease is for an hour and 16 GiB, is extended for an hour, and is gone when it is released", async () => {
	const { id, version } = await blobs.takeLease();
	const [lease] = await blobs.listLeases();
	expect(lease).toMatchObject({ id, version, bytes: 2 ** 34, used: 0, broken: false });
	expect(lease!.endsAt.getTime() - lease!.takenAt.getTime()).toBe(3_600_000);
	await blobs.extendLease(id, { lifeMs: 7_200_000 });
	const [later] = await blobs.listLeases({ trust: "subnet" });
	expect(later!.endsAt.getTime() - lease!.takenAt.getTime()).toBeGreaterThanOrEqual(7_200_000);
	await blobs.releaseLease(id);
	await blobs.releaseLease(id);
	expect(await blobs.listLeases()).toEqual([]);
	expect((await errorOf(blobs.extendLease(id)))?.code).toBe("lease_not_found");
});

test("what no lease can be is refused before anything is sent", async () => {
	const { methods } = await new BlobClient({
		agent: fixture.agent,
		canisterId: fixture.canisterId,
	}).admin.statistics();
	const calls = (name: string) => methods.find((method) => method.name === name)?.calls;
	for (const [wrong, option] of [
		[blobs.takeLease({ lifeMs: 0 }), "lifeMs"],
		[blobs.takeLease({ lifeMs: 86_400_001 }), "lifeMs"],
		[blobs.takeLease({ bytes: 2 ** 36 + 1 }), "bytes"],
		[blobs.takeLease({ life: 1 } as never), "life"],
		[blobs.extendLease("x" as never), "lease"],
		[blobs.releaseLease(undefined as never), "lease"],
		[blobs.listLeased("x" as never).next(), "lease"],
	] as const)
		expect(await errorOf(wrong)).toMatchObject({ code: "option_invalid", details: { option } });
	const after = await new BlobClient({
		agent: fixture.agent,
		canisterId: fixture.canisterId,
	}).admin.statistics();
	expect(after.methods.find(({ name }) => name === "blobs_take_lease")?.calls).toBe(
		calls("blobs_take_lease"),
	);
});
