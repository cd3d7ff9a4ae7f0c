import { describe, expect, it } from "vitest";
import { type RetryPolicy, retry } from "../../src/client/call/retry.js";
import { Throttle } from "../../src/client/call/throttle.js";
import { ClientError, isBlobError } from "../../src/client/errors/errors.js";
import type { Ports } from "../../src/client/platform/ports.js";
import { MAX_TIMER_MS, sleep } from "../../src/client/util/abort.js";
import { virtualPorts } from "./support/ports.js";
import { failure } from "./support/transfers.js";

const POLICY: RetryPolicy = { maxAttempts: 10, deadlineMs: 300_000, baseDelayMs: 0, maxDelayMs: 0 };

/** A client on a clock of its own. */
function client(ports: Ports & { readonly slept: number[] } = virtualPorts(), policy = POLICY) {
	const throttle = new Throttle(ports, policy.deadlineMs);
	/** One request, refused with each of these as its Retry-After, in seconds, before it succeeds. */
	const request = async (...refusals: number[]) => {
		ports.slept.length = 0;
		const waits: number[] = [];
		const attempt = async () => {
			const seconds = refusals.shift();
			if (seconds === undefined) return;
			throw new ClientError("http", { status: 429, body: "", retryAfterMs: seconds * 1_000 });
		};
		const onRetry = (_error: unknown, waitMs: number) => waits.push(waitMs);
		await retry(attempt, { policy, ports, throttle, onRetry });
		return { slept: ports.slept.filter((ms) => ms > 0), waits };
	};
	return { ports, throttle, request };
}

describe("Retry-After", () => {
	it("delays the request that it answered, and reports the wait", async () => {
		expect(await client().request(30)).toEqual({ slept: [30_000], waits: [30_000] });
	});

	it("delays no other request if it comes once", async () => {
		const { throttle, request } = client();
		throttle.refused(30_000);
		expect(throttle.closedMs).toBe(0);
		expect((await request()).slept).toEqual([]);
	});

	it("delays all requests if it comes again within its time", async () => {
		const { throttle, request } = client();
		throttle.refused(30_000);
		throttle.refused(20_000);
		expect((await request()).slept).toEqual([20_000]);
		expect((await request()).slept).toEqual([]);
	});

	it("delays no other request if it comes again after its time", async () => {
		const { throttle, request } = client();
		await request(5);
		throttle.refused(20_000);
		expect((await request()).slept).toEqual([]);
	});

	it("delays all requests no longer than the policy's deadline", async () => {
		const { throttle, request } = client();
		for (let i = 0; i < 2; i++) throttle.refused(86_400_000);
		expect((await request()).slept).toEqual([300_000]);
	});

	it("ends a request at once if it is past the deadline, and says how long the network asks for", async () => {
		const { ports, request } = client();
		const error = await failure(request(301));
		expect(isBlobError(error, "http") && error.message).toContain("Try again in 301 s");
		expect(ports.slept).toEqual([]);
	});

	it("ends a request that is held back past its deadline", async () => {
		const { ports, throttle } = client();
		const attempt = async () => {
			for (let i = 0; i < 2; i++) throttle.refused(300_000);
			throw new ClientError("http", { status: 503, body: "", retryAfterMs: undefined });
		};
		await ports.sleep(0);
		const policy = { ...POLICY, deadlineMs: 60_000 };
		expect(isBlobError(await failure(retry(attempt, { policy, ports, throttle })), "http")).toBe(true);
		expect(ports.slept).toEqual([0]);
	});

	it("lasts no longer where the clock is set back", async () => {
		const ports = virtualPorts();
		let back = 0;
		const { throttle, request } = client({ ...ports, now: () => ports.now() - back });
		throttle.refused(30_000);
		throttle.refused(20_000);
		back = 3_600_000;
		expect(throttle.closedMs).toBe(20_000);
		expect((await request()).slept).toEqual([20_000]);
	});

	it("is over where the machine slept through it", () => {
		const ports = virtualPorts();
		let asleep = 0;
		const { throttle } = client({ ...ports, now: () => ports.now() + asleep });
		throttle.refused(30_000);
		throttle.refused(20_000);
		asleep = 20_000;
		expect(throttle.closedMs).toBe(0);
	});
});

describe("a wait longer than a timer takes", () => {
	it("does not end at once", async () => {
		const controller = new AbortController();
		const wait = failure(sleep(MAX_TIMER_MS + 1, controller.signal));
		const first = await Promise.race([wait, new Promise((resolve) => setTimeout(resolve, 20, "waits"))]);
		controller.abort();
		expect(first).toBe("waits");
	});
});
