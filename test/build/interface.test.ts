import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readableInterface } from "../../src/cli/build/interface.js";

const store = readFileSync(join(import.meta.dirname, "../../candid/store.did"), "utf8");

test.each([
	["()", "a record", "(record {a:nat; b:variant {c; d}})"],
	["()", "no arguments", "()"],
])("an application's own methods stay, by any name, beside init with %s%s", (_, __, init) => {
	const azle = `service: ${init} -> {\n    "my method": () -> ();\n    "a:b": () -> () query;\n    ok: () -> ();\n}`;
	const { did, methods, ofStore } = readableInterface("shop", azle, store);
	expect({ methods, ofStore }).toEqual({ methods: 3, ofStore: 0 });
	expect(did).toContain(`service: ${init} -> {`);
	for (const name of ['"my method"', '"a:b"', "ok"]) expect(did).toContain(`  ${name}: () -> ()`);
});
