/**
 * node scripts/check.mjs [--chromium]: everything that is checked without running it. The parts run two at a time,
 * those that read only sources beside the build, the others after it; the output of those that fail is shown, each
 * under its name. With --chromium a browser for the tests is looked for, too.
 */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const env = { ...process.env, PATH: `${join(root, "node_modules/.bin")}${delimiter}${process.env.PATH}` };
const isWithChromium = process.argv.includes("--chromium");

/** What needs nothing built. Longest first, here and below. */
const SOURCES = {
	chromium: isWithChromium ? "node scripts/chromium.mjs" : undefined,
	reference: "typedoc --emit none",
	style: "npm run --silent check:style",
};
const BUILT = {
	test: "tsc -b test",
	examples: "tsc -b examples",
	package: "npm run --silent check:package",
	"examples/store": "tsc -p examples/store",
	"examples/beside": "tsc -p examples/beside",
	"bench/million": "tsc -p bench/million/canister",
	knip: "knip",
	size: "size-limit --silent",
};

/** Runs a command line. @returns its output where it failed */
function run(command) {
	return new Promise((resolve) => {
		const child = spawn(command, { cwd: root, env, shell: true, stdio: ["ignore", "pipe", "pipe"] });
		let output = "";
		for (const stream of [child.stdout, child.stderr])
			stream.setEncoding("utf8").on("data", (text) => {
				output += text;
			});
		child.on("close", (code) => resolve(code === 0 ? undefined : output || `It exited with ${code}.`));
	});
}

const failed = [];
async function check(name, command) {
	const output = await run(command);
	if (output === undefined) return;
	failed.push(name);
	process.stderr.write(`\n${name} (${command})\n${output.trimEnd()}\n`);
}

const waiting = Object.entries(SOURCES).filter(([, command]) => command !== undefined);
async function work() {
	for (let next = waiting.shift(); next; next = waiting.shift()) await check(...next);
}

/** What is shipped; `npm run build` compiles tests and examples, too, which nothing waits for. */
const SHIPPED = JSON.parse(readFileSync(join(root, "tsconfig.json"), "utf8"))
	.references.map(({ path }) => path)
	.filter((path) => path.startsWith("src/"))
	.join(" ");
const built = check("build", `tsc -b ${SHIPPED} && node scripts/executable.mjs`).then(() => {
	if (!failed.includes("build")) waiting.push(...Object.entries(BUILT));
});
const more = Array.from({ length: Math.max(2, availableParallelism()) - 1 }, () =>
	work().then(() => built.then(work)),
);
await Promise.all([built.then(work), ...more]);
if (failed.length > 0) {
	process.stderr.write(`\nThe check failed: ${failed.join(", ")}.\n`);
	process.exitCode = 1;
}
