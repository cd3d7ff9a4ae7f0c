/**
 * `npm run release`: makes a release of the version that package.json names, and keeps it here for the tests of all later
 * ones: the package's tarball, and the Wasm of examples/store built with it as a user builds it. A release that is kept
 * is never replaced. What is left to do by hand is printed.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { buildCanister } from "../../examples/support/build.js";
import { installPacked, pack } from "../support/packed.js";
import { fileOf } from "./support/kept.js";

const root = join(import.meta.dirname, "../..");
const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as { version: string };
const folder = join(import.meta.dirname, version);

function refuse(why: string): never {
	console.error(why);
	process.exit(2);
}

if (existsSync(folder))
	refuse(`${folder} is there, and a release is never replaced: raise the version in package.json`);
if (execFileSync("git", ["status", "--porcelain"], { cwd: root, encoding: "utf8" }) !== "")
	refuse("there are changes that are not committed: commit them, so that the release has a commit");
const headings = (await readFile(join(root, "CHANGELOG.md"), "utf8")).match(/^## .*$/gm) ?? [];
if (!headings.some((heading) => heading.startsWith(`## ${version} (`)))
	refuse(`CHANGELOG.md has no heading "## ${version} (year-month-day)": say there what changed`);

const run = await mkdtemp(join(tmpdir(), "canister-blobs-release-"));
try {
	const { tarball } = await pack(run);
	const { directory } = await installPacked(run, "examples/store", { within: run });
	await buildCanister(directory, "store");
	const wasm = await readFile(join(directory, "store.wasm"));
	await mkdir(folder);
	await copyFile(tarball, fileOf(version, "package"));
	await writeFile(fileOf(version, "wasm"), gzipSync(wasm, { level: 9 }));
	const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
	console.log(`canister-blobs ${version}
  package   ${fileOf(version, "package")}
            SHA-256 ${sha256(await readFile(fileOf(version, "package")))}
  store     ${fileOf(version, "wasm")}
            SHA-256 of the Wasm ${sha256(wasm)}
Next: run \`npx vitest run test/releases/\`, commit test/releases/${version}, tag the commit before it as v${version},
and publish the tarball: \`npm publish ${fileOf(version, "package")}\``);
} finally {
	await rm(run, { recursive: true, force: true });
}
