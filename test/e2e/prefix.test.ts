import { readFile } from "node:fs/promises";
import { AnonymousIdentity } from "@dfinity/agent";
import { afterAll, afterEach, beforeAll, expect, inject, test, vi } from "vitest";
import { installWasm } from "../../examples/support/deploy.js";
import { stat } from "../../src/cli/blobs/look.js";
import { BlobClient } from "../../src/client/node/index.js";
import { BlobUrls } from "../../src/service-worker/page.js";
import { buildMain } from "../support/build.js";
import { runCommand } from "../support/in-process.js";
import { isNamed, openStore, type StoreFixture } from "../support/store.js";

/** An upgrade gives the URLs of a store a prefix, on the real canister and the local network's gateway. */

const PREFIX = "/my files";
const KEY = "films/with space.mp4";
const bytes = Uint8Array.from({ length: 200_000 }, (_, i) => (i * 31) & 0xff);
const localTest = test.skipIf(isNamed);

let fixture: StoreFixture;
let prefixed: Uint8Array;
beforeAll(async () => {
	if (isNamed) return;
	fixture = await openStore({ signatures: "bls" });
	prefixed = await buildMain(`import { createBlobStore } from "canister-blobs/canister";
		export default createBlobStore({ http: { prefix: ${JSON.stringify(PREFIX)} } });`);
	const owner = new BlobClient({ canisterId: fixture.canisterId, agent: fixture.agent });
	await owner.upload(bytes, { key: KEY, visibility: "public", chunkBytes: 65_536 }).done;
	await owner.upload(bytes, { key: "small", visibility: "public" }).done;
});
afterEach(() => {
	vi.unstubAllGlobals();
});
afterAll(async () => {
	await fixture?.dispose();
});

async function reader(): Promise<BlobClient> {
	const agent = await fixture.network.agent(new AnonymousIdentity());
	return new BlobClient({ canisterId: fixture.canisterId, agent });
}

/** What everybody who makes a URL makes of the key. */
async function urls(): Promise<{ command: string; page: string }> {
	const { canisterId, network } = fixture;
	const of = ["-c", canisterId.toText(), "--host", network.url, "--local"];
	const { out } = await runCommand(stat, KEY, "--url", ...of);
	// A page without a service worker.
	vi.stubGlobal("navigator", {});
	const gateway = `http://${canisterId}.localhost:${new URL(network.url).port}/`;
	const page = new BlobUrls({ client: await reader(), canisterId: canisterId.toText(), gateway });
	const { url, via } = await page.blobUrl(KEY);
	expect(via).toBe("gateway");
	return { command: out.trim(), page: url };
}

/** By the canister's id in the query, since a name below localhost is not known to every resolver. */
const get = (path: string) => fetch(`${fixture.network.url}${path}?canisterId=${fixture.canisterId}`);

localTest(
	"C149 an upgrade moves the URLs, whoever makes one follows, and clients prove what they did",
	async () => {
		const { canisterId, agent } = fixture;
		const site = `http://${canisterId}.localhost:${new URL(fixture.network.url).port}`;
		const path = "/films/with%20space.mp4";
		await expect.poll(async () => (await get(path)).status).toBe(200);
		for (const [wasm, prefix] of [
			[undefined, ""],
			[prefixed, "/my%20files"],
			[new Uint8Array(await readFile(inject("wasm").store)), ""],
			[prefixed, "/my%20files"],
		] as const) {
			if (wasm !== undefined) await installWasm(agent, canisterId, wasm, "upgrade");
			expect(await urls()).toEqual({ command: `${site}${prefix}${path}`, page: `${site}${prefix}${path}` });
			const whole = await get(`${prefix}${path}`);
			expect([whole.status, new Uint8Array(await whole.arrayBuffer())]).toEqual([200, bytes]);
			for (const none of ["/none", prefix === "" ? "/my%20files/small" : "/small", `${prefix}/none`])
				expect((await get(none)).status, none).toBe(404);
			const client = await reader();
			expect((await client.mode()).urlPrefix).toBe(decodeURIComponent(prefix));
			expect(await client.download(KEY).bytes()).toEqual(bytes);
			const keys: string[] = [];
			for await (const entry of client.list()) if (entry.type === "blob") keys.push(entry.blob.key);
			expect(keys).toEqual([KEY, "small"]);
			await expect(client.stat("none")).rejects.toMatchObject({ code: "blob_not_found" });
			const owner = new BlobClient({ canisterId, agent });
			await owner.upload(bytes, { key: "more", visibility: "public" }).done;
			expect((await get(`${prefix}/more`)).status).toBe(200);
			await owner.delete("more");
			expect((await get(`${prefix}/more`)).status).toBe(404);
		}
	},
);
