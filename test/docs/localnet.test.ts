import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";
import { PROFILES } from "../../src/localnet/conditions/profiles.js";
import { METHODS } from "../../src/localnet/management/candid.js";
import { callCalls } from "../../src/localnet/system-api/calls.js";
import { canisterCalls } from "../../src/localnet/system-api/canister.js";
import { cycleCalls } from "../../src/localnet/system-api/cycles.js";
import type { Host } from "../../src/localnet/system-api/host.js";
import { messageCalls } from "../../src/localnet/system-api/messages.js";
import { ALLOWED } from "../../src/localnet/system-api/permissions.js";
import { stableCalls } from "../../src/localnet/system-api/stable.js";
import { codeIn, readDocument, sectionOf, tableIn } from "./document.js";

/** docs/LOCALNET.md: its options exist, and exactly what it lists as missing is missing. */

const document = readDocument("LOCALNET.md");

/** The fields of an interface, or the members of a union. */
const membersOf = (file: string, name: string): string[] => {
	const path = join(import.meta.dirname, "../../src/localnet", file);
	const source = ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest, true);
	for (const node of source.statements) {
		if (ts.isInterfaceDeclaration(node) && node.name.text === name)
			return node.members.map((member) => member.name!.getText());
		if (ts.isTypeAliasDeclaration(node) && node.name.text === name && ts.isUnionTypeNode(node.type))
			return node.type.types.map((type) => type.getText());
	}
	throw new Error(`${file} has no ${name}`);
};

test("the options", () => {
	const documented = tableIn(sectionOf(document, "Use")).map(([name]) => codeIn(name!)[0]);
	expect(documented).toEqual(membersOf("options.ts", "NetworkOptions"));
});

test("the system calls that are missing", () => {
	const host = { blob: (name: string) => ({ [`${name}_size`]: 0, [`${name}_copy`]: 0 }) } as unknown as Host;
	const calls = [messageCalls, callCalls, cycleCalls, stableCalls, canisterCalls].map((make) => make(host));
	const made = new Set(calls.flatMap((some) => Object.keys(some)));
	const missing = Object.keys(ALLOWED).filter((name) => !made.has(name));
	const [[documented]] = tableIn(sectionOf(document, "What is not supported")) as [[string]];
	expect(codeIn(documented).sort()).toEqual(missing.map((name) => `ic0.${name}`).sort());
});

test("the methods of the management canister", () => {
	const line = sectionOf(document, "What is supported")
		.split("\n")
		.find((text) => text.startsWith("- Management canister:"));
	expect(codeIn(line!).sort()).toEqual(Object.keys(METHODS).sort());
});

test("the conditions and the profiles", () => {
	const section = sectionOf(document, "Conditions");
	const [conditions, profiles] = section.split("| profile | what |\n");
	const documented = (table: string) => tableIn(table).map(([name]) => codeIn(name!)[0]);
	expect(documented(conditions!)).toEqual(membersOf("conditions/conditions.ts", "Conditions"));
	expect(documented(profiles!)).toEqual(Object.keys(PROFILES));
});

test("the faults", () => {
	const documented = tableIn(sectionOf(document, "Faults")).map(([name]) =>
		codeIn(name!)[0]!.replace(/^\{ | \}$/g, ""),
	);
	// Those with a number or an answer go by their first field.
	const shapes = membersOf("faults/fault.ts", "FaultShape");
	const fields = shapes.map((shape) => membersOf("faults/fault.ts", shape)[0]);
	expect(documented).toEqual([...membersOf("faults/fault.ts", "FaultName"), ...fields]);
});
