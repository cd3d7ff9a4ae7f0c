import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Actor } from "@dfinity/agent";
import { IDL } from "@dfinity/candid";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { deployCanister, installWasm } from "../../examples/support/deploy.js";
import { openNetwork, type TestNetwork } from "../../examples/support/network.js";
import { MAX_CHUNK_BYTES } from "../../src/protocol/index.js";
import { buildMain, withSource } from "../support/build.js";
import { idlFactory } from "../support/idl.js";
import { PATH_OF_NPM } from "../support/path.js";
import { newId, ok, plainly, publication, rootOf, versionOf } from "../support/store.js";

/** Installation of the store: built, linked, alone and beside an application's own class. */

let network: TestNetwork;
beforeAll(async () => {
	network = await openNetwork({ signatures: "test" });
});
afterAll(() => network.dispose());

const newAgent = () => network.agent(Ed25519KeyIdentity.generate());

test("a Wasm that was not linked refuses to install, naming the step", async () => {
	const store = dirname(inject("wasm").store);
	const unlinked = await readFile(join(store, ".azle/store/store.wasm"));
	await expect(deployCanister(await newAgent(), unlinked)).rejects.toThrow("npx canister-blobs build");
});

test("js-sha256 needs no link step; beside classes a memoryOffset is required; an application without inspect_message of its own is called all the same", async () => {
	const main = `import { createBlobStore } from "canister-blobs/canister";
		import { jsSha256 } from "canister-blobs/canister/js-sha256";
		import { IDL, update } from "azle";
		class Greeter {
			@update([], IDL.Text)
			hello(): string { return "hello"; }
		}
		export default [createBlobStore({ sha256: jsSha256, memoryOffset: [0][0] }), Greeter];`;
	const wasm = await buildMain(main, { isLinked: false });
	const agent = await newAgent();
	const withoutOffset = withSource(wasm, "memoryOffset: [0][0]", "memoryOffset: [0][1]");
	await expect(deployCanister(agent, withoutOffset)).rejects.toThrow(
		/the canister has methods of its own \(hello\), and no memoryOffset/,
	);
	const canisterId = await deployCanister(agent, wasm);
	const store = plainly(Actor.createActor(idlFactory, { agent, canisterId }));
	const greeter = Actor.createActor<{ hello(): Promise<string> }>(
		() => IDL.Service({ hello: IDL.Func([], [IDL.Text]) }),
		{ agent, canisterId },
	);
	expect(await greeter.hello()).toBe("hello");
	const bytes = new TextEncoder().encode("hashed in JavaScript");
	const root = rootOf(bytes, MAX_CHUNK_BYTES);
	expect(ok(await store.blobs_put_blob({ id: newId(), key: "a", ...publication(root) }, bytes)).root).toEqual(
		root,
	);
});

test("icp.yaml builds the same Wasm as dfx.json, by npm's npx", async () => {
	const directory = await mkdtemp(join(tmpdir(), "canister-blobs-"));
	const output = join(directory, "store.wasm");
	const store = dirname(inject("wasm").store);
	const config = await readFile(join(store, "icp.yaml"), "utf8");
	const commands = config.split("commands:\n")[1]!.matchAll(/^ +- (.*)$/gm);
	for (const [, command] of commands)
		execFileSync("sh", ["-c", command!], {
			cwd: store,
			env: { ...process.env, PATH: PATH_OF_NPM, ICP_WASM_OUTPUT_PATH: output },
			stdio: "pipe",
		});
	expect(Buffer.compare(await readFile(output), await readFile(inject("wasm").store))).toBe(0);
	await rm(directory, { recursive: true });
});

test("beside an application's own class: both work, and both keep their data over an upgrade", async () => {
	interface Own {
		sign(name: string): Promise<number>;
		names(): Promise<string[]>;
	}
	const agent = await newAgent();
	const wasm = await readFile(inject("wasm").guestbook);
	const canisterId = await deployCanister(agent, wasm);
	const factory: IDL.InterfaceFactory = (idl) => {
		const own = IDL.Service({
			sign: IDL.Func([IDL.Text], [IDL.Nat32]),
			names: IDL.Func([], [IDL.Vec(IDL.Text)], ["query"]),
		});
		const fields = [...own._fields, ...(idlFactory(idl) as IDL.ServiceClass)._fields];
		return IDL.Service(Object.fromEntries(fields) as Record<string, IDL.FuncClass>);
	};
	const guestbook = plainly<Own>(Actor.createActor(factory, { agent, canisterId }));

	const bytes = new TextEncoder().encode("a portrait");
	const root = rootOf(bytes, MAX_CHUNK_BYTES);
	expect(await guestbook.sign("Ada")).toBe(1);
	const put = { id: newId(), key: "portraits/ada", ...publication(root) };
	const manifest = ok(await guestbook.blobs_put_blob(put, bytes));
	await installWasm(agent, canisterId, wasm, "upgrade");
	expect(await guestbook.names()).toEqual(["Ada"]);
	expect(ok(await guestbook.blobs_get_chunk("portraits/ada", versionOf(manifest), 0))).toEqual(bytes);
});
