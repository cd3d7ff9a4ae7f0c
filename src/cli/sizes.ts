import { UsageError } from "./command.js";

const UNITS: Readonly<Record<string, number>> = {
	"": 1,
	k: 1e3,
	m: 1e6,
	g: 1e9,
	t: 1e12,
	ki: 2 ** 10,
	mi: 2 ** 20,
	gi: 2 ** 30,
	ti: 2 ** 40,
};

/** A size in bytes, optionally with a unit, such as 512MiB (of 1,024) or 1.5GB (of 1,000). */
export function bytesOf(option: string, text: string): number {
	const [, count, unit = ""] = /^(\d{1,15}(?:\.\d{1,3})?) ?(?:([kmgt]i?)?b)?$/i.exec(text) ?? [];
	const bytes = Number(count) * UNITS[unit.toLowerCase()]!;
	if (Number.isSafeInteger(bytes) && bytes > 0) return bytes;
	throw new UsageError(`--${option} takes bytes, as in 536870912, 512MiB or 1.5GB, not ${text}`);
}

/** A whole number. */
export function wholeOf(option: string, text: string, most: number): number {
	const number = Number(text);
	if (/^\d+$/.test(text) && number <= most) return number;
	throw new UsageError(`--${option} takes a whole number up to ${most}, not ${text}`);
}

/** A count with its noun in singular or plural. */
export const counted = (count: number, one: string, many = `${one}s`): string =>
	`${count} ${count === 1 ? one : many}`;
