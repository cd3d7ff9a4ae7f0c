/**
 * node scripts/finish-build.mjs, after the compiler: makes the command executable, as npm does only where it links it,
 * and removes what was compiled from sources that are gone: the package would have it in it.
 */
import { chmodSync, existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const built = join(root, "dist");

chmodSync(join(built, "cli/main.js"), 0o755);

for (const folder of readdirSync(join(root, "src")))
	if (existsSync(join(built, folder)))
		for (const name of readdirSync(join(built, folder), { recursive: true })) {
			const [, source] = /^(.*)\.(?:js|d\.ts)(?:\.map)?$/.exec(name) ?? [];
			if (source === undefined) continue;
			const path = join(root, "src", folder, source);
			if (!existsSync(`${path}.ts`) && !existsSync(`${path}.d.ts`))
				rmSync(join(built, folder, name), { force: true });
		}
