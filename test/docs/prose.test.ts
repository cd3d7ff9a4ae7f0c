import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";

/** scripts/prose.mjs finds banned words in a document, says where and what to write, and reads no code. */

const root = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "canister-blobs-prose-"));
afterAll(() => rmSync(folder, { recursive: true }));

function lint(...args: string[]) {
	const { status, stderr } = spawnSync(process.execPath, [join(root, "scripts/prose.mjs"), ...args], {
		encoding: "utf8",
	});
	return { status, lines: stderr.split("\n").filter((line) => line !== "") };
}
function lintText(text: string) {
	const path = join(folder, "document.md");
	writeFileSync(path, text);
	return lint(path);
}

test("the documents have none", () => {
	expect(lint()).toEqual({ status: 0, lines: [] });
});

describe("the lint itself", () => {
	test("finds a banned phrase, says where, and what to write", () => {
		const cases = [
			["Whoever reads it pays.", "Whoever"],
			["Of an owner who has no role.", "who has no"],
			["The upload goes on after a crash.", "goes on"],
			["An answer that is none.", "is none"],
			["Two requests are under way.", "under way"],
			["It is hashed anew.", "anew"],
		];
		const { status, lines } = lintText(`# A heading\n${cases.map(([text]) => `${text}\n`).join("")}`);
		expect(status).toBe(1);
		const expected = cases.map(([, phrase], index) =>
			expect.stringMatching(new RegExp(`document\\.md:${index + 2}: "${phrase}": .`)),
		);
		expect(lines).toEqual(expected);
	});

	test("reads neither code nor the targets of links", () => {
		const text = "`goes on` is [a name](goes on.md).\n\n```ts\n// under way\n```\n";
		expect(lintText(text)).toEqual({ status: 0, lines: [] });
	});
});
