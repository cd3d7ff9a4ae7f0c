import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildCanister } from "../examples/support/build.js";
import { measureIncremental } from "./backup/incremental.js";
import { measureGrowth, measureRates, measureVerify, measureWriter } from "./backup/measure.js";
import { measureBatch } from "./batch.js";
import { measureBrowser } from "./browser.js";
import { measureCalls } from "./calls.js";
import { measureDearest, measureStrangers } from "./dearest/index.js";
import { complaints, FIGURES, type Figures, keep, LIMITS, shown } from "./figures.js";
import { measureGrants } from "./grants.js";
import { measureHttp } from "./http.js";
import { measureCosts, measureMemory } from "./large.js";
import { measureMillion } from "./million/measure.js";
import { measureReveal } from "./reveal.js";
import { serveShares } from "./serve/measure.js";
import { measureSmallBlobs } from "./small-blobs.js";
import { lossyShare, overloadedShare, throttledShare, undisturbedShares } from "./uploads/ceiling.js";
import { cpuShares } from "./uploads/cpu.js";
import { downloadShare } from "./uploads/download.js";
import { linkShares } from "./uploads/link.js";

/**
 * Costs: instructions, cycles and bytes written, as the local network counts them with the replica's weights, and
 * ratios of CPU and memory within one run. The only time is the longest task of a page, without a limit: times depend
 * more on the machine than on the code.
 */

const { values } = parseArgs({
	options: {
		json: { type: "boolean", default: false },
		/** Writes the figures to bench/figures.json, with which later ones are compared. */
		keep: { type: "boolean", default: false },
		/** Names of parts to run (see PARTS), or of figures of PART_OF. Default: all. */
		only: { type: "string", multiple: true },
	},
});
const say = (text: string) => values.json || console.log(text);

const root = join(import.meta.dirname, "..");
const workplace = join(root, "dist/bench");
const directory = await mkdtemp(join(tmpdir(), "canister-blobs-bench-"));
/** The part that measures a figure, if their names differ. */
const PART_OF: Readonly<Record<string, string>> = {
	strangersCyclesPerMessage: "strangers",
	openStatCycles: "strangers",
	dearestRequestInstructions: "dearest",
	batchItemOverPutMany: "batch",
	batchRevealInstructions: "reveal",
	batchReveal10000Over1000: "reveal",
	httpChunkOverGetChunk: "http",
	http404InstructionsMillion: "million",
	grantCheckInstructions: "grants",
	grantPartCheckInstructions: "grants",
	clientPeakMemoryMB: "memory",
	backupIncrementalCalls: "backup-incremental",
	backupIncrementalBytes: "backup-incremental",
	backupFirstVersusDownload: "backup-rates",
	restoreVersusUpload: "backup-rates",
	backupGrowthMB: "backup-growth",
	verifyVersusSha256sum: "backup-verify",
	repositoryWriterVersusRestic: "backup-restic",
	repositoryWriterBytesVersusRestic: "backup-restic",
	cpuVersusActor: "cpu",
	listDecodeVersusLibrary: "cpu",
	listCpuVersusActor: "cpu",
	smallFileCpuVersusActor: "cpu",
	downloadVersusBareQuery: "download",
	serveVersusClient: "serve",
	serveCachedVersusBare: "serve",
	downloadShareOfLink: "link",
	downloadShareOfLinkByFive: "link",
	downloadShareOfGigabit: "link",
	ceilingShareLarge: "ceiling",
	ceilingShareSmall: "ceiling",
	ceilingShareLossy: "lossy",
	ceilingShareThrottled: "throttled",
	refusedShareOverloaded: "overloaded",
};
/** Whether a part, or a figure of it, or the parts that `wanted` begins, are asked for. */
const isWanted = (name: string) => (wanted: string) =>
	(PART_OF[wanted] ?? wanted) === name || name.startsWith(`${wanted}-`);
const PARTS: Record<string, [string, (wasm: Uint8Array) => Promise<Partial<Figures>>]> = {
	calls: ["Single calls, counted …", measureCalls],
	strangers: ["What strangers cost …", measureStrangers],
	http: ["Answers over HTTP …", measureHttp],
	dearest: ["The dearest requests …", measureDearest],
	small: [
		"10,000 blobs of 10 KB …",
		async (wasm) => ({ smallBlobsCyclesOverFloor: await measureSmallBlobs(wasm) }),
	],
	batch: ["Puts in batches …", async (wasm) => ({ batchItemOverPutMany: await measureBatch(wasm) })],
	reveal: ["Reveals of staged batches …", measureReveal],
	million: ["A store of 1,000,000 keys …", () => measureMillion(workplace)],
	grants: ["Checks of grants, of which there are 100,000 …", () => measureGrants(workplace)],
	costs: ["1 GiB with every instruction counted …", (wasm) => measureCosts(wasm, directory)],
	memory: ["4 GiB, watching the memory of client and canister …", (wasm) => measureMemory(wasm, directory)],
	cpu: ["The client's CPU against Actor calls …", (wasm) => cpuShares(wasm, directory)],
	download: ["Downloads against an agent's queries …", (wasm) => downloadShare(wasm, directory)],
	serve: ["An HTTP server over the client …", (wasm) => serveShares(wasm, directory)],
	link: ["Downloads over a line with a round trip of 200 ms …", (wasm) => linkShares(wasm, directory)],
	ceiling: ["Shares of what a subnet takes in …", (wasm) => undisturbedShares(wasm, directory)],
	lossy: ["The same where requests are lost …", (wasm) => lossyShare(wasm, directory)],
	throttled: [
		"The same where three requests in ten are refused …",
		(wasm) => throttledShare(wasm, directory),
	],
	overloaded: ["Refusals of a node that takes 8 calls at once …", (wasm) => overloadedShare(wasm, directory)],
	"backup-incremental": ["A backup after 10 of 100,000 blobs have changed …", () => measureIncremental()],
	"backup-growth": [
		"Memory of a backup of 10 GB, and of 1,000,000 entries …",
		() => measureGrowth(directory),
	],
	"backup-verify": ["Verifying against sha256sum …", () => measureVerify(directory)],
	"backup-restic": ["A repository's writer against restic …", () => measureWriter(directory)],
	"backup-rates": ["Backups and restores of 1 GB …", (wasm) => measureRates(wasm, directory)],
	browser: [
		"100 MB up and down in a browser, watching the page's thread …",
		(wasm) => measureBrowser(wasm, directory),
	],
};

try {
	say("Building the canister …");
	await mkdir(workplace, { recursive: true });
	const wasm = await buildCanister(join(root, "examples/store"), "store");
	const figures: Partial<Figures> = {};
	for (const [name, [what, measure]] of Object.entries(PARTS)) {
		if (values.only !== undefined && !values.only.some(isWanted(name))) continue;
		say(what);
		Object.assign(figures, await measure(wasm));
	}
	print(figures);
	for (const complaint of await complaints(figures)) {
		console.error(complaint);
		process.exitCode = 1;
	}
	if (values.keep) await keep(figures);
} finally {
	await rm(directory, { recursive: true, force: true });
	await rm(workplace, { recursive: true, force: true });
}

function print(figures: Partial<Figures>): void {
	if (values.json) console.log(JSON.stringify(figures, null, "\t"));
	for (const name of FIGURES) {
		const value = figures[name];
		if (value === undefined) continue;
		const { bound, kind } = LIMITS[name];
		say(`  ${name.padEnd(38)} ${shown(value).padStart(14)}   at ${kind} ${shown(bound)}`);
	}
}
