import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readDocument } from "./document.js";

test("the snippets of BACKUP.md are files that compile", () => {
	const snippets = [...readDocument("BACKUP.md").matchAll(/<!-- (\S+) -->\n```ts\n([\s\S]*?)```/g)];
	expect(snippets.map(([, path]) => path)).toEqual(["examples/readme/check-sink.ts"]);
	for (const [, path, code] of snippets)
		expect(code).toBe(readFileSync(join(import.meta.dirname, "../..", path!), "utf8"));
});
