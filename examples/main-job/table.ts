/** What the main job measured. Sizes in bytes, times in seconds. */
export interface Figures {
	readonly file: string;
	readonly bytes: number;
	readonly chunks: number;
	/** Chunks that were in the canister when the second process began. */
	readonly chunksReused: number;
	readonly uploadSeconds: number;
	readonly uploadMBPerSecond: number;
	readonly downloadSeconds: number;
	readonly downloadMBPerSecond: number;
	/** Of the puts alone; undefined on a network that does not count. */
	readonly putInstructionsPerByte: number | undefined;
	/** Everything that the upload cost, upgrade aside; undefined on a network that does not charge. */
	readonly cyclesPerByte: number | undefined;
	/** Against 2,000 cycles a byte, what receiving them costs in any case. */
	readonly cyclesOverFloor: number | undefined;
	readonly uploaderPeakMemoryMB: number;
	readonly sha256: string;
	readonly identical: boolean;
}

const number = (value: number, digits = 0) =>
	value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
const optional = (value: number | undefined, digits: number) =>
	value === undefined ? "not counted by this network" : number(value, digits);

export function formatTable(figures: Figures): string {
	const rows: [string, string][] = [
		["file", figures.file],
		["bytes", number(figures.bytes)],
		["chunks", number(figures.chunks)],
		["chunks reused after the kill", number(figures.chunksReused)],
		["upload", `${number(figures.uploadSeconds, 1)} s, ${number(figures.uploadMBPerSecond, 1)} MB/s`],
		["download", `${number(figures.downloadSeconds, 1)} s, ${number(figures.downloadMBPerSecond, 1)} MB/s`],
		["instructions a byte (puts)", optional(figures.putInstructionsPerByte, 1)],
		["cycles a byte (whole upload)", optional(figures.cyclesPerByte, 1)],
		["cycles over the floor of 2,000 a byte", optional(figures.cyclesOverFloor, 3)],
		["peak memory of the uploading process", `${number(figures.uploaderPeakMemoryMB)} MB`],
		["SHA-256 of what came back", figures.sha256],
		["identical", figures.identical ? "yes" : "NO"],
	];
	const width = Math.max(...rows.map(([name]) => name.length));
	return rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`).join("\n");
}
