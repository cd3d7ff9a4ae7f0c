import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildCanister } from "../examples/support/build.js";
import { measureBrowser } from "./browser.js";
import { measureCalls } from "./calls.js";
import { complaints, FIGURES, type Figures, keep, LIMITS, shown } from "./figures.js";
import { measureCosts, measureMemory } from "./large.js";
import { measureMillion } from "./million/measure.js";
import { measureSmallBlobs } from "./small-blobs.js";
import { ceilingShares } from "./uploads/ceiling.js";
import { cpuShares } from "./uploads/cpu.js";
import { downloadShare } from "./uploads/download.js";

/**
 * What things cost: instructions, cycles and bytes written, as the local network counts them with the replica's
 * weights, and ratios of CPU and memory within one run. No times, which say more about the machine than about the
 * code, but one: for how long a page stands still. It has no limit.
 */

const { values } = parseArgs({
	options: {
		json: { type: "boolean", default: false },
		/** Writes the figures to bench/figures.json, against which later ones are held. */
		keep: { type: "boolean", default: false },
		/** Parts of it: calls, small, million, costs, memory, client, browser. Default all. */
		only: { type: "string", multiple: true },
	},
});
const say = (text: string) => values.json || console.log(text);

const root = join(import.meta.dirname, "..");
const workplace = join(root, "dist/bench");
const directory = await mkdtemp(join(tmpdir(), "canister-blobs-bench-"));
const PARTS: Record<string, [string, (wasm: Uint8Array) => Promise<Partial<Figures>>]> = {
	calls: ["Single calls, counted …", measureCalls],
	small: [
		"10,000 blobs of 10 KB …",
		async (wasm) => ({ smallBlobsCyclesOverFloor: await measureSmallBlobs(wasm) }),
	],
	million: ["A store of 1,000,000 keys …", () => measureMillion(workplace)],
	costs: ["1 GiB with every instruction counted …", (wasm) => measureCosts(wasm, directory)],
	memory: ["4 GiB, watching the memory of client and canister …", (wasm) => measureMemory(wasm, directory)],
	client: [
		"The client: CPU, downloads, and shares of what a subnet takes in …",
		async (wasm) => ({
			...(await cpuShares(wasm, directory)),
			...(await downloadShare(wasm, directory)),
			...(await ceilingShares(wasm, directory)),
		}),
	],
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
		if (values.only !== undefined && !values.only.includes(name)) continue;
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
