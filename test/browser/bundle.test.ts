import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { bundleTrial, type Trial } from "./trial.js";

/** Content of the bundle of a page that uses the packed package. */

/** Modules that few pages need, or none at start. */
const PARTS = [
	...["administration", "batch", "changes", "changing", "deleted", "deleting-many", "leases", "list"],
	...["revealed", "stage", "upload"],
];

let trial: Trial;
let chunks: Trial["scripts"];
beforeAll(async () => {
	trial = await bundleTrial(inject("run"));
	chunks = trial.scripts;
});
afterAll(() => trial?.remove());

const withoutComments = (code: string) => code.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");

describe("a page with the one agent or the other", () => {
	/** The packages of an entry's bundle, beside this one. */
	const packagesIn = async (agent: string) => {
		const { metafile } = await build({
			stdin: {
				contents: `
					import { HttpAgent } from "${agent}";
					import { BlobClient } from "./dist/client/index.js";
					globalThis.client = new BlobClient({ agent: HttpAgent.createSync(), canisterId: "aaaaa-aa" });
				`,
				resolveDir: join(import.meta.dirname, "../.."),
			},
			bundle: true,
			format: "esm",
			splitting: true,
			outdir: "unwritten",
			metafile: true,
			write: false,
			logLevel: "silent",
		});
		const used = Object.values(metafile.outputs).flatMap(({ inputs }) =>
			Object.entries(inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? path : [])),
		);
		return new Set(used.flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []));
	};

	test("has no second agent, and no second library of Candid or principals", async () => {
		const [core, dfinity] = await Promise.all(["@icp-sdk/core/agent", "@dfinity/agent"].map(packagesIn));
		expect([...core!].filter((name) => /^@(dfinity|icp-sdk)\//.test(name)).sort()).toEqual([
			"@dfinity/cbor",
			"@icp-sdk/core",
		]);
		expect([...dfinity!]).toContain("@dfinity/agent");
		expect([...dfinity!]).not.toContain("@icp-sdk/core");
	});
});

describe("the bundle", () => {
	test("is complete: the page's script, that of the worker, and what is loaded when it is first asked for", () => {
		const names = chunks.map(({ name }) => name);
		expect(names).toEqual(expect.arrayContaining(["index", "worker", ...PARTS]));
		const files = chunks.map(({ fileName }) => fileName);
		for (const { imports, dynamicImports } of chunks)
			for (const file of [...imports, ...dynamicImports]) expect(files).toContain(file);
	});

	test("has in the page's main chunk nothing that is loaded when it is first called", () => {
		const main = chunks.find(({ name }) => name === "index");
		const loaded = new Set(main && [main]);
		for (const { imports } of loaded)
			for (const chunk of chunks) if (imports.includes(chunk.fileName)) loaded.add(chunk);
		const modulesOf = (some: Iterable<Trial["scripts"][number]>) =>
			[...some].flatMap(({ moduleIds }) => moduleIds).join();
		expect(modulesOf(loaded)).toContain("/client/upload/transfer.js");
		for (const later of [
			...["administration/administration", "upload/upload", "upload/session", "upload/batch/batch"],
			...["blobs/changing", "blobs/deleted", "blobs/list-proof", "feed/changes", "feed/leases"],
			"batching/batch",
		]) {
			expect(modulesOf(chunks)).toContain(`/client/${later}.js`);
			expect(modulesOf(loaded)).not.toContain(`/client/${later}.js`);
		}
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
