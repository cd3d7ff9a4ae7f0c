import { randomBytes } from "node:crypto";
import type { HttpAgent, Identity } from "@dfinity/agent";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { installWasm } from "../../examples/support/deploy.js";
import { BlobClient, type Grant, type GrantTerms, isBlobError } from "../../src/client/node/index.js";
import { MAX_GRANTS } from "../../src/protocol/index.js";
import { codeOf } from "../support/outcome.js";
import { deployProxy, storeThrough } from "../support/proxy.js";
import { argument, FREE, send } from "../support/send.js";
import { isNamed, newId, ok, openStore, refusal, type StoreFixture } from "../support/store.js";

/** Guests: principals without a role, whose permissions come from grants. */

let fixture: StoreFixture;
let administrator: BlobClient;
beforeAll(async () => {
	fixture = await openStore({ metering: true });
	administrator = new BlobClient({ canisterId: fixture.canisterId, agent: fixture.agent });
});
afterAll(() => fixture.dispose());

const writer = (prefix: string, terms: Partial<GrantTerms> = {}): GrantTerms => ({
	role: "writer",
	prefix,
	...terms,
});

interface Person {
	readonly identity: Identity;
	readonly who: ReturnType<Identity["getPrincipal"]>;
	readonly agent: HttpAgent;
	readonly blobs: BlobClient;
}
async function person(identity: Identity = Ed25519KeyIdentity.generate()): Promise<Person> {
	const agent = await fixture.network.agent(identity);
	const blobs = new BlobClient({ canisterId: fixture.canisterId, agent });
	return { identity, who: identity.getPrincipal(), agent, blobs };
}

async function all(grants: AsyncIterable<Grant>): Promise<Grant[]> {
	const found: Grant[] = [];
	for await (const grant of grants) found.push(grant);
	return found;
}
async function keysOf(blobs: BlobClient): Promise<string[]> {
	const keys: string[] = [];
	for await (const entry of blobs.list()) keys.push(entry.type === "blob" ? entry.blob.key : entry.path);
	return keys;
}
const large = new Uint8Array(randomBytes(5_000_000));

test("C58 a guest uploads a large file under its prefix, through an upgrade, and nothing elsewhere", async () => {
	const guest = await person();
	const terms = writer("inbox/ann/", {
		bytes: 1e9,
		endsAt: new Date(Date.now() + 3_600_000),
		publicOnly: true,
	});
	const { id } = await administrator.admin.grant(guest.who, terms);
	const upload = guest.blobs.upload(large, { key: "inbox/ann/film", visibility: "public" });
	await new Promise<void>((resolve) => upload.on("progress", ({ loaded }) => loaded > 0 && resolve()));
	await installWasm(fixture.agent, fixture.canisterId, fixture.wasm, "upgrade");
	const film = await upload.done;
	expect(Buffer.compare(await administrator.download(film).bytes(), large)).toBe(0);
	expect(film.owner).toBe(guest.who.toText());
	const elsewhere = guest.blobs.upload(large, { key: "inbox/anna/film", visibility: "public" });
	expect(await codeOf(elsewhere.done)).toBe("not_authorized");
	expect(await codeOf(guest.blobs.upload(Uint8Array.of(1), { key: "inbox/ann/mine" }).done)).toBe(
		"not_authorized",
	);
	const files = [
		{ key: "inbox/ann/1", source: Uint8Array.of(1), visibility: "public" as const },
		{ key: "inbox/ann/2", source: Uint8Array.of(2) },
	];
	const { items: results } = await guest.blobs.uploadMany(files).done;
	expect(results.map(({ status }) => status)).toEqual(["uploaded", "failed"]);

	const [grant, none] = await all(guest.blobs.admin.listGrants({ heldBy: guest.who }));
	expect(none).toBeUndefined();
	expect(grant).toMatchObject({ id, terms, under: undefined, used: { blobs: 2 }, holds: true });
	expect((await guest.blobs.account()).granted).toEqual(["writer"]);
	expect(JSON.parse(JSON.stringify(grant)).terms.bytes).toBe(1e9);
});

test("C59 what a grant is for in all is told with its limit, and not got round by deleting", async () => {
	const guest = await person();
	await administrator.admin.grant(guest.who, writer("few/", { blobs: 1 }));
	await guest.blobs.upload(Uint8Array.of(1), { key: "few/a" }).done;
	await guest.blobs.delete("few/a");
	const error: unknown = await guest.blobs.upload(Uint8Array.of(1), { key: "few/b" }).done.then(
		() => undefined,
		(reason) => reason,
	);
	expect(isBlobError(error, "quota_exceeded") && error.details).toEqual({
		quota: "grant_blobs",
		limit: 1n,
		used: 1n,
		needed: 1n,
	});
	expect(String(error)).toContain("The grant allows 1 blobs");
});

test("C60 a tab uploads by a part that its application gives to the tab's own key, until that is taken away", async () => {
	const [application, tab] = [await person(), await person()];
	const above = await administrator.admin.grant(
		application.who,
		writer("app/", { mayGive: true, bytes: 1e8 }),
	);
	const session = await application.blobs.admin.grant(tab.who, writer("app/tabs/1/", { bytes: 1e7 }));
	await tab.blobs.upload(large, { key: "app/tabs/1/file" }).done;
	expect(await codeOf(tab.blobs.upload(large, { key: "app/tabs/1/more" }).done)).toBe("quota_exceeded");
	expect(await codeOf(tab.blobs.upload(Uint8Array.of(1), { key: "app/tabs/2/file" }).done)).toBe(
		"not_authorized",
	);

	const [given] = await all(application.blobs.admin.listGrants({ givenBy: application.who }));
	expect(given).toMatchObject({ ...session, under: above });
	const [own] = await all(application.blobs.admin.listGrants({ heldBy: application.who }));
	expect(own!.used).toEqual(given!.used);
	expect(await codeOf(application.blobs.admin.grant(tab.who, writer("apps/")))).toBe("not_authorized");
	const more = application.blobs.admin.grant(tab.who, writer("app/", { bytes: 2e8 }));
	expect(await codeOf(more)).toBe("invalid_argument");

	await application.blobs.admin.revokeGrant(session);
	expect(await codeOf(tab.blobs.upload(Uint8Array.of(1), { key: "app/tabs/1/b" }).done)).toBe(
		"not_authorized",
	);
	const again = await application.blobs.admin.grant(tab.who, writer("app/tabs/1/"));
	await tab.blobs.upload(Uint8Array.of(1), { key: "app/tabs/1/b" }).done;
	await administrator.admin.revokeGrant(above);
	expect(await codeOf(tab.blobs.upload(Uint8Array.of(1), { key: "app/tabs/1/c" }).done)).toBe(
		"not_authorized",
	);
	expect(await codeOf(application.blobs.admin.revokeGrant(again))).toBe("not_authorized");
	// What is its own it still reads.
	expect((await tab.blobs.stat("app/tabs/1/b")).owner).toBe(tab.who.toText());
});

test("C61 no guest replaces, changes or deletes another's blobs, but by a grant over what others own", async () => {
	const [guest, other, host] = [await person(), await person(), await person()];
	for (const { who } of [guest, other]) await administrator.admin.grant(who, writer("shared/"));
	await administrator.admin.grant(host.who, writer("shared/", { overOthers: true }));
	await guest.blobs.upload(Uint8Array.of(1), { key: "shared/a", visibility: "public" }).done;
	expect(await codeOf(other.blobs.upload(Uint8Array.of(2), { key: "shared/a" }).done)).toBe("not_authorized");
	expect(await codeOf(other.blobs.upload(large, { key: "shared/a" }).done)).toBe("not_authorized");
	expect(await codeOf(other.blobs.update("shared/a", { contentType: "text/plain" }))).toBe("not_authorized");
	expect(await codeOf(other.blobs.rename("shared/a", "shared/b"))).toBe("not_authorized");
	expect(await codeOf(other.blobs.delete("shared/a"))).toBe("not_authorized");
	expect(await codeOf(host.blobs.update("shared/a", { contentType: "text/plain" }))).toBe("done");
	expect(await codeOf(host.blobs.delete("shared/a"))).toBe("done");
});

test("C58 a reader by a grant sees what is private under its prefix, and is not told of it as absent", async () => {
	const guest = await person();
	for (const key of ["read/a", "read/b/c", "unread/d"])
		await administrator.upload(Uint8Array.of(7), { key }).done;
	expect(await codeOf(guest.blobs.stat("read/a"))).toBe("blob_not_found");
	const grant = await administrator.admin.grant(guest.who, { role: "reader", prefix: "read/" });
	// A client that has learned before that it reads nothing of others learns anew.
	const reader = await person(guest.identity);
	expect(await codeOf(reader.blobs.stat("unread/d"))).toBe("blob_not_found");
	expect(await reader.blobs.download("read/a").bytes()).toEqual(Uint8Array.of(7));
	const keys = (await keysOf(reader.blobs)).filter(
		(key) => key.startsWith("read/") || key.startsWith("unread/"),
	);
	expect(keys).toEqual(["read/a", "read/b/c"]);
	await administrator.admin.revokeGrant(grant);
	expect(await codeOf((await person(guest.identity)).blobs.stat("read/a"))).toBe("blob_not_found");
});

test("changes tell of grants", async () => {
	const guest = await person();
	const from = await administrator.latestCursor();
	const grant = await administrator.admin.grant(guest.who, writer("told/", { blobs: 3 }));
	await administrator.admin.revokeGrant(grant);
	await administrator.admin.revokeGrant(grant);
	const told = [];
	for await (const change of administrator.changes({ after: from })) told.push(change);
	expect(told.map(({ type }) => type)).toEqual(["grant", "grant"]);
	expect(told[0]).toMatchObject({ ...grant, terms: { prefix: "told/", blobs: 3, bytes: Infinity } });
	expect(told[1]).toMatchObject({ ...grant, terms: undefined });
});

describe("C62 before a message is executed", () => {
	const chunk = () => argument("blobs_put_chunk", newId(), 0, large.subarray(0, 2_000_000));
	const page = { after: [] as [], limit: 10 };

	test("a writer's by a grant are let in as a writer's by role, until the grant ends; no others", async () => {
		const [guest, reader, stranger] = [await person(), await person(), await person()];
		const grant = await administrator.admin.grant(guest.who, writer("inspected/"));
		await administrator.admin.grant(reader.who, { role: "reader", prefix: "inspected/" });
		const list = argument("blobs_list_grants", { of: { held_by: guest.who }, ...page });
		expect((await send(fixture, guest.agent, "blobs_put_chunk", chunk())).code).toBeUndefined();
		expect((await send(fixture, guest.agent, "blobs_list_grants", list)).code).toBeUndefined();
		for (const { agent } of [reader, stranger]) {
			const its = await send(fixture, agent, "blobs_put_chunk", chunk());
			if (isNamed) expect(its.code).toBe("IC0406");
			else expect(its).toEqual(FREE);
		}
		expect((await send(fixture, stranger.agent, "blobs_list_grants", list)).code).toBe("IC0406");
		expect((await send(fixture, guest.agent, "blobs_grant_role", new Uint8Array(5_000))).code).toBe("IC0406");
		await administrator.admin.revokeGrant(grant);
		expect((await send(fixture, guest.agent, "blobs_put_chunk", chunk())).code).toBe("IC0406");
	});

	test("a reader by a grant is told by the method that it is no writer", async () => {
		const reader = await person();
		await administrator.admin.grant(reader.who, { role: "reader", prefix: "inspected/" });
		expect(await codeOf(reader.blobs.upload(large, { key: "inspected/a" }).done)).toBe("not_authorized");
	});
});

test("C01 a canister is held to its grants by the methods themselves", async () => {
	const proxy = await deployProxy(fixture.agent);
	const asCanister = storeThrough(proxy, fixture.canisterId);
	const key = "canister/a";
	const request = () => ({ id: newId(), key, size: [1n] as [bigint], chunk_size: 1 });
	expect(Object.keys(refusal(await asCanister.blobs_begin_upload(request())))).toEqual(["not_authorized"]);
	await administrator.admin.grant(proxy.principal, writer("canister/"));
	ok(await asCanister.blobs_begin_upload(request()));
});

test("one more than a principal can hold is refused with the limit", async () => {
	const guest = await person();
	for (let n = 0; n < MAX_GRANTS; n++) await administrator.admin.grant(guest.who, writer(`${n}/`));
	const error: unknown = await administrator.admin.grant(guest.who, writer("more/")).then(
		() => undefined,
		(reason) => reason,
	);
	expect(isBlobError(error, "quota_exceeded") && error.details.limit).toBe(BigInt(MAX_GRANTS));
	expect(await all(administrator.admin.listGrants({ heldBy: guest.who }))).toHaveLength(MAX_GRANTS);
});
