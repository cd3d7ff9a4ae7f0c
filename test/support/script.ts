import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { build } from "vite";

const dist = join(import.meta.dirname, "../../dist");

/**
 * Bundles a module of TypeScript, and what it imports of this project, into one that Node runs by itself: a process
 * that first has TypeScript compiled takes three times as long.
 *
 * @returns its path, in a folder of its own from which packages are found
 */
export async function bundleScript(entry: string): Promise<string> {
	const name = "script.mjs";
	const outDir = await mkdtemp(join(dist, "script-"));
	await build({
		configFile: false,
		logLevel: "warn",
		build: {
			ssr: entry,
			outDir,
			rollupOptions: { treeshake: false, output: { entryFileNames: name, inlineDynamicImports: true } },
		},
	});
	return join(outDir, name);
}
