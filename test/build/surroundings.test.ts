import { Actor } from "@dfinity/agent";
import { IDL } from "@dfinity/candid";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import { afterAll, beforeAll, expect, test } from "vitest";
import { deployCanister } from "../../examples/support/deploy.js";
import { openNetwork, type TestNetwork } from "../../examples/support/network.js";
import { buildMain, withSource } from "../support/build.js";
import "../support/test-signatures.js";

/** A store beside an application that makes maps of its own, or creates another store. */

const MAIN = `
	import { IDL, init, StableBTreeMap, update } from "azle";
	import { createBlobStore } from "canister-blobs/canister";
	import { jsSha256 } from "canister-blobs/canister/js-sha256";
	import { createBlobStore as createFromAnotherCopy } from "./copy/canister/index.js";

	const mishap = "none   ";
	const outside = [new StableBTreeMap(9), new StableBTreeMap(32)];
	if (mishap === "before ") new StableBTreeMap(10);
	const Store = createBlobStore({ memoryOffset: 10, ownLifecycle: true, sha256: jsSha256 });
	if (mishap === "after  ") new StableBTreeMap(31);
	const Other = createFromAnotherCopy({ memoryOffset: 100, ownLifecycle: true, sha256: jsSha256 });

	class Application {
		@init([])
		init() {
			if (mishap === "in init") new StableBTreeMap(12);
			Store.init();
			if (mishap === "twice  ") Store.init();
			if (mishap === "copy   ") Other.init();
		}
		@update([IDL.Nat8], IDL.Bool)
		make(id) { return new StableBTreeMap(id).isEmpty(); }
	}
	export default [Application, Store];`;

let network: TestNetwork;
let wasm: Uint8Array;
beforeAll(async () => {
	network = await openNetwork({ signatures: "test" });
	wasm = await buildMain(MAIN, { isLinked: false, secondCopy: true });
});
afterAll(() => network?.dispose());

const newAgent = () => network.agent(Ed25519KeyIdentity.generate());

test.each([
	["before ", /stable map under memory id 10, and ids 10 to 31 belong to the blob store/],
	["after  ", /stable map under memory id 31, and ids 10 to 31 belong to the blob store/],
	["in init", /stable map under memory id 12, and ids 10 to 31 belong to the blob store/],
	["twice  ", /a blob store was started in this canister already/],
	["copy   ", /a blob store was started in this canister already/],
])("an application that interferes with its store does not install: %s", async (mishap, message) => {
	const interfering = withSource(wasm, 'mishap = "none   "', `mishap = "${mishap}"`);
	await expect(deployCanister(await newAgent(), interfering)).rejects.toThrow(message);
});

test("a map that is made later traps in the store's range, and nowhere else", async () => {
	const agent = await newAgent();
	const canisterId = await deployCanister(agent, wasm);
	const application = Actor.createActor<{ make(id: number): Promise<boolean> }>(
		() => IDL.Service({ make: IDL.Func([IDL.Nat8], [IDL.Bool]) }),
		{ agent, canisterId },
	);
	expect(await application.make(9)).toBe(true);
	expect(await application.make(32)).toBe(true);
	for (const id of [10, 31])
		await expect(application.make(id)).rejects.toThrow(`a stable map under memory id ${id}`);
});
