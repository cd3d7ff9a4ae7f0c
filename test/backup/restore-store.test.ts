import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import type { Principal } from "@dfinity/principal";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { deployCanister } from "../../examples/support/deploy.js";
import { DirectorySink, backup as makeBackup, Repository } from "../../src/backup/index.js";
import { BlobClient } from "../../src/client/node/index.js";
import { BlobOwners } from "../../src/client/owners/index.js";
import { openStore, type StoreFixture } from "../support/store.js";
import { keyIn, start } from "./support/command.js";

/** Restores a snapshot into an empty canister, with the command and the canister's import mode. */

vi.setConfig({ testTimeout: 180_000 });

let fixture: StoreFixture;
let blobs: BlobClient;
let folder: string;
let controllerFile: string;

beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "canister-blobs-restore-store-"));
	controllerFile = join(folder, "controller.pem");
	const { identity } = await keyIn(controllerFile);
	fixture = await openStore({}, identity);
	blobs = new BlobClient({ agent: fixture.agent, canisterId: fixture.canisterId, localNetwork: true });
});
afterAll(async () => {
	await fixture?.dispose();
	await rm(folder, { recursive: true, force: true });
});

const asController = () => ["--host", fixture.network.url, "--local", "--identity", controllerFile, "--json"];
const restoreInto = (canisterId: Principal) => [
	"restore",
	"latest",
	...["--into", canisterId.toText()],
	...asController(),
];

test("C47 an empty canister gets all of it: manifests, roots, owners, times, roles, quotas, links; through SIGKILL", async () => {
	const place = { CANISTER_BLOBS_REPOSITORY: join(folder, "for-canister") };
	await blobs.upload(randomBytes(3 * 2_080_768), { key: "large" }).done;
	const small = Array.from({ length: 20 }, (_, index) => ({
		key: `small/${index}`,
		source: randomBytes(2_000),
	}));
	await blobs.uploadMany(small).done;
	const guest = Ed25519KeyIdentity.generate();
	const principal = guest.getPrincipal();
	await blobs.admin.grantRole(principal, "writer");
	await blobs.admin.setQuota(principal, { ...(await blobs.account(principal)).quota, bytes: 10 ** 12 });
	const given = await blobs.admin.grant(principal, { role: "writer", prefix: "inbox/", bytes: 10 ** 9 });
	const agent = await fixture.network.agent(guest);
	const theirs = new BlobClient({ agent, canisterId: fixture.canisterId, localNetwork: true });
	await theirs.upload(randomBytes(300_000), {
		...{ key: "guest/chunked", chunkBytes: 65_536, visibility: "public", contentType: "image/png" },
		metadata: { by: "guest" },
	}).done;
	// Small, and yet of chunks that a single call would not make.
	const prepared = await theirs.prepareUpload(randomBytes(1_000), {
		key: "guest/session",
		chunkBytes: 65_536,
	}).done;
	await theirs.batch([{ type: "commit", upload: prepared }]);
	const owners = new BlobOwners(theirs);
	await owners.take(await new BlobOwners(blobs).offer(principal, { key: "small/3" }));
	const phone = Ed25519KeyIdentity.generate();
	await owners.offerLink(phone.getPrincipal());
	const asPhone = new BlobClient({ agent, identity: phone, canisterId: fixture.canisterId });
	await new BlobOwners(asPhone).acceptLink(principal);
	expect(await start(["init"], place).ended).toMatchObject({ code: 0 });
	const backup = ["backup", "--canister", fixture.canisterId.toText(), ...asController()];
	expect(await start(backup, place).ended).toMatchObject({ code: 0, last: { settingsComplete: true } });

	const canisterId = await deployCanister(fixture.agent, fixture.wasm);
	const expected = await start([...restoreInto(canisterId), "--dry-run"], place).ended;
	expect(expected).toMatchObject({ code: 0, last: { dryRun: true, restored: 23, failed: 0 } });
	const killed = start(restoreInto(canisterId), place);
	const restored = new BlobClient({ agent: fixture.agent, canisterId, localNetwork: true });
	while ((await restored.admin.statistics()).chunks < 4)
		await new Promise((resolve) => setTimeout(resolve, 20));
	killed.child.kill("SIGKILL");
	await killed.ended;
	expect((await restored.mode()).mode).toBe("importing");
	const ended = await start(restoreInto(canisterId), place).ended;
	expect(ended).toMatchObject({ code: 0, last: { failed: 0, isLive: true, missing: 0 } });
	expect((await restored.mode()).mode).toBe("live");

	const all = async (client: BlobClient) => {
		const found = [];
		for await (const entry of client.list())
			if (entry.type === "blob") {
				const { sequence: _, canisterVersion: __, ...rest } = entry.blob;
				found.push(rest);
			}
		return found;
	};
	const manifests = await all(blobs);
	expect(manifests.length).toBe(23);
	expect(await all(restored)).toEqual(manifests);
	// Every root is that of the bytes, which the canister has hashed itself; of three all bytes are read.
	for (const key of ["large", "guest/chunked", "guest/session"]) {
		const [before, after] = await Promise.all(
			[blobs, restored].map((client) => client.download(key).bytes()),
		);
		expect(Buffer.compare(before as Uint8Array, after as Uint8Array), key).toBe(0);
	}
	const account = await restored.account(principal);
	expect(account).toMatchObject({ roles: ["writer"], hasOwnQuota: true, quota: { bytes: 10 ** 12 } });
	const grants = [];
	for await (const { id, terms } of restored.admin.listGrants()) grants.push({ id, bytes: terms.bytes });
	expect(grants).toEqual([{ id: given.id, bytes: 10 ** 9 }]);
	expect((await restored.stat("small/3")).owner).toBe(principal.toText());
	const links = [];
	for await (const { owner, who, holds } of new BlobOwners(restored).listLinks())
		links.push([owner, who, holds]);
	expect(links).toEqual([[principal.toText(), phone.getPrincipal().toText(), true]]);
	// It is not empty any more, and an import is once in a life.
	expect(await start(restoreInto(canisterId), place).ended).toMatchObject({
		code: 1,
		last: { code: "not_importable" },
	});
});

test("C57 a canister that runs another module than the one recorded is refused before anything is changed", async () => {
	const place = { CANISTER_BLOBS_REPOSITORY: join(folder, "other-wasm") };
	await start(["init"], place).ended;
	const repository = await Repository.open(new DirectorySink(place.CANISTER_BLOBS_REPOSITORY), {
		writes: true,
	});
	await makeBackup(repository, {
		client: blobs,
		canister: fixture.canisterId.toText(),
		wasmHash: "ab".repeat(32),
	});
	const canisterId = await deployCanister(fixture.agent, fixture.wasm);
	const refused = await start(restoreInto(canisterId), place).ended;
	expect(refused).toMatchObject({ code: 1, last: { type: "error", code: "wasm_differs" } });
	// A dry run compares the modules, too; with the other one accepted it counts, and changes nothing.
	const dry = [...restoreInto(canisterId), "--dry-run"];
	expect(await start(dry, place).ended).toMatchObject({ code: 1, last: { code: "wasm_differs" } });
	const summary = await repository.find("latest");
	expect(await start([...dry, "--accept-other-wasm"], place).ended).toMatchObject({
		code: 0,
		last: {
			type: "summary",
			dryRun: true,
			restored: summary.blobs,
			unchanged: 0,
			failed: 0,
			bytes: summary.bytes,
		},
	});
	expect(await start([...dry, "--accept-other-wasm", "--prefix", "large"], place).ended).toMatchObject({
		code: 0,
		last: { restored: 1 },
	});
	const untouched = new BlobClient({ agent: fixture.agent, canisterId, localNetwork: true });
	expect((await untouched.mode()).mode).toBe("live");
	expect(await untouched.list().next()).toMatchObject({ done: true });
});
