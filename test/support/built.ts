import { dirname, join, resolve } from "node:path";
import type { Plugin } from "vite";

const root = join(import.meta.dirname, "../..");
const sources = join(root, "src/");
const dist = join(root, "dist");

/**
 * What tests import of `src` is what was built of it: it is what is shipped, Node reads it itself, and calls between
 * its modules are direct, where those that vite reads go through an object of getters each time.
 */
export const built: Plugin = {
	name: "built",
	enforce: "pre",
	resolveId(source, importer) {
		if (!source.startsWith(".") || importer === undefined) return;
		const path = resolve(dirname(importer), source);
		if (path.startsWith(sources)) return join(dist, path.slice(sources.length));
	},
};
