/** Results of the main job. Sizes in bytes, times in seconds. */
export interface Figures {
	readonly file: string;
	readonly bytes: number;
	readonly chunks: number;
	/** Chunks in the canister when the second process began. */
	readonly chunksReused: number;
	readonly uploadSeconds: number;
	readonly uploadMBPerSecond: number;
	readonly downloadSeconds: number;
	readonly downloadMBPerSecond: number;
	/** Instructions of the puts only; undefined without metering. */
	readonly putInstructionsPerByte: number | undefined;
	/** Total cost of the upload in cycles without the upgrade; undefined on a network without charges. */
	readonly cyclesPerByte: number | undefined;
	/** Relative to 2,000 cycles a byte, the charge for receiving it. */
	readonly cyclesOverFloor: number | undefined;
	readonly uploaderPeakMemoryMB: number;
	/** Time before the first request: start of Node, the agent and the client. */
	readonly uploaderIdleMemoryMB: number;
	readonly sha256: string;
	readonly identical: boolean;
}

const number = (value: number, digits = 0) =>
	value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
const optional = (value: number | undefined, digits: number) =>
	value === undefined ? "not counted by this network" : number(value, digits);

export function formatTable(figures: Figures): string {
	const { chunks, chunksReused, putInstructionsPerByte, cyclesPerByte, cyclesOverFloor } = figures;
	const rows: [string, string][] = [
		["file", `${figures.file}, ${number(figures.bytes)} bytes in ${number(chunks)} chunks`],
		[
			"upload",
			`${number(figures.uploadSeconds, 1)} s with the kill and the upgrade, ${rate(figures.uploadMBPerSecond)}`,
		],
		[
			"resumed",
			`${number(chunksReused)} of ${number(chunks)} chunks had arrived before the kill and were not sent again`,
		],
		["download", `${number(figures.downloadSeconds, 1)} s, ${rate(figures.downloadMBPerSecond)}`],
		["result", figures.identical ? "identical: both files have the same SHA-256" : "DIFFERENT"],
		["SHA-256", figures.sha256],
		[
			"memory",
			`the uploading process took at most ${number(figures.uploaderPeakMemoryMB)} MB, ${number(figures.uploaderIdleMemoryMB)} MB of it before it sent anything`,
		],
		["instructions", `${optional(putInstructionsPerByte, 1)} per byte, to hash and store a chunk`],
		[
			"cycles",
			`${optional(cyclesPerByte, 1)} per byte in all, ${optional(cyclesOverFloor, 3)} times what receiving the bytes costs in any case`,
		],
	];
	const width = Math.max(...rows.map(([name]) => name.length));
	return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join("\n");
}

const rate = (megabytes: number): string => `${number(megabytes, 1)} MB/s`;
