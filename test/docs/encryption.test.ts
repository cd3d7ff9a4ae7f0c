import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ENVELOPE } from "../../src/encryption/envelope.js";
import { Names } from "../../src/encryption/names.js";
import { MAX_KEY_BYTES } from "../../src/protocol/index.js";
import { readDocument } from "./document.js";

const document = readDocument("ENCRYPTION.md");

test("the snippets of ENCRYPTION.md are files that are run", () => {
	const snippets = [...document.matchAll(/<!-- (\S+) -->\n```ts\n([\s\S]*?)```/g)];
	expect(snippets.map(([, path]) => path)).toEqual(["examples/readme/encrypt.ts"]);
	for (const [, path, code] of snippets)
		expect(code).toBe(readFileSync(join(import.meta.dirname, "../..", path!), "utf8"));
});

test("names and lengths that it tells are those of the code", () => {
	expect(document).toContain(`\`${ENVELOPE}\``);
	const most = Number(/at most (\d+) bytes where there is one segment/.exec(document)?.[1]);
	const names = new Names(new Uint8Array(64));
	expect(names.seal("k".repeat(most)).length).toBeLessThanOrEqual(MAX_KEY_BYTES);
	expect(names.seal("k".repeat(most + 1)).length).toBeGreaterThan(MAX_KEY_BYTES);
});
