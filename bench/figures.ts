import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** What each figure may be at the most. A figure past its limit fails the bench. */
export const LIMITS = {
	putInstructionsPerByte: 92,
	beginInstructions: 5e6,
	refillInstructionsPerSlot: 1e6,
	commitInstructions1000: 200e6,
	commitInstructions10000: 2e9,
	putBlob1KBInstructions: 12e6,
	statWithWitnessInstructions1000: 10e6,
	statWithWitnessInstructionsMillion: 15e6,
	putBlobAtMillionOverThousand: 1.4,
	stableBytesWrittenPerByte: 1.2,
	stableBytesWrittenPerByteUnknownSize: 1.2,
	uploadCyclesOverFloor: 1.05,
	smallBlobsCyclesOverFloor: 1.2,
	heapBytesGrownInSecondGiB: 0,
	upgradeInstructionsOverEmpty: 1.1,
	clientPeakMemoryMB: 150,
};
export type Figure = keyof typeof LIMITS;
export type Figures = Record<Figure, number>;

/** The figures of the last release: one that repeats may not be worse by more than this. */
const BASELINE = join(import.meta.dirname, "figures.json");
const WORSE = 1.05;
/** These depend on the machine: only their limit counts. */
const UNSTEADY = new Set<Figure>(["clientPeakMemoryMB"]);

const isFigure = (name: string): name is Figure => name in LIMITS;
export const FIGURES = Object.keys(LIMITS).filter(isFigure);

/** What is wrong with the figures, a sentence each. */
export async function complaints(figures: Partial<Figures>): Promise<string[]> {
	const before: Partial<Figures> = JSON.parse(await readFile(BASELINE, "utf8"));
	return FIGURES.flatMap((name) => {
		const value = figures[name];
		if (value === undefined) return [];
		if (value > LIMITS[name]) return [`${name} is ${shown(value)}, over its limit of ${shown(LIMITS[name])}`];
		const last = before[name];
		if (last !== undefined && !UNSTEADY.has(name) && value > last * WORSE)
			return [`${name} is ${shown(value)}, more than 5 % over ${shown(last)} of bench/figures.json`];
		return [];
	});
}

export async function keep(figures: Partial<Figures>): Promise<void> {
	const before: Partial<Figures> = JSON.parse(await readFile(BASELINE, "utf8"));
	await writeFile(BASELINE, `${JSON.stringify({ ...before, ...figures }, null, "\t")}\n`);
}

export const shown = (value: number): string =>
	value >= 1_000 ? Math.round(value).toLocaleString("en-US") : value.toFixed(3).replace(/\.?0+$/, "");
