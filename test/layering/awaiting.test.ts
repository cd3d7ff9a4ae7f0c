import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { sourceFiles } from "./imports.js";

/** Sources that run in a canister: native/ runs in Node, where the Wasm is linked. */
const sources = [...sourceFiles("src/canister"), ...sourceFiles("src/protocol")]
	.filter((file) => !file.startsWith("src/canister/native/"))
	.map((file) => ({ file, source: readFileSync(join(import.meta.dirname, "../..", file), "utf8") }));

/** Without comments and texts, which may well speak of waiting. */
const codeOf = (source: string) =>
	source
		.replaceAll(/\/\*[\s\S]*?\*\//g, "")
		.replaceAll(/"(?:[^"\\\n]|\\.)*"/g, '""')
		.replaceAll(/\/\/.*$/gm, "");

test("C30 nothing in the canister awaits: a message is done wholly or not at all", () => {
	expect(sources.length).toBeGreaterThan(60);
	for (const { file, source } of sources)
		expect(codeOf(source), file).not.toMatch(/\b(await|async|Promise|queueMicrotask|setTimeout)\b|\.then\(/);
});

test("C30 of Azle nothing is imported that calls another canister", () => {
	for (const { file, source } of sources) {
		const [, names = ""] = source.match(/import \{([^}]*)\} from "azle";/) ?? [];
		expect(names, file).not.toMatch(/\b(call|notify|heartbeat|setTimerInterval)\b/);
	}
});
