import { Ed25519KeyIdentity } from "@dfinity/identity";
import { afterAll, beforeAll, expect, test } from "vitest";
import { BlobClient, isBlobError, type ListOptions } from "../../src/client/node/index.js";
import { isNamed, openStore, type StoreFixture } from "../support/store.js";

/**
 * Lists of a caller that once had a role, and has private blobs: no node can prove those, and no update is let in. A list
 * without them would tell a mirror that they are gone.
 */

let fixture: StoreFixture;
let client: BlobClient;
let administrator: BlobClient;
const identity = Ed25519KeyIdentity.generate();
const who = identity.getPrincipal();

beforeAll(async () => {
	fixture = await openStore();
	const { canisterId, network } = fixture;
	client = new BlobClient({ canisterId, agent: await network.agent(identity) });
	administrator = new BlobClient({ canisterId, agent: fixture.agent });
	await administrator.admin.grantRole(who, "writer");
	await administrator.upload(Uint8Array.of(1), { key: "theirs/public", visibility: "public" }).done;
	await administrator.upload(Uint8Array.of(2), { key: "theirs/private" }).done;
	await client.upload(Uint8Array.of(3), { key: "mine/private" }).done;
	await client.upload(Uint8Array.of(4), { key: "mine/public", visibility: "public" }).done;
	await administrator.admin.revokeRole(who, "writer");
});
afterAll(() => fixture.dispose());

/** The keys of a list, or the error that it ends with; and the requests that it took. */
async function listed(options?: ListOptions) {
	fixture.network.local?.requests.clear();
	const keys: string[] = [];
	let error: unknown;
	try {
		for await (const entry of client.list(options))
			keys.push(entry.type === "blob" ? entry.blob.key : entry.path);
	} catch (reason) {
		error = reason;
	}
	const requests = (fixture.network.local?.requests.entries ?? []).map(
		({ kind, method }) => `${kind} ${method}`,
	);
	return { keys, error, requests };
}

test("are refused at once by default, and say what to do: nothing is left out in silence", async () => {
	const begun = Date.now();
	for (const options of [undefined, { trust: "subnet" as const }, { prefix: "mine/" }]) {
		const { keys, error, requests } = await listed(options);
		expect(keys).toEqual([]);
		expect(isBlobError(error, "not_admitted") && error.details).toEqual({
			method: "blobs_list",
			who: who.toText(),
			roles: [],
		});
		expect(String(error)).toContain('visibility: "public"');
		if (!isNamed) expect(requests.filter((request) => request === "call blobs_list").length).toBe(1);
	}
	if (!isNamed) expect(Date.now() - begun).toBeLessThan(10_000);
});

test("show what is public, proven, where nothing else is asked for", async () => {
	const { keys, error, requests } = await listed({ visibility: "public" });
	expect(error).toBeUndefined();
	expect(keys).toEqual(["mine/public", "theirs/public"]);
	if (!isNamed) expect(requests.map((request) => request.split(" ")[0])).not.toContain("call");
	expect((await listed({ visibility: "public", recursive: false })).keys).toEqual(["mine/", "theirs/"]);
});

test("show what is private, too, by the word of one node, and certified with a role", async () => {
	expect((await listed({ trust: "node" })).keys).toEqual(["mine/private", "mine/public", "theirs/public"]);
	await administrator.admin.grantRole(who, "writer");
	const again = new BlobClient({
		canisterId: fixture.canisterId,
		agent: await fixture.network.agent(identity),
	});
	const keys: string[] = [];
	for await (const entry of again.list()) if (entry.type === "blob") keys.push(entry.blob.key);
	expect(keys).toEqual(["mine/private", "mine/public", "theirs/public"]);
	await administrator.admin.revokeRole(who, "writer");
});
