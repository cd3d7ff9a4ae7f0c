import { describe, expect, it } from "vitest";
import { ClientError } from "../../src/client/errors.js";
import { AdaptiveConcurrency } from "../../src/client/upload/concurrency.js";
import { Lane } from "../../src/client/upload/lane.js";
import { Rate } from "../../src/client/upload/rate.js";

/**
 * A subnet as limits.md describes it, on a clock that stands still between its events: a block every 833 ms takes two
 * chunks, certified 900 ms later, 100 ms each way. What happens beyond that a test says.
 */
class Subnet {
	now = 0;
	readonly #events: { at: number; run: () => void }[] = [];
	#waiting: (() => void)[] = [];
	chunksPerBlock = 2;
	/** Blocks so far, and chunks in each. */
	readonly blocks: number[] = [];
	/** What befalls the n-th request: an error, or more milliseconds. */
	fault: (nth: number) => unknown = () => undefined;
	#requests = 0;
	readonly ports = {
		now: () => this.now,
		sleep: (ms: number) => new Promise<void>((resolve) => this.#at(ms, resolve)),
	};

	constructor() {
		this.#at(0, () => this.#block());
	}

	#at(ms: number, run: () => void): void {
		this.#events.push({ at: this.now + ms, run });
	}

	#block(): void {
		const taken = this.#waiting.splice(0, this.chunksPerBlock);
		this.blocks.push(taken.length);
		for (const reply of taken) this.#at(1_000, reply);
		this.#at(1_000 / 1.2, () => this.#block());
	}

	call(): Promise<void> {
		const fault = this.fault(this.#requests++);
		return new Promise((resolve, reject) => {
			if (fault instanceof Error) return this.#at(200, () => reject(fault));
			const delay = typeof fault === "number" ? fault : 0;
			this.#at(100, () => this.#waiting.push(() => this.#at(delay, resolve)));
		});
	}

	/** Runs until this time. Between two events everybody has their turn. */
	async until(ms: number): Promise<void> {
		for (;;) {
			await new Promise((resolve) => setImmediate(resolve));
			this.#events.sort((a, b) => a.at - b.at);
			const next = this.#events[0];
			if (!next || next.at > ms) break;
			this.#events.shift();
			this.now = next.at;
			next.run();
		}
		this.now = ms;
	}

	/** How full the last so many blocks were. */
	share(count: number): number {
		const last = this.blocks.slice(-count);
		return last.reduce((sum, chunks) => sum + chunks, 0) / (count * this.chunksPerBlock);
	}
}

/** A client that always has something to send. */
function keepBusy(subnet: Subnet, lane: Lane): void {
	const { signal } = new AbortController();
	const one = async (): Promise<void> => {
		for (;;)
			await lane.run(2_080_768, signal, async ({ onSent, onRetry }) => {
				for (;;) {
					onSent();
					try {
						return await subnet.call();
					} catch (error) {
						onRetry(error);
						await subnet.ports.sleep(500);
					}
				}
			});
	};
	for (let i = 0; i < 40; i++) void one();
}

const start = (floor = 2, ceiling = 12) => {
	const subnet = new Subnet();
	const lane = new Lane({ floor, ceiling }, subnet.ports);
	keepBusy(subnet, lane);
	return { subnet, lane };
};
const http = (status: number, retryAfterMs?: number) =>
	new ClientError("http", { status, body: "", retryAfterMs });

describe("adaptive concurrency", () => {
	it("fills the blocks of a subnet, and sends not much more than they take", async () => {
		const { subnet, lane } = start(1, 40);
		await subnet.until(60_000);
		expect(subnet.share(70)).toBeGreaterThanOrEqual(0.95);
		await subnet.until(600_000);
		expect(subnet.share(600)).toBeGreaterThanOrEqual(0.95);
		expect(lane.concurrency).toBeLessThanOrEqual(12);
	});

	it("grows to where a larger share is to be had, and gives way where less is", async () => {
		const { subnet, lane } = start(1, 40);
		await subnet.until(60_000);
		subnet.chunksPerBlock = 6;
		await subnet.until(200_000);
		expect(subnet.share(30)).toBeGreaterThanOrEqual(0.95);
		expect(lane.concurrency).toBeGreaterThanOrEqual(12);
		subnet.chunksPerBlock = 1;
		await subnet.until(400_000);
		expect(subnet.share(30)).toBe(1);
		expect(lane.concurrency).toBeLessThanOrEqual(8);
	});

	it("halves once for one overload, waits as long as it is told, and recovers", async () => {
		const { subnet, lane } = start(1, 40);
		await subnet.until(30_000);
		const before = lane.concurrency;
		subnet.fault = () => (subnet.now < 31_500 ? http(429, 3_000) : undefined);
		await subnet.until(33_000);
		expect(lane.concurrency).toBe(Math.floor(before / 2));
		await subnet.until(60_000);
		expect(lane.concurrency).toBeGreaterThanOrEqual(4);
		expect(subnet.share(15)).toBeGreaterThanOrEqual(0.95);
	});

	it("sends nothing new before the time that the network names", async () => {
		const { subnet, lane } = start(1, 40);
		await subnet.until(30_000);
		const sent: number[] = [];
		let isFirst = true;
		subnet.fault = () => {
			sent.push(subnet.now);
			const fault = isFirst ? http(503, 10_000) : undefined;
			isFirst = false;
			return fault;
		};
		await subnet.until(60_000);
		const refusedAt = sent[0]! + 200;
		// What was refused itself comes again by its own policy, here after 500 ms.
		const early = sent.filter((at) => at > refusedAt && at < refusedAt + 10_000);
		expect(early).toEqual([refusedAt + 500]);
		expect(lane.concurrency).toBeGreaterThanOrEqual(4);
	});

	it("is not fooled by one slow reply, nor by some", async () => {
		const { subnet, lane } = start(1, 40);
		subnet.fault = (nth) => (nth % 20 === 7 ? 25_000 : undefined);
		await subnet.until(200_000);
		expect(lane.concurrency).toBeGreaterThanOrEqual(6);
		expect(subnet.share(100)).toBeGreaterThanOrEqual(0.95);
	});

	it("never starves where requests are lost", async () => {
		for (const error of [new ClientError("network", { url: "" }), http(503), http(500)]) {
			const { subnet, lane } = start();
			subnet.fault = (nth) => (nth % 4 === 1 ? error : undefined);
			await subnet.until(300_000);
			expect(lane.concurrency).toBeGreaterThanOrEqual(2);
			expect(subnet.share(100)).toBeGreaterThan(error.code === "network" ? 0.8 : 0.4);
		}
	});

	it("stays between floor and ceiling, and does not grow for what is not waiting", () => {
		let now = 0;
		const control = new AdaptiveConcurrency({ floor: 2, ceiling: 6 }, () => now);
		const round = (ms: number, isFull: boolean) => {
			for (let i = 0; i < 8; i++) {
				now += ms;
				control.replied(now - ms, 100, isFull);
			}
		};
		round(300, false);
		expect(control.limit).toBe(4);
		for (let i = 0; i < 10; i++) round(300, true);
		expect(control.limit).toBe(6);
		for (let i = 0; i < 4; i++) round(3_000, true);
		expect(control.limit).toBe(4);
		for (let i = 0; i < 3; i++) {
			now += 10_000;
			control.overloaded(0);
		}
		expect(control.limit).toBe(2);
	});

	it("takes no short message for a measure of long ones", () => {
		let now = 0;
		const control = new AdaptiveConcurrency({ floor: 1, ceiling: 40 }, () => now);
		for (let i = 0; i < 200; i++) {
			now += 4_000;
			control.replied(now - 4_000, 2_000_000, true);
			control.replied(now - 300, 10_000, true);
		}
		expect(control.limit).toBe(40);
	});
});

describe("rate", () => {
	it("is right from the start, follows a change within seconds, and holds still while stopped", () => {
		let now = 0;
		const rate = new Rate(() => now);
		expect(rate.bytesPerSecond).toBeUndefined();
		const run = (seconds: number, bytes: number) => {
			for (let i = 0; i < seconds * 10; i++) {
				now += 100;
				rate.add(bytes / 10);
			}
		};
		run(2, 5_000);
		expect(rate.bytesPerSecond).toBeCloseTo(5_000, -3);
		run(30, 1_000);
		expect(Math.round(rate.bytesPerSecond! / 100)).toBe(10);
		rate.stop();
		const before = rate.bytesPerSecond;
		now += 100_000;
		expect(rate.bytesPerSecond).toBe(before);
		rate.start();
		now += 60_000;
		expect(rate.bytesPerSecond).toBeLessThan(5);
	});
});
