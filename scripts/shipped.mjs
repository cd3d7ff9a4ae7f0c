/** node scripts/shipped.mjs: builds the shipped files only. `npm run build` also compiles tests and examples. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const projects = JSON.parse(readFileSync(join(root, "tsconfig.json"), "utf8"))
	.references.map(({ path }) => path)
	.filter((path) => path.startsWith("src/"));
const { status, error } = spawnSync("tsc", ["-b", ...projects], {
	cwd: root,
	env: { ...process.env, PATH: `${join(root, "node_modules/.bin")}:${process.env.PATH}` },
	stdio: "inherit",
});
if (error) throw error;
if (status !== 0) process.exit(status ?? 1);
await import("./finish-build.mjs");
