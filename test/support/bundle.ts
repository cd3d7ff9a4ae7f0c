import { join } from "node:path";
import { build, type Plugin } from "esbuild";

/** For packages of CommonJS in a module. */
const REQUIRE = `import { createRequire } from "node:module"; const require = createRequire(import.meta.url);`;

/** A network that signs by hashes needs nothing of the pairing's tables. */
const withoutPairings: Plugin = {
	name: "without-pairings",
	setup: ({ onResolve }) =>
		onResolve({ filter: /^@noble\/curves\/bls12-381(\.js)?$/ }, () => ({
			path: join(import.meta.dirname, "no-bls.ts"),
		})),
};

/** Bundles a module for a page into one script. @returns its text */
export async function bundleForPage(
	module: { path: string } | { text: string },
	{ format = "esm", globalName }: { format?: "esm" | "iife"; globalName?: string } = {},
): Promise<string> {
	const { outputFiles } = await build({
		...("path" in module
			? { entryPoints: [module.path] }
			: { stdin: { contents: module.text, resolveDir: import.meta.dirname } }),
		...(globalName !== undefined && { globalName }),
		bundle: true,
		platform: "browser",
		format,
		target: "es2022",
		minify: true,
		define: { global: "globalThis" },
		logLevel: "warning",
		write: false,
	});
	return outputFiles[0]!.text;
}

/**
 * Bundles modules, which are run one after the other, into one of plain JavaScript for Node, for a network that signs by
 * hashes: a process that first has TypeScript compiled and 300 modules found takes three times as long.
 *
 * @returns its path
 */
export async function bundleScript(directory: string, name: string, ...modules: string[]): Promise<string> {
	const outfile = join(directory, `${name}.mjs`);
	await build({
		stdin: {
			contents: modules.map((path) => `import ${JSON.stringify(path)};\n`).join(""),
			resolveDir: import.meta.dirname,
		},
		plugins: [withoutPairings],
		banner: { js: REQUIRE },
		bundle: true,
		// package.json says that no module has side effects: these are imported for theirs.
		ignoreAnnotations: true,
		// A third of the text to be compiled, in each of the processes that run it.
		minifySyntax: true,
		minifyWhitespace: true,
		platform: "node",
		format: "esm",
		target: "node20",
		logLevel: "warning",
		outfile,
	});
	return outfile;
}
