import { existsSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { codeIn, readDocument, sectionOf, tableIn } from "../docs/document.js";
import { type Import, importsIn, importsOf, packageOf, sourceFiles } from "./imports.js";

/** The borders between folders, as docs/ARCHITECTURE.md draws them: the table there is the rule. */

const ROOT = join(import.meta.dirname, "../..");

interface Row {
	readonly path: string;
	readonly project: readonly string[];
	readonly packages: readonly string[];
	readonly node: boolean;
}

const rows = tableIn(sectionOf(readDocument("ARCHITECTURE.md"), "What may depend on what")).map(
	([path, project, packages, node]): Row => ({
		path: codeIn(path!)[0]!,
		project: codeIn(project!),
		packages: codeIn(packages!),
		node: node === "yes",
	}),
);

const fits = (row: Row, file: string) => file === row.path || file.startsWith(`${row.path}/`);

/** The row with the longest path that fits. */
function rowOf(file: string): Row | undefined {
	return rows.filter((row) => fits(row, file)).sort((a, b) => b.path.length - a.path.length)[0];
}

/** Why an import crosses a border that it must not; undefined where it does not. */
function violation({ file, line, specifier, target }: Import): string | undefined {
	const row = rowOf(file);
	const say = (why: string) => `${file}:${line} imports ${specifier}: ${why}`;
	if (row === undefined) return say("the table has no row for the file");
	if (target !== undefined) {
		const other = rowOf(target);
		if (other === undefined) return say("it is outside of what the table covers");
		const isAllowed = other === row || row.project.includes(other.path);
		return isAllowed ? undefined : say(`${row.path} may not depend on ${other.path}`);
	}
	if (isBuiltin(specifier)) {
		if (!specifier.startsWith("node:")) return say("modules of Node are imported as node:…");
		return row.node ? undefined : say(`${row.path} must run without Node`);
	}
	return row.packages.includes(packageOf(specifier))
		? undefined
		: say(`${row.path} may not use the package ${packageOf(specifier)}`);
}

/** Each way on which a file that is being loaded is loaded again, as the files on it. */
function circles(all: readonly Import[]): string[] {
	const loaded = new Map<string, Import[]>();
	for (const one of all)
		if (one.loads && one.target !== undefined) loaded.set(one.file, [...(loaded.get(one.file) ?? []), one]);
	const found: string[] = [];
	const seen = new Set<string>();
	const follow = (file: string, way: readonly string[]) => {
		const from = way.indexOf(file);
		if (from >= 0) found.push([...way.slice(from), file].join(" -> "));
		if (seen.has(file)) return;
		seen.add(file);
		for (const { target } of loaded.get(file) ?? []) follow(target!, [...way, file]);
	};
	for (const file of loaded.keys()) follow(file, []);
	return found;
}

const files = sourceFiles("src");
const imports = files.flatMap(importsOf);

test("no import crosses a border", () => {
	expect(imports.length).toBeGreaterThan(300);
	expect(imports.map(violation).filter((why) => why !== undefined)).toEqual([]);
});

test("no file is loaded by what it loads", () => {
	expect(circles(imports)).toEqual([]);
});

test("every file has its row, and every row its files", () => {
	expect(files.filter((file) => rowOf(file) === undefined)).toEqual([]);
	expect(rows.filter(({ path }) => !existsSync(join(ROOT, path)))).toEqual([]);
	const named = rows.flatMap(({ project }) => project);
	expect(named.filter((name) => !rows.some(({ path }) => path === name))).toEqual([]);
});

test("packages that the table allows come with the package", () => {
	const { dependencies, peerDependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
	const shipped = Object.keys({ ...dependencies, ...peerDependencies });
	for (const name of rows.flatMap(({ packages }) => packages)) expect(shipped).toContain(name);
});

describe("the lint itself", () => {
	const whyNot = (file: string, text: string) => importsIn(file, text).map(violation);

	test.each([
		["a static import", `import { x } from "../client/client.js";`],
		["a type", `import type { X } from "../client/client.js";`],
		["a re-export", `export * from "../client/client.js";`],
		["an import type", `type X = import("../client/client.js").X;`],
		["a dynamic import", `const x = await import("../client/client.js");`],
		["a require", `import x = require("../client/client.js");`],
	])("sees %s", (_, text) => {
		expect(whyNot("src/protocol/wire.ts", text)).toEqual([
			expect.stringContaining("src/protocol may not depend on src/client"),
		]);
	});

	test.each([
		["src/client/client.ts", `import "node:fs";`, "must run without Node"],
		["src/client/client.ts", `import "./node/client.js";`, "may not depend on src/client/node"],
		["src/cli/main.ts", `import "fs";`, "imported as node:"],
		["src/canister/index.ts", `import "js-sha256";`, "may not use the package js-sha256"],
		["src/canister/azle/store.ts", `import "../native/link.js";`, "may not depend on src/canister/native"],
		["src/canister/native/abi.ts", `import "./kernel.js";`, "may not depend on src/canister/native"],
		["src/localnet/index.ts", `import "../protocol/index.js";`, "may not depend on src/protocol"],
		["src/cli/main.ts", `import "../../test/support/store.js";`, "outside of what the table covers"],
	])("refuses in %s: %s", (file, text, why) => {
		expect(whyNot(file, text)).toEqual([expect.stringContaining(why)]);
	});

	test("sees a circle of files that load each other, and none of types or of what is loaded later", () => {
		const circle = (back: string) =>
			circles([
				...importsIn("src/protocol/a.ts", `import { b } from "./b.js";`),
				...importsIn("src/protocol/b.ts", back),
			]);
		const all = "src/protocol/a.ts -> src/protocol/b.ts -> src/protocol/a.ts";
		for (const back of [`import { a } from "./a.js";`, `export * from "./a.js";`, `import "./a.js";`])
			expect(circle(back)).toEqual([all]);
		for (const back of [
			`import type { A } from "./a.js";`,
			`import { type A } from "./a.js";`,
			`export type { A } from "./a.js";`,
			`const { a } = await import("./a.js");`,
		])
			expect(circle(back)).toEqual([]);
	});

	test("refuses what it cannot see through", () => {
		expect(() => importsIn("src/cli/main.ts", "await import(name);")).toThrow("computed");
		expect(() => importsIn("src/cli/main.ts", `/// <reference path="../x.ts" />`)).toThrow("reference");
	});
});
