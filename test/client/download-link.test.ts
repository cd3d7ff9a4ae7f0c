import { describe, expect, it } from "vitest";
import { shareOfLink } from "./support/virtual-link.js";

/** Chunks of 2,080,768 bytes that a line carries a second. */
const chunksPerSecond = (megabits: number) => (megabits * 1e6) / 8 / 2_080_768;
const roundTripMs = 200;
/** What every download did before it found out how many requests to make: 5 chunks under way or waiting. */
const FIXED = { concurrency: { downloads: 5 }, minConcurrency: { downloads: 5 } };

describe("a download over a line with a round trip of 200 ms, in virtual time", () => {
	it("fills 200 Mbit/s with 16 MiB", async () => {
		const line = { chunks: 96, chunksPerSecond: chunksPerSecond(200), roundTripMs };
		expect(await shareOfLink({ ...line, memoryChunks: 8 })).toBeGreaterThanOrEqual(0.95);
	});

	it("fills 1 Gbit/s with 48 MiB, of which five chunks at a time use a third", async () => {
		const line = { chunks: 480, chunksPerSecond: chunksPerSecond(1_000), roundTripMs };
		expect(await shareOfLink({ ...line, memoryChunks: 24 })).toBeGreaterThanOrEqual(0.9);
		const fixed = await shareOfLink({ ...line, chunks: 96, memoryChunks: 5, options: FIXED });
		const allowed = Math.min(chunksPerSecond(1_000), 5_000 / roundTripMs) / chunksPerSecond(1_000);
		expect(fixed * allowed).toBeLessThanOrEqual(0.4);
	});

	it("has no more requests under way than a slow line needs", async () => {
		const line = { chunks: 48, chunksPerSecond: chunksPerSecond(20), roundTripMs };
		expect(await shareOfLink({ ...line, memoryChunks: 8 })).toBeGreaterThanOrEqual(0.95);
	});
});
