import { IDL } from "@dfinity/candid";
import { describe, expect, test } from "vitest";
import type { Shape } from "../../src/protocol/codec/shape.js";
import { Change, ERROR_TABLE, Manifest, METHODS, Refusal, WireErrorType } from "../../src/protocol/index.js";
import * as protocol from "../../src/protocol/limits.js";
import { idlOf, idlsOf } from "../support/idl.js";
import { parseAliases, parseMethod, spell } from "./candid-text.js";
import { blocksIn, codeIn, figure, readDocument, sectionOf, tableIn } from "./document.js";

/** docs/PROTOCOL.md matches src/protocol: it documents every method, error and bound, and no others. */

const document = readDocument("PROTOCOL.md");
const methods = sectionOf(document, "Methods");
const aliases = parseAliases(blocksIn(sectionOf(document, "Types"), "candid").join("\n"));

test("the methods documented are those there are", () => {
	const documented = [...methods.matchAll(/^### `(\w+)`$/gm)].map(([, name]) => name);
	expect(documented).toEqual(Object.keys(METHODS));
});

describe("the Candid of", () => {
	for (const [name, { kind, args, result }] of Object.entries(METHODS))
		test(name, () => {
			const section = sectionOf(document, `\`${name}\``);
			const [candid] = blocksIn(section, "candid");
			const described = parseMethod(candid!, aliases);
			const outcome = new IDL.VariantClass({
				ok: new Placeholder(described.ok) as unknown as IDL.Type,
				err: idlOf(Refusal),
			});
			expect(described.name).toBe(name);
			expect(described.args).toEqual(idlsOf(args).map(spell));
			expect(spell(outcome)).toBe(spell(idlOf(result)));
			expect(section).toMatch(new RegExp(`^${kind === "query" ? "Query" : "Update"}\\. `, "m"));
		});
});

/** What the document says of `ok`, where a type is expected. */
class Placeholder {
	readonly #text: string;
	constructor(text: string) {
		this.#text = text;
	}
	accept = () => this.#text;
	buildTypeTable = () => {};
}

test("the errors documented are those there are, with what they carry and what to do", () => {
	const documented = tableIn(sectionOf(document, "Errors")).map(([code, carries, action]) => ({
		code: codeIn(code!)[0],
		carries: codeIn(carries!),
		action,
	}));
	const table = Object.entries(ERROR_TABLE).map(([code, { action, fields }]) => ({
		code,
		carries: Object.entries(fields as Record<string, Shape>).map(
			([name, type]) => `${name}: ${type.form === "bytes" ? "blob" : spell(idlOf(type))}`,
		),
		action,
	}));
	expect(documented).toEqual(table);
	expect(aliases.get("Error")).toBe(spell(idlOf(WireErrorType)));
	expect(aliases.get("Refusal")).toBe(spell(idlOf(Refusal)));
	expect(aliases.get("Manifest")).toBe(spell(idlOf(Manifest)));
	expect(aliases.get("Change")).toBe(spell(idlOf(Change)));
});

test("every error that a method's checks name exists", () => {
	for (const name of Object.keys(METHODS)) {
		const [, checks = ""] = sectionOf(document, `\`${name}\``).split(/^(?:Checks|.*Checks as)/m);
		for (const code of codeIn(checks)) expect(Object.keys(ERROR_TABLE)).toContain(code);
	}
});

test("the bounds documented are those there are", () => {
	const documented = tableIn(sectionOf(document, "Bounds")).map(([name, value]) => [
		codeIn(name!)[0],
		figure(value!),
	]);
	expect(new Map(documented as [string, number][])).toEqual(new Map(Object.entries(protocol)));
});
