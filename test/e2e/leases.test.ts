import { randomBytes } from "node:crypto";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { installWasm } from "../../examples/support/deploy.js";
import { BlobClient, type Manifest } from "../../src/client/node/index.js";
import { passTime } from "../support/clock.js";
import { codeOf } from "../support/outcome.js";
import { isNamed, openStore, type StoreFixture } from "../support/store.js";

/** A backup that reads a changing store, on the real canister, whose clock the test moves. */

const backup = Ed25519KeyIdentity.generate();
const writer = Ed25519KeyIdentity.generate();
let fixture: StoreFixture;
beforeAll(async () => {
	if (isNamed) return;
	vi.useFakeTimers({ toFake: ["Date"] });
	fixture = await openStore();
});
afterAll(async () => {
	vi.useRealTimers();
	await fixture?.dispose();
});

async function clientOf(identity?: Ed25519KeyIdentity): Promise<BlobClient> {
	const agent = identity === undefined ? fixture.agent : await fixture.network.agent(identity);
	return new BlobClient({ canisterId: fixture.canisterId, agent });
}

const large = new Uint8Array(randomBytes(2_200_000));
const small = Uint8Array.of(1, 2, 3);

test.skipIf(isNamed)(
	"C84 a backup reads the state of one moment while writers and an upgrade go on",
	async () => {
		const administrator = await clientOf();
		await administrator.admin.grantRole(writer.getPrincipal(), "writer");
		await administrator.admin.grantRole(backup.getPrincipal(), "backup");
		const [blobs, reader] = [await clientOf(writer), await clientOf(backup)];
		for (const key of ["kept", "deleted", "renamed", "updated"]) await blobs.upload(small, { key }).done;
		await blobs.upload(large, { key: "replaced" }).done;

		expect(await codeOf(blobs.takeLease())).toBe("not_authorized");
		const { id, version } = await reader.takeLease({ lifeMs: 3_600_000, bytes: 3_000_000 });
		await blobs.delete("deleted");
		await blobs.rename("renamed", "elsewhere");
		await blobs.update("updated", { replaceMetadata: { n: "2" } });
		await blobs.upload(small, { key: "replaced" }).done;
		await blobs.upload(small, { key: "later" }).done;
		await installWasm(fixture.agent, fixture.canisterId, fixture.wasm, "upgrade");

		const state = new Map<string, Manifest>();
		const add = (manifest: Manifest) => {
			if (manifest.sequence <= version.sequence) state.set(manifest.key, manifest);
		};
		for await (const entry of reader.list({ recursive: true })) if (entry.type === "blob") add(entry.blob);
		for await (const manifest of reader.listLeased(id)) add(manifest);
		expect([...state.keys()].sort()).toEqual(["deleted", "kept", "renamed", "replaced", "updated"]);
		for (const [key, manifest] of state) {
			const bytes = await reader.downloadLeased(manifest).bytes();
			expect(Buffer.compare(bytes, key === "replaced" ? large : small)).toBe(0);
			expect(manifest.metadata).toEqual({});
		}
		const gone = state.get("deleted")!;
		expect(await codeOf(blobs.downloadLeased(gone).bytes())).toBe("blob_not_found");

		await reader.extendLease(id, { lifeMs: 7_200_000 });
		const [lease] = await administrator.listLeases();
		expect(lease).toMatchObject({ id, version, bytes: 3_000_000, broken: false });
		expect(lease!.endsAt.getTime() - Date.now()).toBeGreaterThan(7_000_000);
		// More than it is for goes: its holder is told, and the writer is not.
		await blobs.upload(large, { key: "kept" }).done;
		expect((await reader.listLeases())[0]!.broken).toBe(false);
		const other = await reader.takeLease({ bytes: 1_000 });
		await blobs.delete("kept");
		expect(await codeOf(reader.listLeased(other.id).next())).toBe("lease_broken");
		expect(await codeOf(reader.takeLease())).toBe("quota_exceeded");
		await administrator.releaseLease(other.id);
		expect(await codeOf(reader.extendLease(other.id))).toBe("lease_not_found");

		await passTime(fixture, 7_300_000);
		expect(await reader.listLeases({ trust: "subnet" })).toEqual([]);
		expect(await codeOf(reader.downloadLeased(gone).bytes())).toBe("blob_not_found");
		const told = [];
		for await (const change of administrator.changes()) if (change.type === "lease") told.push(change);
		expect(told.map(({ endsAt }) => endsAt !== undefined)).toEqual([true, true, true, false]);
		for (const options of [{ lifeMs: 0 }, { lifeMs: 86_400_001 }, { bytes: -1 }, { bytes: 2 ** 37 }])
			expect(await codeOf(reader.takeLease(options))).toBe("option_invalid");
	},
);
