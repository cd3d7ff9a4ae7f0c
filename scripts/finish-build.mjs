/**
 * node scripts/finish-build.mjs, after the compiler: removes what was compiled from sources that are gone, which the
 * package would have in it, and bundles the command. Its modules are several hundred, which Node would take longer to
 * find and read than most commands take to run; the packages that it depends on stay what is installed.
 */
import { chmodSync, existsSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const built = join(root, "dist");

for (const folder of readdirSync(join(root, "src")))
	if (existsSync(join(built, folder)))
		for (const name of readdirSync(join(built, folder), { recursive: true })) {
			const [, source] = /^(.*)\.(?:js|d\.ts)(?:\.map)?$/.exec(name) ?? [];
			if (source === undefined) continue;
			const path = join(root, "src", folder, source);
			if (!existsSync(`${path}.ts`) && !existsSync(`${path}.d.ts`))
				rmSync(join(built, folder, name), { force: true });
		}

/** What the bundle is made of. */
const PARTS = ["backup", "canister", "cli", "client", "encryption", "http", "localnet", "protocol", "wasm"];
const bundle = join(built, "bin");
const main = join(bundle, "main.js");

const modified = (path) => statSync(path).mtimeMs;
const newest = Math.max(
	modified(fileURLToPath(import.meta.url)),
	...PARTS.flatMap((part) =>
		readdirSync(join(built, part), { recursive: true })
			.filter((name) => name.endsWith(".js"))
			.map((name) => modified(join(built, part, name))),
	),
);
if (!existsSync(main) || modified(main) <= newest) {
	const { build } = await import("esbuild");
	// Builds side by side, and commands that run meanwhile, find the old one or the new one.
	const made = `${bundle}-${process.pid}`;
	await build({
		entryPoints: [join(built, "cli/main.js")],
		outdir: made,
		chunkNames: "[name]-[hash]",
		bundle: true,
		splitting: true,
		format: "esm",
		platform: "node",
		target: "node20.19",
		packages: "external",
		logLevel: "warning",
	});
	// npm makes it executable only where it links it.
	chmodSync(join(made, "main.js"), 0o755);
	const old = `${made}-old`;
	if (existsSync(bundle)) renameSync(bundle, old);
	renameSync(made, bundle);
	rmSync(old, { recursive: true, force: true });
}
