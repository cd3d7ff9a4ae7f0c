/**
 * npm run test:weights [-- FILTERS OF VITEST]: runs the tests, measures the CPU seconds of each file, and writes them
 * into test/support/weights.json. The test runner starts the slowest files first. Files that did not run keep their
 * weight, deleted ones lose it. Prints the sum of each folder.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const path = join(root, "test/support/weights.json");
const folder = mkdtempSync(join(tmpdir(), "canister-blobs-weights-"));
const times = join(folder, "times.jsonl");
const { status } = spawnSync("npx", ["vitest", "run", ...process.argv.slice(2)], {
	cwd: root,
	env: { ...process.env, BLOBS_TEST_TIMES: times },
	stdio: "inherit",
});

const weights = JSON.parse(readFileSync(path, "utf8"));
for (const line of existsSync(times) ? readFileSync(times, "utf8").trim().split("\n") : []) {
	const { file, seconds } = JSON.parse(line);
	weights[relative(root, file)] = Math.round(seconds * 10) / 10;
}
const kept = Object.entries(weights)
	.filter(([file]) => existsSync(join(root, file)))
	.sort(([a], [b]) => (a < b ? -1 : 1));
writeFileSync(path, `${JSON.stringify(Object.fromEntries(kept), null, "\t")}\n`);
rmSync(folder, { recursive: true });

const sums = new Map();
for (const [file, seconds] of kept) sums.set(dirname(file), (sums.get(dirname(file)) ?? 0) + seconds);
for (const [name, seconds] of sums) console.log(`${seconds.toFixed(1).padStart(7)} s  ${name}`);
process.exitCode = status ?? 1;
