import { describe, expect, it } from "vitest";
import { parseRetryAfter } from "../../src/client/call/http.js";
import { backoffMs, type RetryPolicy, retry } from "../../src/client/call/retry.js";
import { CanisterError, ClientError } from "../../src/client/errors/errors.js";
import { virtualPorts } from "./support/ports.js";

const POLICY: RetryPolicy = { maxAttempts: 10, deadlineMs: 60_000, baseDelayMs: 500, maxDelayMs: 20_000 };
const network = () => new ClientError("network", { url: "https://icp-api.io" });
const http = (status: number, retryAfterMs?: number) =>
	new ClientError("http", { status, body: "", retryAfterMs });

describe("retry", () => {
	it("doubles the bound of its waits up to the largest, and spreads them over all of it", () => {
		const bounds = [1, 2, 3, 4, 5, 6, 7, 40].map((attempt) => backoffMs(POLICY, attempt, () => 1));
		expect(bounds).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 20_000, 20_000]);
		expect(backoffMs(POLICY, 5, () => 0)).toBe(0);
	});

	it("ends with the last error when the attempts are used up", async () => {
		const ports = virtualPorts(0.1);
		let attempts = 0;
		const run = retry(async () => Promise.reject(http(500 + attempts++)), { policy: POLICY, ports });
		await expect(run).rejects.toMatchObject({ details: { status: 509 } });
		expect(ports.slept.length).toBe(9);
	});

	it("counts no attempt while there is no network, and ends all the same at the deadline", async () => {
		const ports = virtualPorts(1);
		const policy = { ...POLICY, maxAttempts: 3, deadlineMs: 300_000 };
		let attempts = 0;
		let isOnline = false;
		const offline = { ...ports, isOnline: () => isOnline };
		const later = retry(
			async () => {
				isOnline = ++attempts > 12;
				if (attempts === 14) return "done";
				throw network();
			},
			{ policy, ports: offline },
		);
		expect(await later).toBe("done");
		const never = retry(async () => Promise.reject(network()), {
			policy,
			ports: { ...offline, isOnline: () => false },
		});
		await expect(never).rejects.toMatchObject({ code: "network" });
	});

	it("begins nothing after the deadline", async () => {
		const ports = virtualPorts(1);
		let attempts = 0;
		const policy = { ...POLICY, maxAttempts: 1_000 };
		await expect(
			retry(async () => Promise.reject([network(), attempts++][0]), { policy, ports }),
		).rejects.toThrow();
		const waited = ports.slept.reduce((sum, ms) => sum + ms, 0);
		expect(waited).toBeLessThanOrEqual(60_000);
		expect(attempts).toBe(ports.slept.length + 1);
	});

	it("begins nothing after the deadline where the machine slept through a wait", async () => {
		const ports = virtualPorts(1);
		let attempts = 0;
		const asleep = { ...ports, sleep: (ms: number) => ports.sleep(ms + 20 * 60_000) };
		const run = retry(async () => Promise.reject([network(), attempts++][0]), {
			policy: POLICY,
			ports: asleep,
		});
		await expect(run).rejects.toMatchObject({ code: "network" });
		expect(attempts).toBe(1);
	});

	it("waits at least as long as it is told to, or not at all if that is too long", async () => {
		const ports = virtualPorts(0.5);
		let first = true;
		const once = async () => {
			if (!first) return "done";
			first = false;
			throw http(429, 30_000);
		};
		expect(await retry(once, { policy: POLICY, ports })).toBe("done");
		expect(ports.slept).toEqual([30_250]);
		await expect(retry(() => Promise.reject(http(429, 61_000)), { policy: POLICY, ports })).rejects.toThrow(
			"429",
		);
	});

	it("retries what the tables call a matter of time and nothing else", async () => {
		const attempts = async (error: unknown) => {
			let count = 0;
			await retry(async () => Promise.reject([error, count++][0]), {
				policy: POLICY,
				ports: virtualPorts(0),
			}).catch(() => {});
			return count;
		};
		const rejected = (rejectCode: number, errorCode?: string) =>
			new ClientError("rejected", {
				rejectCode,
				rejectMessage: "",
				errorCode,
				isCertified: true,
				method: "m",
			});
		for (const error of [
			network(),
			http(429),
			http(503),
			http(502),
			rejected(2),
			rejected(5, "IC0508"),
			new CanisterError({ behind: { sequence: 1n, canister_version: 1n } }),
		])
			expect(await attempts(error)).toBe(10);
		for (const error of [
			http(400),
			http(413),
			rejected(4),
			rejected(2, "IC0207"),
			rejected(5, "IC0503"),
			new CanisterError({ blob_not_found: {} }),
			new Error("a bug"),
		])
			expect(await attempts(error)).toBe(1);
	});
});

describe("answers that do not verify", () => {
	const reason = "r";
	const forged = () => new ClientError("certificate_invalid", { reason });
	const unverified = [
		forged(),
		new ClientError("certificate_stale", { from: new Date(0), ageMs: 2, maxAgeMs: 1 }),
		new ClientError("witness_invalid", { reason }),
		new ClientError("manifest_corrupt", { key: "k", reason }),
		new ClientError("reply_invalid", { method: "m", reason }),
	];
	/** Answers with these errors, then well. @returns how often it was asked, and what came of it */
	const ask = async (errors: readonly Error[], policy = POLICY) => {
		let asked = 0;
		const attempt = async () => {
			const error = errors[asked++];
			if (error) throw error;
			return "done";
		};
		const end = await retry(attempt, { policy, ports: virtualPorts(0) }).catch((error) => error);
		return { asked, end };
	};

	it("are asked for again, of whatever kind they are", async () => {
		for (const error of unverified) expect(await ask([error])).toEqual({ asked: 2, end: "done" });
	});

	it("are asked for three times in all: then somebody on the way forges them", async () => {
		for (const error of unverified)
			expect(await ask(Array(10).fill(error))).toEqual({ asked: 3, end: error });
		const last = forged();
		expect(await ask([...unverified.slice(1, 3), last])).toEqual({ asked: 3, end: last });
	});

	it("count apart from failures that pass", async () => {
		const errors = [network(), forged(), http(503), network(), forged(), network()];
		expect(await ask(errors)).toEqual({ asked: 7, end: "done" });
		const third = forged();
		expect(await ask([...errors, third])).toEqual({ asked: 7, end: third });
	});

	it("are asked for no more often than the policy has it", async () => {
		expect((await ask(Array(3).fill(forged()), { ...POLICY, maxAttempts: 2 })).asked).toBe(2);
	});
});

describe("Retry-After", () => {
	it("is seconds or a date", () => {
		const now = Date.parse("2026-11-22T12:00:00Z");
		expect(parseRetryAfter(null, now)).toBeUndefined();
		expect(parseRetryAfter("120", now)).toBe(120_000);
		expect(parseRetryAfter("Sun, 22 Nov 2026 12:00:30 GMT", now)).toBe(30_000);
		expect(parseRetryAfter("Sun, 22 Nov 2026 11:00:00 GMT", now)).toBe(0);
		expect(parseRetryAfter("soon", now)).toBeUndefined();
	});
});
