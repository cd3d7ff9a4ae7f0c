import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { bundleTrial, type Trial } from "./trial.js";

/** What a page has in it that uses the packed package. */

let trial: Trial;
let chunks: Trial["scripts"];
beforeAll(async () => {
	trial = await bundleTrial(inject("run"));
	chunks = trial.scripts;
});
afterAll(() => trial?.remove());

const withoutComments = (code: string) => code.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");

describe("the bundle", () => {
	test("is complete: the page's script, and that of the worker", () => {
		expect(chunks.map(({ name }) => name).sort()).toEqual(["index", "worker"]);
		expect(chunks.flatMap(({ imports, dynamicImports }) => [...imports, ...dynamicImports])).toEqual([]);
	});

	test("has of the package only the browser's client and the protocol", () => {
		const own = chunks
			.flatMap(({ moduleIds }) => moduleIds)
			.flatMap((id) => id.split("/node_modules/canister-blobs/")[1] ?? []);
		expect(own).toContain("dist/client/client.js");
		expect(own.filter((id) => !/^dist\/(protocol|client(?!\/node))\//.test(id))).toEqual([]);
	});

	test("has no Node module, nor what stands in for one", () => {
		for (const { code, modules } of chunks) {
			expect(code).not.toMatch(/["'`]node:/);
			for (const [id, { code: text }] of Object.entries(modules)) {
				expect(id).not.toMatch(
					/vite-browser-external:|node_modules\/(buffer|process|[\w-]*polyfill[\w-]*)\//,
				);
				expect(withoutComments(text ?? ""), id).not.toMatch(
					/(?<![.\w$])(process\s*[.[]|Buffer\s*\.|require\s*\()/,
				);
			}
		}
	});
});
