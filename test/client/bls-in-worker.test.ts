import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Question } from "../../src/client/platform/bls-worker/messages.js";
import type { BlsVerify } from "../../src/client/platform/ports.js";

/** The page's side of the worker, on workers that a test plays. That real ones work is in test/browser. */

const verifyBls = vi.fn(() => true);
vi.mock("../../src/client/platform/bls-worker/verify.js", () => ({ verifyBls }));

class PlayedWorker {
	static readonly all: PlayedWorker[] = [];
	onmessage: ((event: { data: unknown }) => void) | undefined;
	onerror: ((event: { preventDefault(): void }) => void) | undefined;
	readonly questions: Question[] = [];
	isTerminated = false;

	constructor() {
		PlayedWorker.all.push(this);
	}
	postMessage(question: Question): void {
		this.questions.push(question);
	}
	terminate(): void {
		this.isTerminated = true;
	}
	say(data: unknown): void {
		this.onmessage?.({ data });
	}
	die(): void {
		this.onerror?.({ preventDefault: () => {} });
	}
}

const bytes = new Uint8Array(1);
let verifyInWorker: BlsVerify;
beforeEach(async () => {
	vi.useFakeTimers();
	vi.stubGlobal("Worker", PlayedWorker);
	vi.resetModules();
	PlayedWorker.all.length = 0;
	verifyBls.mockClear();
	({ verifyInWorker } = await import("../../src/client/platform/bls-worker/in-worker.js"));
	return () => {
		vi.useRealTimers();
		vi.unstubAllGlobals();
	};
});

/** Asks a first question of a worker that is there at once. */
async function started(): Promise<{ worker: PlayedWorker; answer: Promise<boolean> }> {
	const answer = verifyInWorker(bytes, bytes, bytes) as Promise<boolean>;
	answer.catch(() => {});
	const worker = PlayedWorker.all.at(-1)!;
	worker.say("ready");
	await vi.advanceTimersByTimeAsync(0);
	return { worker, answer };
}

describe("signatures in a worker", () => {
	it("are all verified by one, each answer to its question", async () => {
		const { worker, answer: first } = await started();
		const second = verifyInWorker(bytes, bytes, bytes);
		await vi.advanceTimersByTimeAsync(0);
		const [one, two] = worker.questions;
		worker.say({ number: two!.number, isGood: false });
		worker.say({ number: one!.number, isGood: true });
		expect(await Promise.all([first, second])).toEqual([true, false]);
		expect(PlayedWorker.all).toHaveLength(1);
		expect(verifyBls).not.toHaveBeenCalled();
	});

	it("that are none are an error, as on the page", async () => {
		const { worker, answer } = await started();
		worker.say({ number: worker.questions[0]!.number, reason: "no point of the curve" });
		await expect(answer).rejects.toThrow("no point of the curve");
	});

	it("are verified on the page where a worker dies over them, and by a new one later", async () => {
		const { worker, answer } = await started();
		worker.die();
		expect(await answer).toBe(true);
		expect(verifyBls).toHaveBeenCalledOnce();
		const { worker: next } = await started();
		expect(next).not.toBe(worker);
	});

	it("are verified on the page where no worker comes in 5 seconds, from then on without waiting", async () => {
		const answer = verifyInWorker(bytes, bytes, bytes);
		await vi.advanceTimersByTimeAsync(4_999);
		expect(verifyBls).not.toHaveBeenCalled();
		await vi.advanceTimersByTimeAsync(1);
		expect(await answer).toBe(true);
		expect(await verifyInWorker(bytes, bytes, bytes)).toBe(true);
		expect(PlayedWorker.all.map(({ isTerminated }) => isTerminated)).toEqual([true]);
	});

	it("let the worker go after 30 seconds in which there were none", async () => {
		const { worker } = await started();
		worker.say({ number: worker.questions[0]!.number, isGood: true });
		await vi.advanceTimersByTimeAsync(29_999);
		const again = verifyInWorker(bytes, bytes, bytes);
		await vi.advanceTimersByTimeAsync(60_000);
		expect(worker.isTerminated).toBe(false);
		worker.say({ number: worker.questions[1]!.number, isGood: true });
		expect(await again).toBe(true);
		await vi.advanceTimersByTimeAsync(30_000);
		expect(worker.isTerminated).toBe(true);
	});
});
