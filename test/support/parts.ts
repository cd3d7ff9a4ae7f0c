import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const ENTRY = pathToFileURL(join(import.meta.dirname, "../../dist/client/node/index.js")).href;

/**
 * Loads all that the client imports, also what it imports dynamically. Who lets time pass when no request is on its way
 * needs that: reading a module takes as long as it takes, and no time of a test passes for it.
 */
export async function loadParts(): Promise<void> {
	const found = new Set([ENTRY]);
	for (const url of found) {
		await import(url);
		for (const [, specifier] of readFileSync(new URL(url), "utf8").matchAll(/(?:from |import\()"([^"]+)"/g))
			if (specifier!.startsWith(".")) found.add(new URL(specifier!, url).href);
			else await import(specifier!);
	}
}
