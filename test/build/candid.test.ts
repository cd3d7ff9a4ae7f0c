import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { ActorMethod } from "@dfinity/agent";
import { IDL } from "@dfinity/candid";
import type { Principal } from "@dfinity/principal";
import { type _SERVICE, idlFactory as packaged } from "canister-blobs/candid";
import { afterAll, expect, inject, test } from "vitest";
import type {
	MethodArgs,
	MethodName,
	MethodOk,
	WireHttpRequest,
	WireHttpResponse,
	WirePrincipal,
	WireResult,
} from "../../src/protocol/index.js";
import { spell } from "../docs/candid-text.js";
import { idlFactory } from "../support/idl.js";

/** The interface in the package, candid/: the same as src/protocol, the Wasm and the TypeScript made from it. */

const root = join(import.meta.dirname, "../..");
const committed = join(root, "candid");
const directory = mkdtempSync(join(tmpdir(), "canister-blobs-candid-"));
afterAll(() => rmSync(directory, { recursive: true }));

/** Each method in one spelling, by its name. */
function methodsOf(factory: IDL.InterfaceFactory): Record<string, string> {
	const { _fields } = factory({ IDL }) as IDL.ServiceClass;
	const list = (types: IDL.Type[]) => `(${types.map(spell).join(", ")})`;
	return Object.fromEntries(
		_fields.map(([name, { argTypes, retTypes, annotations }]) => [
			name,
			`${list(argTypes)} -> ${list(retTypes)} ${annotations.join(" ")}`,
		]),
	);
}

/** What the Candid compiler's own parser reads in an interface; it comes with Azle. */
async function parse(did: string): Promise<Record<string, string>> {
	const path = join(directory, "parsed.did");
	writeFileSync(path, did);
	const made = execFileSync("npx", ["azle", "generate", path], { cwd: root, encoding: "utf8" });
	const factory = made.slice(made.indexOf("export const idlFactory"), made.indexOf("export const init"));
	const module = join(directory, `parsed-${Date.now()}.mjs`);
	writeFileSync(module, factory.replace("idlFactory: idlFactory", "idlFactory"));
	return methodsOf((await import(pathToFileURL(module).href)).idlFactory);
}

test("the committed files are what the script makes of src/protocol", () => {
	execFileSync(process.execPath, [join(root, "scripts/candid.mjs"), directory], { cwd: root });
	const files = readdirSync(committed);
	expect(files.sort()).toEqual(["store.did", "store.did.d.ts", "store.did.js"]);
	for (const file of files)
		expect(readFileSync(join(directory, file), "utf8"), `${file}: run npm run candid`).toBe(
			readFileSync(join(committed, file), "utf8"),
		);
});

test("the interface is what the Wasm shows as its public metadata, and what src/protocol says", async () => {
	const module = new WebAssembly.Module(readFileSync(inject("wasm").store));
	const [section] = WebAssembly.Module.customSections(module, "icp:public candid:service");
	const shown = await parse(new TextDecoder().decode(section));
	expect(shown).toEqual(methodsOf(idlFactory));
	// What the same parser made of candid/store.did.
	expect(shown).toEqual(methodsOf(packaged));
});

test("beside an application the interface is what Azle wrote, with the store's types by name", async () => {
	const place = dirname(inject("wasm").guestbook);
	const written = readFileSync(join(place, "guestbook.did"), "utf8");
	expect(await parse(written)).toEqual(
		await parse(readFileSync(join(place, ".azle/guestbook/guestbook.did"), "utf8")),
	);
	expect(written).toContain("blobs_stat : (Stat) -> (variant { ok : StatAnswer; err : Refusal }) query;");
	expect(written).toMatch(/^ {2}sign: \(text\)/m);
});

/** The types that were made say of bytes that they may be numbers in an array, too (but not of an opt, a tuple). */
type Plain<T> = T extends Principal | Uint8Array
	? T
	: [T, number[]] extends [number[], T]
		? Uint8Array
		: { [Key in keyof T]: Plain<T[Key]> };
type Generated = {
	[Name in keyof _SERVICE]: _SERVICE[Name] extends ActorMethod<infer Args, infer Result>
		? { args: Plain<Args>; result: Plain<Result> }
		: never;
};
type Text = [name: string, value: string];
/** Ours are told by shape: a class of the library's is one. */
type WithPrincipals<T> = T extends WirePrincipal
	? Principal
	: T extends Uint8Array
		? T
		: { [Key in keyof T]: WithPrincipals<T[Key]> };
type Ours = {
	[Name in MethodName]: {
		args: WithPrincipals<MethodArgs<Name>>;
		result: WithPrincipals<WireResult<MethodOk<Name>>>;
	};
} & {
	/** Texts, of which the canister keeps some as their bytes. */
	http_request: {
		args: [Omit<WireHttpRequest, "headers"> & { headers: Text[] }];
		result: Omit<WireHttpResponse, "headers"> & { headers: Text[] };
	};
};

test("the TypeScript made from it has the types of src/protocol", () => {
	// The compiler is the test: each must be good where the other is wanted.
	const toOurs = (types: Generated): Ours => types;
	const toGenerated = (types: Ours): Generated => types;
	expect([toOurs, toGenerated]).toHaveLength(2);
});
