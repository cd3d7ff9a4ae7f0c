const UNITS = ["kB", "MB", "GB", "TB"];

/** `7340032` to `7.3 MB`. */
export function formatBytes(bytes: number): string {
	if (bytes < 1_000) return `${bytes} B`;
	const power = Math.min(Math.floor(Math.log10(bytes) / 3), UNITS.length);
	return `${(bytes / 1_000 ** power).toFixed(1)} ${UNITS[power - 1]}`;
}

/** `75` to `1 min 15 s`. */
export function formatSeconds(seconds: number): string {
	const whole = Math.ceil(seconds);
	if (whole < 60) return `${whole} s`;
	const minutes = Math.floor(whole / 60);
	if (minutes < 60) return `${minutes} min ${whole % 60} s`;
	return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
