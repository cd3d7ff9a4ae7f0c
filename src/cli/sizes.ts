import { UsageError } from "./command.js";

const UNITS: Readonly<Record<string, number>> = {
	"": 1,
	KiB: 2 ** 10,
	MiB: 2 ** 20,
	GiB: 2 ** 30,
	TiB: 2 ** 40,
};

/** Bytes: a number, or one with a unit, such as 512MiB. */
export function bytesOf(option: string, text: string): number {
	const [, count, unit = ""] = /^(\d{1,15})(KiB|MiB|GiB|TiB)?$/.exec(text) ?? [];
	const bytes = Number(count) * UNITS[unit]!;
	if (Number.isSafeInteger(bytes) && bytes > 0) return bytes;
	throw new UsageError(`--${option} takes bytes, as in 536870912 or 512MiB, not ${text}`);
}

/** A whole number. */
export function wholeOf(option: string, text: string, most: number): number {
	const number = Number(text);
	if (/^\d+$/.test(text) && number <= most) return number;
	throw new UsageError(`--${option} takes a whole number up to ${most}, not ${text}`);
}
