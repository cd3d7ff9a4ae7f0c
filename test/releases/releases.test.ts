import { readFile } from "node:fs/promises";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { deployCanister, installWasm } from "../../examples/support/deploy.js";
import { openNetwork, type TestNetwork } from "../../examples/support/network.js";
import * as client from "../../src/client/node/index.js";
import { BlobOwners } from "../../src/client/owners/index.js";
import "../support/test-signatures.js";
import { KEPT_RELEASES, type Package, packageOf, wasmOf } from "./support/kept.js";
import { begin, goOn, type Place } from "./support/life.js";

/** What was released works with what is built here, on either side (docs/UPGRADING.md). */

const newest: Package = { ...client, BlobOwners };
const controller = Ed25519KeyIdentity.generate();
/** Signatures by hashes take less time; a gateway serves nothing by them. */
let cheap: TestNetwork;
let real: TestNetwork;
let wasm: Uint8Array;
beforeAll(async () => {
	cheap = await openNetwork({ signatures: "test" });
	real = await openNetwork();
	wasm = await readFile(inject("wasm").store);
});
afterAll(async () => {
	await cheap?.dispose();
	await real?.dispose();
});

async function install(what: Uint8Array, network = cheap): Promise<Place> {
	const canisterId = await deployCanister(await network.agent(controller), what);
	return { network, controller, canisterId, gateway: network === real };
}

test("releases are kept", () => {
	expect(KEPT_RELEASES).toContain("0.2.0");
});

describe.each(KEPT_RELEASES)("release %s", (version) => {
	let kept: Package;
	let keptWasm: Uint8Array;
	beforeAll(async () => {
		kept = await packageOf(inject("run"), version);
		keptWasm = await wasmOf(version);
	});

	test("C151 its store, full and in the middle of uploads, is upgraded and goes on", async () => {
		const place = await install(keptWasm, real);
		const begun = await begin(kept, place);
		await installWasm(await real.agent(controller), place.canisterId, wasm, "upgrade");
		await goOn(newest, place, begun);
	});

	test("C152 its client works with the newest canister", async () => {
		const place = await install(wasm);
		await goOn(kept, place, await begin(kept, place));
	});

	test("C153 the newest client works with its canister", async () => {
		const place = await install(keptWasm);
		await goOn(newest, place, await begin(newest, place));
	});
});
