import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { importsOf, packageOf, sourceFiles } from "../layering/imports.js";
import { codeIn, readDocument, sectionOf, tableIn } from "./document.js";

/** docs/DEPENDENCIES.md has a line for each package of package.json, and says truly who imports it. */

const document = readDocument("DEPENDENCIES.md");
const manifest = JSON.parse(readFileSync(join(import.meta.dirname, "../../package.json"), "utf8"));
const table = (heading: string) => tableIn(sectionOf(document, heading));
const names = (heading: string) => table(heading).map(([name]) => codeIn(name!)[0]);

test("each package has its line", () => {
	expect(names("Dependencies")).toEqual(Object.keys(manifest.dependencies));
	expect(names("Development")).toEqual(Object.keys(manifest.devDependencies));
	expect(names("Peer dependencies")).toEqual(Object.keys(manifest.peerDependencies));
});

test("peers are optional where the document says so", () => {
	for (const [name, optional] of table("Peer dependencies"))
		expect(manifest.peerDependenciesMeta[codeIn(name!)[0]!]?.optional === true).toBe(optional === "yes");
});

test("who imports a dependency is who the document names", () => {
	const imports = sourceFiles("src").flatMap(importsOf);
	const part = (file: string) =>
		file === "src/canister/js-sha256.ts" ? "canister/js-sha256" : file.split("/")[1]!;
	for (const [name, parts] of table("Dependencies")) {
		const [own] = codeIn(name!);
		const users = imports
			.filter(({ specifier }) => packageOf(specifier) === own)
			.map(({ file }) => part(file));
		const named = parts === "" ? [] : parts!.split(", ");
		expect({ own, users: [...new Set(users)].sort() }).toEqual({ own, users: named.sort() });
	}
});
