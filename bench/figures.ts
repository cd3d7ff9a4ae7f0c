import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

interface Limit {
	readonly kind: "most" | "least";
	readonly bound: number;
	/** Depends on the machine and its load: only the limit counts, not the last figure. */
	readonly isUnsteady?: boolean;
}
const most = (bound: number): Limit => ({ kind: "most", bound });
const unsteady = (limit: Limit): Limit => ({ ...limit, isUnsteady: true });
const least = (bound: number): Limit => unsteady({ kind: "least", bound });

/** What each figure may be. One past its limit fails the bench. */
export const LIMITS = {
	putInstructionsPerByte: most(70),
	beginInstructions: most(5e6),
	refillInstructionsPerSlot: most(1e6),
	commitInstructions1000: most(200e6),
	commitInstructions10000: most(2e9),
	putBlob1KBInstructions: most(12e6),
	strangersCyclesPerMessage: most(0),
	openStatCycles: most(10e6),
	dearestRequestInstructions: most(20e9),
	batchItemOverPutMany: most(1.2),
	/** Of the message that makes 10,000 staged items visible, and over that of one with 1,000. */
	batchRevealInstructions: most(1e9),
	batchReveal10000Over1000: most(1.1),
	grantCheckInstructions: most(0.2e6),
	/** Of one that is part of another, which is part of a third, by a holder of as many as there can be. */
	grantPartCheckInstructions: most(0.2e6),
	statWithWitnessInstructions1000: most(10e6),
	statWithWitnessInstructionsMillion: most(15e6),
	putBlobAtMillionOverThousand: most(1.36),
	/** Instructions of a chunk of 2 MiB over HTTP, with its proof, less those of the client's own method. */
	httpChunkOverGetChunk: most(8e6),
	/** Of a certified 404, among 1,000,000 keys. */
	http404InstructionsMillion: most(12e6),
	stableBytesWrittenPerByte: most(1.2),
	stableBytesWrittenPerByteUnknownSize: most(1.2),
	uploadCyclesOverFloor: most(1.05),
	smallBlobsCyclesOverFloor: most(1.15),
	heapBytesGrownInSecondGiB: most(0),
	upgradeInstructionsOverEmpty: most(1.1),
	clientPeakMemoryMB: unsteady(most(64)),
	cpuVersusActor: unsteady(most(0.12)),
	listDecodeVersusLibrary: unsteady(most(0.1)),
	listCpuVersusActor: unsteady(most(0.35)),
	smallFileCpuVersusActor: unsteady(most(0.1)),
	downloadVersusBareQuery: least(0.8),
	serveVersusClient: least(0.9),
	serveCachedVersusBare: least(0.8),
	ceilingShareLarge: least(0.95),
	ceilingShareSmall: least(0.9),
	ceilingShareLossy: least(0.85),
	ceilingShareThrottled: least(0.7),
	refusedShareOverloaded: unsteady(most(0.1)),
	downloadShareOfLink: least(0.9),
	/** For comparison. */
	downloadShareOfLinkByFive: least(0),
	downloadShareOfGigabit: least(0.9),
	/** Of a backup after 10 of 100,000 blobs of 10 KB have changed; bytes that the store sent and the sink got. */
	backupIncrementalCalls: most(40),
	backupIncrementalBytes: most(400_000),
	backupFirstVersusDownload: least(0.9),
	restoreVersusUpload: least(0.95),
	/** What the process grows by over 10 GB, and over 1,000,000 entries, both made up below the call interface. */
	backupGrowthMB: unsteady(most(64)),
	verifyVersusSha256sum: least(0.8),
	/** CPU, and bytes, of the same files without compression. */
	repositoryWriterVersusRestic: unsteady(most(1)),
	repositoryWriterBytesVersusRestic: most(1.02),
	/** For information: a time depends on the machine. At most 50 is what browsers call no long task. */
	longestMainThreadTaskMs: unsteady(most(Number.POSITIVE_INFINITY)),
};
export type Figure = keyof typeof LIMITS;
export type Figures = Record<Figure, number>;

/** The figures of the last release: one that repeats may not be worse by more than this. */
const BASELINE = join(import.meta.dirname, "figures.json");
const WORSE = 1.05;

const isFigure = (name: string): name is Figure => name in LIMITS;
export const FIGURES = Object.keys(LIMITS).filter(isFigure);

/** What is wrong with the figures, a sentence each. */
export async function complaints(figures: Partial<Figures>): Promise<string[]> {
	const before: Partial<Figures> = JSON.parse(await readFile(BASELINE, "utf8"));
	return FIGURES.flatMap((name) => {
		const value = figures[name];
		if (value === undefined) return [];
		const { kind, bound, isUnsteady }: Limit = LIMITS[name];
		if (kind === "most" ? value > bound : value < bound)
			return [`${name} is ${shown(value)}; it may be at ${kind} ${shown(bound)}`];
		const last = before[name];
		if (last !== undefined && !isUnsteady && value > last * WORSE)
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
