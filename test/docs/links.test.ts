import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { expect, test } from "vitest";

/** Every link from one document to another, or to a heading, has a target; every file that one names is there. */

const ROOT = join(import.meta.dirname, "../..");
const DOCUMENTS = [
	"README.md",
	"findings/README.md",
	...readdirSync(join(ROOT, "docs"))
		.filter((name) => name.endsWith(".md"))
		.map((name) => `docs/${name}`),
];

/** The text of a document without its blocks of code. */
const proseOf = (path: string) =>
	readFileSync(join(ROOT, path), "utf8").replaceAll(/^```[\s\S]*?^```$/gm, "");

/** The anchors that GitHub gives to the headings of a text. */
const anchorsOf = (text: string) =>
	[...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
		heading!
			.toLowerCase()
			.replaceAll(/[^\p{L}\p{N}_ -]/gu, "")
			.replaceAll(" ", "-"),
	);

/** The links of a document that lead nowhere. */
function deadLinks(path: string, text: string): string[] {
	const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!);
	return targets.filter((target) => {
		if (/^[a-z]+:/.test(target)) return false;
		const [file, anchor] = target.split("#") as [string, string?];
		const other = file === "" ? path : relative(ROOT, join(ROOT, dirname(path), file));
		if (other !== path && !existsSync(join(ROOT, other))) return true;
		if (anchor === undefined) return false;
		return !anchorsOf(other === path ? text : proseOf(other)).includes(anchor);
	});
}

const FILES = ["src", "test", "bench", "examples", "scripts", "."].flatMap((folder) =>
	readdirSync(join(ROOT, folder), { recursive: folder !== ".", encoding: "utf8" }).map((name) =>
		join(folder, name),
	),
);

/** The files of code that a text names, by their whole path or its end, and that are not there. */
const missingFiles = (text: string): string[] =>
	[...text.matchAll(/`([\w./-]+\.(?:ts|mjs))`/g)]
		.map(([, name]) => name!)
		.filter((name) => !FILES.some((file) => file === name || file.endsWith(`/${name}`)));

test("files that documents name are there", () => {
	expect(DOCUMENTS.flatMap((path) => missingFiles(proseOf(path)))).toEqual([]);
	expect(missingFiles("`scripts/prose.mjs` `engine/state.ts` `engine/none.ts` `vitest.config.ts`")).toEqual([
		"engine/none.ts",
	]);
});

test.each(DOCUMENTS)("the links of %s", (path) => {
	expect(deadLinks(path, proseOf(path))).toEqual([]);
});

/** What is in the package, and so beside a document that somebody reads there. */
const SHIPPED = /^(?:README\.md|LICENSE|docs\/.+|candid\/.+)$/;

test.each(DOCUMENTS.filter((path) => SHIPPED.test(path)))(
	"the links of %s lead to what the package holds",
	(path) => {
		const targets = [...proseOf(path).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!);
		const files = targets
			.filter((target) => !/^(?:[a-z]+:|#)/.test(target))
			.map((target) => relative(ROOT, join(ROOT, dirname(path), target.split("#")[0]!)));
		expect(files.filter((file) => !SHIPPED.test(file))).toEqual([]);
	},
);

test("a link to a missing heading or file is found", () => {
	const text = "## A heading\n\n[a](#a-heading) [b](#another) [c](missing.md) [d](HTTP.md#headers)";
	expect(deadLinks("docs/X.md", text)).toEqual(["#another", "missing.md"]);
});
