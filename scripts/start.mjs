// node scripts/start.mjs [PATH] [--json] [--wasm PATH]: `npm start`. Checks what it was given before anything is built,
// then compiles and runs the main job (examples/main-job/index.ts).
import { spawn } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = fileURLToPath(new URL("..", import.meta.url));
/** A smaller file would be uploaded before its process can be killed halfway. */
const LEAST_BYTES = 10_000_000;
const USAGE = `npm start [-- PATH] [--json]

Uploads a file into a canister on a local network and back, killing the uploading process and upgrading the
canister on the way. PATH: a file of at least 10 MB; by default the node binary that runs this.
  --json       print the figures as one JSON object, and nothing else (with npm: npm start --silent -- --json)
  --wasm PATH  install this Wasm instead of building examples/store
  --help       print this`;

function fail(text) {
	console.error(`npm start: ${text}\n\n${USAGE}`);
	process.exit(2);
}

function parsed() {
	try {
		return parseArgs({
			allowPositionals: true,
			options: {
				json: { type: "boolean", default: false },
				wasm: { type: "string" },
				help: { type: "boolean", default: false },
			},
		});
	} catch (error) {
		return fail(error.message);
	}
}

/** The size of a readable file. */
function sizeOf(path) {
	const found = statSync(path, { throwIfNoEntry: false });
	if (found === undefined) fail(`there is no file ${path}`);
	if (found.isDirectory()) fail(`${path} is a directory: name one file`);
	if (!found.isFile()) fail(`${path} is not a regular file`);
	try {
		accessSync(path, constants.R_OK);
	} catch {
		fail(`${path} cannot be read`);
	}
	return found.size;
}

/** Runs a program to its end. @returns the exit code */
function run(command, args, output) {
	const env = { ...process.env, PATH: `${join(root, "node_modules/.bin")}${delimiter}${process.env.PATH}` };
	const child = spawn(command, args, { env, cwd: root, stdio: ["ignore", output, "inherit"] });
	return new Promise((done, reject) => {
		child.on("error", reject);
		child.on("close", (code, signal) => done(code ?? (signal === "SIGINT" ? 130 : 1)));
	});
}

const { values, positionals } = parsed();
if (values.help) {
	console.log(USAGE);
	process.exit();
}
if (positionals.length > 1) fail("one file at a time");
const path = resolve(process.env.INIT_CWD ?? ".", positionals[0] ?? process.execPath);
const size = sizeOf(path);
if (size < LEAST_BYTES)
	fail(`${path} has ${size} bytes: a file of 10 MB or more can be interrupted in the middle`);
const wasm = values.wasm && resolve(process.env.INIT_CWD ?? ".", values.wasm);
if (wasm !== undefined) sizeOf(wasm);

// The child gets the signal, too, and this process ends with it.
process.on("SIGINT", () => {});
if (!values.json)
	console.log(
		`The main job, with ${path} (${(size / 1e6).toFixed(1)} MB)\n1. Compiling: up to a minute the first time …`,
	);
// Redirected: figures on stdout must not contain compiler output.
const built = await run("npm", ["run", "--silent", "build"], values.json ? process.stderr : "inherit");
process.exitCode =
	built !== 0
		? built
		: await run(
				"tsx",
				[
					"examples/main-job/index.ts",
					path,
					...(values.json ? ["--json"] : []),
					...(wasm === undefined ? [] : ["--wasm", wasm]),
				],
				"inherit",
			);
