import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { installWasm } from "../../examples/support/deploy.js";
import { MAX_CHUNK_BYTES } from "../../src/protocol/index.js";
import { sourceFiles } from "../layering/imports.js";
import { newId, ok, openStore, publication, rootOf, type StoreFixture, versionOf } from "../support/store.js";

/** How the documented deployment treats a canister that holds data. */

const root = join(import.meta.dirname, "../..");
let fixture: StoreFixture;
beforeAll(async () => {
	fixture = await openStore();
});
afterAll(() => fixture.dispose());

test("C29 the Wasm of the documented build steps upgrades; installing it over data is refused", async () => {
	const { store, agent, canisterId, wasm } = fixture;
	const bytes = new Uint8Array(randomBytes(1_000));
	const root = rootOf(bytes, MAX_CHUNK_BYTES);
	const manifest = ok(await store.blobs_put_blob({ id: newId(), key: "a", ...publication(root) }, bytes));
	await expect(installWasm(agent, canisterId, wasm, "install")).rejects.toThrow(/not empty|IC0514/i);
	await installWasm(agent, canisterId, wasm, "upgrade");
	expect(ok(await store.blobs_get_chunk("a", versionOf(manifest), 0))).toEqual(bytes);
});

test("C29 nothing that deploys a store asks for a reinstallation", () => {
	const documents = ["README.md", "package.json", ".ci/run"];
	const configurations = ["store", "beside"].flatMap((example) =>
		["dfx.json", "icp.yaml"].map((file) => `examples/${example}/${file}`),
	);
	// The management canister's own types name the mode, and the local network carries it out.
	const except = ["examples/support/management.ts"];
	const scripts = readdirSync(join(root, "scripts")).map((file) => `scripts/${file}`);
	const sources = ["src/cli", "src/client", "src/canister", "src/protocol", "examples", "bench"]
		.flatMap((folder) => sourceFiles(folder))
		.filter((file) => !except.includes(file));
	for (const file of [...documents, ...configurations, ...scripts, ...sources])
		expect(readFileSync(join(root, file), "utf8"), file).not.toMatch(/reinstall/i);
});
