// Prints the path of a Chromium for the browser tests, and installs it if needed: as root on Debian or Ubuntu. On any
// other system the message names what is missing. Fast if Chromium is installed.
import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
const APPLICATIONS = [
	"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
	"/Applications/Chromium.app/Contents/MacOS/Chromium",
];

function isExecutable(path) {
	try {
		accessSync(path, constants.X_OK);
		return true;
	} catch {
		return false;
	}
}

function find() {
	const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/bin"].filter(Boolean);
	const onPath = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
	return [...onPath, ...APPLICATIONS].find(isExecutable);
}

/** Redirects its output to stderr: stdout contains the path only. */
function run(command, ...args) {
	const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
	return spawnSync(command, args, { stdio: ["ignore", 2, 2], env }).status === 0;
}

function fail(message) {
	process.stderr.write(`${message}\n`);
	process.exit(1);
}

function chromium() {
	const named = process.env.CHROMIUM;
	if (named && !isExecutable(named)) fail(`CHROMIUM names ${named}, which is no program that can be run.`);
	if (named) return named;
	const found = find();
	if (found) return found;
	if (process.getuid?.() === 0 && run("apt-get", "--version")) {
		process.stderr.write("No Chromium: installing Debian's.\n");
		run("apt-get", "update");
		run("apt-get", "install", "-y", "--no-install-recommends", "chromium");
	}
	return (
		find() ??
		fail(
			"The browser tests need Chromium or Chrome, and none is on the PATH. Install one (Debian, Ubuntu: " +
				"`sudo apt-get install chromium`), or name its program in the variable CHROMIUM.",
		)
	);
}

console.log(chromium());
