import { readFileSync } from "node:fs";
import { join } from "node:path";

/** What the tests of docs/ need of Markdown: sections, tables, fenced blocks. */

const DOCS = join(import.meta.dirname, "../../docs");

export const readDocument = (name: string): string => readFileSync(join(DOCS, name), "utf8");

/** What stands under a heading (given without its `#`s), up to the next of the same or a higher level. */
export function sectionOf(document: string, heading: string): string {
	const lines = document.split("\n");
	const start = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, "") === heading);
	if (start < 0) throw new Error(`there is no heading "${heading}"`);
	const level = lines[start]!.indexOf(" ");
	const rest = lines.slice(start + 1);
	const end = rest.findIndex((line) => /^#+ /.test(line) && line.indexOf(" ") <= level);
	return rest.slice(0, end < 0 ? undefined : end).join("\n");
}

/** The rows of the first table in a text, without its head, each cell trimmed. */
export function tableIn(text: string): string[][] {
	const lines = text.split("\n");
	const rule = lines.findIndex((line) => /^\|(-+\|)+$/.test(line));
	if (rule < 0) throw new Error("there is no table");
	const rest = lines.slice(rule + 1);
	const end = rest.findIndex((line) => !line.startsWith("|"));
	return rest.slice(0, end < 0 ? undefined : end).map((line) =>
		line
			.slice(1, -1)
			.split("|")
			.map((cell) => cell.trim()),
	);
}

/** The contents of every block fenced as this language. */
export function blocksIn(text: string, language: string): string[] {
	return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "gm"))].map(
		([, content]) => content!,
	);
}

/** Everything that a cell gives as code, in order. */
export const codeIn = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code!);

/** A number as documents write it. */
export const figure = (text: string): number => Number(text.replaceAll(",", ""));
