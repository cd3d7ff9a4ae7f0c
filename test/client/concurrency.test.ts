import { describe, expect, it } from "vitest";
import { retry } from "../../src/client/call/retry.js";
import { Throttle } from "../../src/client/call/throttle.js";
import { ClientError } from "../../src/client/errors/errors.js";
import { AdaptiveConcurrency } from "../../src/client/lane/concurrency.js";
import { Lane } from "../../src/client/lane/lane.js";
import { Rate } from "../../src/client/util/rate.js";
import { seededRandom } from "../../src/localnet/conditions/random.js";

/**
 * A subnet as docs/LOCALNET.md describes it, on a clock that stands still between its events: a block every 833 ms takes two
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
	/** Calls that the node works on at once; one more is refused. */
	callsAtOnce = Number.POSITIVE_INFINITY;
	#calls = 0;
	requests = 0;
	refused = 0;
	readonly ports = {
		now: () => this.now,
		monotonic: () => this.now,
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
		const fault = this.fault(this.requests++);
		return new Promise((resolve, reject) => {
			const refuse = (error: Error) => {
				this.refused++;
				this.#at(100, () => reject(error));
			};
			this.#at(100, () => {
				if (fault instanceof Error) return refuse(fault);
				if (this.#calls >= this.callsAtOnce) return refuse(http(429));
				this.#calls++;
				this.#waiting.push(() => {
					this.#calls--;
					this.#at(typeof fault === "number" ? fault : 0, resolve);
				});
			});
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

const MINUTES_MS = 300_000;
/** No request is ever given up. */
const POLICY = {
	maxAttempts: Number.POSITIVE_INFINITY,
	deadlineMs: Number.POSITIVE_INFINITY,
	baseDelayMs: 500,
	maxDelayMs: 20_000,
};

/** A client that always has something to send, and so much in hand. */
function keepBusy(subnet: Subnet, lane: Lane, inHand: number): void {
	const { signal } = new AbortController();
	const ports = { ...subnet.ports, random: seeded("backoff"), isOnline: () => true };
	const throttle = new Throttle(ports, MINUTES_MS);
	const one = async (): Promise<void> => {
		for (;;)
			await lane.run(2_080_768, signal, ({ onSent, onRetry }) => {
				const attempt = () => {
					onSent();
					return subnet.call();
				};
				return retry(attempt, { policy: POLICY, ports, throttle, onRetry });
			});
	};
	for (let i = 0; i < inHand; i++) void one();
}

const start = (floor = 2, ceiling = 12, inHand = 40) => {
	const subnet = new Subnet();
	const lane = new Lane({ floor, ceiling }, subnet.ports);
	keepBusy(subnet, lane, inHand);
	return { subnet, lane };
};
const seeded = (purpose: string) => seededRandom(new Uint8Array(32), purpose);
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

	it("falls back once for one overload, and recovers", async () => {
		const { subnet, lane } = start(1, 40);
		await subnet.until(30_000);
		const before = lane.concurrency;
		subnet.fault = () => (subnet.now < 32_500 ? http(429) : undefined);
		await subnet.until(32_500);
		expect(lane.concurrency).toBeLessThan(before);
		expect(lane.concurrency).toBeGreaterThanOrEqual(4);
		await subnet.until(60_000);
		expect(subnet.share(15)).toBeGreaterThanOrEqual(0.95);
	});

	it("lets the second request that is told when to come again speak for all, the first for itself", async () => {
		for (const told of [1, 2]) {
			const { subnet } = start(1, 40);
			await subnet.until(30_000);
			const sent: number[] = [];
			subnet.fault = () => (sent.push(subnet.now) <= told ? http(503, 10_000) : undefined);
			await subnet.until(60_000);
			const toldAt = sent[told - 1]! + 200;
			const meanwhile = sent.filter((at) => at > toldAt && at < toldAt + 10_000);
			if (told === 2) expect(meanwhile).toEqual([]);
			else expect(meanwhile.length).toBeGreaterThanOrEqual(20);
			expect(subnet.share(10)).toBeGreaterThanOrEqual(0.95);
		}
	});

	it("is not slowed by a network that refuses three requests in ten, whatever is sent", async () => {
		const { subnet, lane } = start(2, 12, 8);
		const random = seeded("refusals");
		subnet.fault = () => {
			const luck = random();
			if (luck < 0.2) return http(429, 1_000);
			return luck < 0.3 ? http(503) : undefined;
		};
		await subnet.until(40_000);
		expect(subnet.share(subnet.blocks.length - 2)).toBeGreaterThanOrEqual(0.75);
		await subnet.until(300_000);
		expect(subnet.share(200)).toBeGreaterThanOrEqual(0.85);
		expect(lane.concurrency).toBeGreaterThanOrEqual(6);
	});

	it("keeps to what a node takes at once, and seldom tries for more", async () => {
		for (const callsAtOnce of [6, 8, 10]) {
			const { subnet, lane } = start(2, 40);
			subnet.chunksPerBlock = 16;
			subnet.callsAtOnce = callsAtOnce;
			await subnet.until(300_000);
			expect(subnet.refused / subnet.requests).toBeLessThanOrEqual(0.07);
			// An answer takes 1.4 to 1.9 seconds.
			const taken = subnet.blocks.reduce((sum, chunks) => sum + chunks, 0) / 300;
			expect(taken).toBeGreaterThanOrEqual((0.8 * callsAtOnce) / 1.7);
			expect(lane.concurrency).toBeLessThanOrEqual(callsAtOnce + 2);
		}
	});

	it("notices that refusals have begun to depend on how much it sends, and that they no longer do", async () => {
		const { subnet, lane } = start(2, 40);
		subnet.chunksPerBlock = 16;
		await subnet.until(60_000);
		expect(lane.concurrency).toBeGreaterThanOrEqual(20);
		subnet.callsAtOnce = 6;
		await subnet.until(120_000);
		expect(lane.concurrency).toBeLessThanOrEqual(8);
		subnet.callsAtOnce = Number.POSITIVE_INFINITY;
		await subnet.until(400_000);
		expect(lane.concurrency).toBeGreaterThanOrEqual(20);
	});

	it("asks for the fewest where nearly all is refused", async () => {
		const { subnet, lane } = start();
		await subnet.until(20_000);
		subnet.fault = (nth) => (nth % 10 ? http(503) : undefined);
		await subnet.until(80_000);
		expect(lane.concurrency).toBe(2);
		subnet.fault = () => undefined;
		await subnet.until(160_000);
		expect(subnet.share(30)).toBeGreaterThanOrEqual(0.95);
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
				const attempt = control.sent(1);
				now += ms;
				control.ended(attempt, { bytes: 100, isFull });
			}
		};
		round(300, false);
		expect(control.limit).toBe(4);
		for (let i = 0; i < 10; i++) round(300, true);
		expect(control.limit).toBe(6);
		for (let i = 0; i < 4; i++) round(3_000, true);
		expect(control.limit).toBe(4);
		for (let i = 0; i < 3; i++) {
			const attempt = control.sent(1);
			now += 10_000;
			control.timedOut(attempt);
		}
		expect(control.limit).toBe(2);
	});

	it("takes no short message for a measure of long ones", () => {
		let now = 0;
		const control = new AdaptiveConcurrency({ floor: 1, ceiling: 40 }, () => now);
		for (let i = 0; i < 200; i++) {
			const [long, short] = [control.sent(1), control.sent(1)];
			now += 300;
			control.ended(short, { bytes: 10_000, isFull: true });
			now += 3_700;
			control.ended(long, { bytes: 2_000_000, isFull: true });
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
