/**
 * node scripts/check.mjs [--chromium]: everything that is checked without running it. After the build the parts run
 * two at a time; the output of those that fail is shown, each under its name. With --chromium a browser for the tests
 * is looked for, too.
 */
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const env = { ...process.env, PATH: `${join(root, "node_modules/.bin")}${delimiter}${process.env.PATH}` };
const isWithChromium = process.argv.includes("--chromium");

/** Longest first. */
const PARTS = {
	chromium: isWithChromium ? "node scripts/chromium.mjs" : undefined,
	reference: "typedoc --emit none",
	package: "npm run --silent check:package",
	style: "npm run --silent check:style",
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

await check("build", "npm run --silent build");
if (failed.length === 0) {
	const waiting = Object.entries(PARTS).filter(([, command]) => command !== undefined);
	const work = async () => {
		for (let next = waiting.shift(); next; next = waiting.shift()) await check(...next);
	};
	await Promise.all(Array.from({ length: Math.max(2, availableParallelism()) }, work));
}
if (failed.length > 0) {
	process.stderr.write(`\nThe check failed: ${failed.join(", ")}.\n`);
	process.exitCode = 1;
}
