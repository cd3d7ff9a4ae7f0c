import { appendFileSync, readFileSync } from "node:fs";
import { afterAll, expect } from "vitest";

/** Writes down what CPU time each file of tests took, its child processes included, where BLOBS_TEST_TIMES names a file. */

declare global {
	/** CPU seconds of this process when the file of tests before this one was over. */
	var cpuSecondsBefore: number | undefined;
}

const times = process.env.BLOBS_TEST_TIMES;
/** Linux counts in hundredths of a second. */
const TICKS = 100;

/** CPU seconds of this process, with those of its children that have ended where /proc shows them. */
function cpuSeconds(): number {
	try {
		const fields = readFileSync("/proc/self/stat", "utf8").split(") ")[1]!.split(" ");
		return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks) / TICKS, 0);
	} catch {
		const { user, system } = process.cpuUsage();
		return (user + system) / 1e6;
	}
}

if (times !== undefined)
	afterAll(() => {
		const now = cpuSeconds();
		const seconds = now - (globalThis.cpuSecondsBefore ?? 0);
		globalThis.cpuSecondsBefore = now;
		appendFileSync(times, `${JSON.stringify({ file: expect.getState().testPath, seconds })}\n`);
	});
