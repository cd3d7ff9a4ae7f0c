import type { BlsVerify } from "../ports.js";
import type { Answer, Question } from "./messages.js";

/** No page waits longer for a worker than this: its script may never come. */
const PATIENCE_MS = 5_000;
/** A worker holds some megabytes; one that is not needed any more gives them back. */
const IDLE_MS = 30_000;

type Settle = (answer: Exclude<Answer, "ready"> | undefined) => void;

/** A worker that is running, or was. */
class Helper {
	readonly #worker: Worker;
	readonly #onGone: () => void;
	readonly #waiting = new Map<number, Settle>();
	#asked = 0;
	#idle: ReturnType<typeof setTimeout> | undefined;

	/** Undefined where none can be started. */
	static start(onGone: () => void): Promise<Helper | undefined> {
		return new Promise((resolve) => {
			try {
				// In just these words, by which bundlers know that there is another script to be bundled.
				const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
				const fail = () => {
					worker.terminate();
					resolve(undefined);
				};
				const timer = setTimeout(fail, PATIENCE_MS);
				worker.onerror = (event) => {
					event.preventDefault();
					clearTimeout(timer);
					fail();
				};
				worker.onmessage = () => {
					clearTimeout(timer);
					resolve(new Helper(worker, onGone));
				};
			} catch {
				resolve(undefined);
			}
		});
	}

	private constructor(worker: Worker, onGone: () => void) {
		this.#worker = worker;
		this.#onGone = onGone;
		worker.onerror = () => this.#end();
		worker.onmessage = ({ data }: MessageEvent<Exclude<Answer, "ready">>) => {
			this.#waiting.get(data.number)?.(data);
			this.#waiting.delete(data.number);
			if (this.#waiting.size === 0) this.#idle = setTimeout(() => this.#end(), IDLE_MS);
		};
	}

	/** Undefined where the worker died over it. */
	ask(key: Uint8Array, signature: Uint8Array, message: Uint8Array): Promise<Parameters<Settle>[0]> {
		clearTimeout(this.#idle);
		const number = this.#asked++;
		return new Promise((resolve) => {
			this.#waiting.set(number, resolve);
			this.#worker.postMessage({ number, key, signature, message } satisfies Question);
		});
	}

	#end(): void {
		clearTimeout(this.#idle);
		this.#worker.terminate();
		this.#onGone();
		for (const settle of this.#waiting.values()) settle(undefined);
		this.#waiting.clear();
	}
}

let helper: Promise<Helper | undefined> | undefined;

/**
 * Verifies in a worker, one for all clients of a page: the pairing would hold the page's own thread for 40 to 300 ms
 * (Chromium on a desktop, warm and cold). Where no worker can be started, because there are none or because the
 * page's policy or its bundler leaves the script out, that is what it does, by code that is loaded for it.
 */
export const verifyInWorker: BlsVerify = async (key, signature, message) => {
	helper ??= Helper.start(() => {
		helper = undefined;
	});
	const answer = await (await helper)?.ask(key, signature, message);
	if (!answer) {
		const { verifyBls } = await import("./verify.js");
		return verifyBls(key, signature, message);
	}
	if ("reason" in answer) throw new Error(answer.reason);
	return answer.isGood;
};
