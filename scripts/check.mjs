/**
 * node scripts/check.mjs: all static checks. Two parts run at a time: those that need no build run beside it, the
 * others after it. Prints the output of failed parts under their names.
 *
 * node scripts/check.mjs --test [FILTERS AND OPTIONS OF VITEST]: runs the tests, too, once the shipped files are built
 * and a browser is installed. The checks run beside them at a lower priority.
 */
import { spawn } from "node:child_process";
import { availableParallelism, setPriority } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const env = { ...process.env, PATH: `${join(root, "node_modules/.bin")}${delimiter}${process.env.PATH}` };
const [first, ...forVitest] = process.argv.slice(2);
const isWithTests = first === "--test";

/** Parts that need no build. Longest first, here and below. */
const SOURCES = {
	reference: "typedoc --emit none",
	style: "npm run --silent check:style",
	prose: "node scripts/prose.mjs",
};
const BUILT = {
	test: "tsc -b test",
	examples: "tsc -b examples",
	package: "npm run --silent check:package",
	knip: "knip",
	"examples/store": "tsc -p examples/store",
	"examples/beside": "tsc -p examples/beside",
	"bench/million": "tsc -p bench/million/canister",
	size: "size-limit --silent",
};
/** Priority for nice(1), below the tests. */
const LOW = 10;

/** Runs a command line. @returns its output if it failed */
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
/** @returns whether all parts passed */
async function check(name, command) {
	const output = await run(command);
	if (output === undefined) return true;
	failed.push(name);
	process.stderr.write(`\n${name} (${command})\n${output.trimEnd()}\n`);
	return false;
}

const waiting = Object.entries(SOURCES);
async function work() {
	for (let next = waiting.shift(); next; next = waiting.shift()) await check(...next);
}

/** Starts the tests. Resolves when they have ended. */
function test() {
	const child = spawn("vitest", ["run", ...forVitest], { cwd: root, env, stdio: "inherit" });
	// Processes spawned from now on inherit the priority.
	setPriority(LOW);
	return new Promise((resolve) => {
		child.on("close", (code) => resolve(code === 0 || failed.push("the tests")));
	});
}

const isBuilt = check("build", "node scripts/shipped.mjs").then((is) => {
	if (is) waiting.push(...Object.entries(BUILT));
	return is;
});
if (isWithTests) {
	const isReady = await Promise.all([isBuilt, check("chromium", "node scripts/chromium.mjs")]);
	await Promise.all([isReady.every(Boolean) && test(), work()]);
} else {
	const more = Array.from({ length: Math.max(2, availableParallelism()) - 1 }, () =>
		work().then(() => isBuilt.then(work)),
	);
	await Promise.all([isBuilt.then(work), ...more]);
}
if (failed.length > 0) {
	process.stderr.write(`\nThis failed: ${failed.join(", ")}.\n`);
	process.exitCode = 1;
}
