import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

interface Limit {
	readonly kind: "most" | "least";
	readonly bound: number;
	/** Depends on the machine and its load, so it is checked against its limit only, not against the last figure. */
	readonly isUnsteady?: boolean;
}
const most = (bound: number): Limit => ({ kind: "most", bound });
const unsteady = (limit: Limit): Limit => ({ ...limit, isUnsteady: true });
const least = (bound: number): Limit => unsteady({ kind: "least", bound });

/** Limit of each figure. The bench fails if one is exceeded. */
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
	/** Instructions of the message that reveals 10,000 staged items, and their ratio to those for 1,000. */
	batchRevealInstructions: most(1e9),
	batchReveal10000Over1000: most(1.1),
	grantCheckInstructions: most(0.2e6),
	/** Instructions with a grant that is a part of a part, for a holder of the maximum number of grants. */
	grantPartCheckInstructions: most(0.2e6),
	statWithWitnessInstructions1000: most(10e6),
	statWithWitnessInstructionsMillion: most(15e6),
	putBlobAtMillionOverThousand: most(1.36),
	/** Instructions of a chunk of 2 MiB over HTTP, with its proof, less those of the client's own method. */
	httpChunkOverGetChunk: most(8e6),
	/** Instructions of a certified 404 among 1,000,000 keys. */
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
	/**
	 * A backup after 10 of 100,000 blobs of 10 KB have changed: bytes that the store sent and that the sink received.
	 */
	backupIncrementalCalls: most(40),
	backupIncrementalBytes: most(400_000),
	backupFirstVersusDownload: least(0.9),
	restoreVersusUpload: least(0.95),
	/** Memory growth of the process over 10 GB, and over 1,000,000 entries, both synthetic. */
	backupGrowthMB: unsteady(most(64)),
	verifyVersusSha256sum: least(0.8),
	/** CPU and bytes for the same files without compression. */
	repositoryWriterVersusRestic: unsteady(most(1)),
	repositoryWriterBytesVersusRestic: most(1.02),
	/** For information: times depend on the machine. Browsers call a task of more than 50 ms long. */
	longestMainThreadTaskMs: unsteady(most(Number.POSITIVE_INFINITY)),
};
export type Figure = keyof typeof LIMITS;
export type Figures = Record<Figure, number>;

/** A reproducible figure may exceed that of the last release by at most this share. */
const BASELINE = join(import.meta.dirname, "figures.json");
const WORSE = 1.05;

const isFigure = (name: string): name is Figure => name in LIMITS;
export const FIGURES = Object.keys(LIMITS).filter(isFigure);

/** The violations of the limits, one sentence each. */
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
