import { spawnSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type SoakCounts, soak } from "./soak.js";

/**
 * npm run test:soak -- [--minutes 10] [--steps 200] [--seed N]: histories of a store and its backups, one seed after the
 * other, until the time is over. Where root may, every second one lies on a disk of 24 MiB that gets full: a tmpfs in a mount
 * namespace of its own, which nobody else sees. A failure prints its seed, which brings it back.
 */

const { values } = parseArgs({
	options: {
		minutes: { type: "string", default: "10" },
		steps: { type: "string", default: "200" },
		seed: { type: "string" },
	},
});
const WITHIN = "CANISTER_BLOBS_SOAK_DISK";

/** In a namespace whose mounts end with it. */
function runWithDisk(folder: string): number | null {
	const again = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
	const script = 'mount -t tmpfs -o size=24m tmpfs "$0" && exec "$@"';
	const words = ["--mount", "--propagation", "private", "sh", "-c", script, folder, ...again];
	return spawnSync("unshare", words, { stdio: "inherit", env: { ...process.env, [WITHIN]: folder } }).status;
}

const mayMount = process.getuid?.() === 0 && spawnSync("unshare", ["--mount", "true"]).status === 0;
if (process.env[WITHIN] === undefined && mayMount) {
	const folder = await mkdtemp(join(tmpdir(), "canister-blobs-small-disk-"));
	process.exitCode = runWithDisk(folder) ?? 1;
	await rm(folder, { recursive: true, force: true });
} else {
	const disk = process.env[WITHIN];
	if (disk === undefined) console.log("no disk gets full: that takes root, and unshare");
	const end = performance.now() + Number(values.minutes) * 60_000;
	const total: Partial<SoakCounts> = {};
	let histories = 0;
	let failures = 0;
	do {
		const seed = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed);
		const isSmall = disk !== undefined && histories % 2 === 0;
		histories++;
		try {
			if (isSmall) await rm(join(disk, "repository"), { recursive: true, force: true });
			const options = { seed, steps: Number(values.steps), smallDisk: isSmall ? disk : undefined };
			const counts = await soak(options);
			for (const [what, count] of Object.entries(counts))
				total[what as keyof SoakCounts] = (total[what as keyof SoakCounts] ?? 0) + count;
		} catch (error) {
			failures++;
			console.log(`FAILED${isSmall ? " on a small disk" : ""}: ${(error as Error).message.slice(0, 2_000)}`);
		}
	} while (values.seed === undefined && performance.now() < end);
	console.log(`${histories} histories, ${failures} failed: ${JSON.stringify(total)}`);
	process.exitCode = failures === 0 ? 0 : 1;
}
