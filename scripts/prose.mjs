/**
 * node scripts/prose.mjs [FILES]: finds words and phrases that make a document hard to read. Without FILES it reads
 * README.md, docs/ and findings/README.md. Prints `file:line: "phrase": what to write instead` for each, and exits with
 * 1 if it finds any. Ignores code, in blocks or in backticks.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const ACTOR = "name the actor: the caller, owner, client, administrator, reader, …";

/** Phrases, as regular expressions, and what to write instead. */
const BANNED = [
	["whoever|whomever|somebody|someone|nobody|no one|anybody|one who|he who", ACTOR],
	["(?:of|for|to|by|from|with|than|as|is|and|or|but) who", ACTOR],
	["who (?:has|is|does|may|can|must|holds|needs|wants|uses|reads|writes|gave|knows) (?:no|not|none)", ACTOR],
	["is none|are none|is no more|are no more", "say what is absent: without, does not exist, is not"],
	["needs? it not|none such|all the same", "use a plain negation"],
	["anew", "again"],
	["at the (?:most|least)", "at most, at least"],
	["under way", "in flight, in progress"],
	["goes on|go on|going on|gone on", "continues, resumes"],
	["gives up|given up|gave up", "aborts, releases, expires"],
	["is said|are said|it is so|is told|are told|to be (?:told|called|asked|said)", "returns, reports, states"],
	["travels?|travelled", "is sent"],
	["for ever", "permanently, forever"],
	["beforehand", "before, in advance"],
	["of whom|thereby|therein|thereof|whereof|wherein", "split the sentence"],
	["simply|easily|powerful|seamless(?:ly)?|blazing(?:ly)?|robust", "drop it: state the fact"],
];
const RULES = BANNED.map(([phrases, instead]) => [new RegExp(`\\b(?:${phrases})\\b`, "gi"), instead]);

/** Every banned phrase of a document, one a line. */
function findings(name, text) {
	const found = [];
	let isCode = false;
	for (const [index, line] of text.split("\n").entries()) {
		if (line.startsWith("```")) isCode = !isCode;
		if (isCode) continue;
		const prose = line.replaceAll(/`[^`]*`/g, "`").replaceAll(/\]\([^)]*\)/g, "]");
		for (const [pattern, instead] of RULES)
			for (const [phrase] of prose.matchAll(pattern))
				found.push(`${name}:${index + 1}: "${phrase}": ${instead}`);
	}
	return found;
}

const root = fileURLToPath(new URL("..", import.meta.url));
const documents = () => [
	"README.md",
	"findings/README.md",
	...readdirSync(join(root, "docs"))
		.filter((name) => name.endsWith(".md"))
		.map((name) => `docs/${name}`),
];
const paths = process.argv.length > 2 ? process.argv.slice(2) : documents().map((name) => join(root, name));
const found = paths.flatMap((path) => findings(relative(root, path), readFileSync(path, "utf8")));
process.stderr.write(found.map((line) => `${line}\n`).join(""));
if (found.length > 0) process.exitCode = 1;
