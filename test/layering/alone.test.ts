import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ALONE, REPLACING } from "../support/alone.js";
import { sourceFiles } from "./imports.js";

/** Test files that share a process leave it unchanged. */

const ROOT = join(import.meta.dirname, "../..");
/** State that outlives its file: replaced modules, globals, the environment. */
const OUTLIVES = /\bvi\.(mock|doMock|resetModules|stubGlobal|stubEnv)\(/;

const isAlone = (file: string) =>
	[...ALONE, ...REPLACING].some((entry) =>
		entry.endsWith("**") ? file.startsWith(entry.slice(0, -2)) : file === entry,
	);
const replaces = (file: string) => OUTLIVES.test(readFileSync(join(ROOT, file), "utf8"));

test("what replaces a part of its process has one of its own", () => {
	const replacing = sourceFiles("test").filter((file) => file.endsWith(".test.ts") && replaces(file));
	expect(replacing).toContain("test/canister/engine/next-layout.test.ts");
	expect(replacing.filter((file) => !isAlone(file))).toEqual([]);
});
