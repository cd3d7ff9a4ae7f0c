import { vi } from "vitest";
import type { Middleware, Network, SeenRequest } from "../../../src/localnet/index.js";

/**
 * Time that passes only while nothing happens: clocks and timers of client, agent and network stand still as long as
 * a request is on its way or being answered, and jump to the next timer when all that is left is to wait. So a wait
 * of minutes takes none, and how long a case takes in its own time does not depend on the machine.
 */

/** The time that a world lives in. */
export interface Time {
	/** Set as soon as it exists: the network is made with `clock` and `middleware`. */
	network: Network | undefined;
	readonly clock: () => bigint;
	readonly middleware?: Middleware;
	/** What comes of an operation. @throws where it takes longer than `limitMs` of this time */
	run<T>(operation: PromiseLike<T>, limitMs: number): Promise<T>;
	/** All clocks jump ahead, as where a machine was asleep. */
	jump(ms: number): void;
	/** Lets time pass. */
	pass(ms: number): Promise<void>;
	dispose(): void;
}

/** A call that has no end: it waits for nothing, or for longer than it may. */
export class Hang extends Error {}

/** Turns of the event loop in which whatever was answered goes on to its next request or timer. */
const TURNS = 4;
/** A request that is not answered for so long in real time, and is not held, never will be. */
const STUCK_MS = 20_000;
const HEADER = "x-request-number";

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** The answer when its body has come; or has broken off, which its reader meets. */
async function arrived(response: Response): Promise<Response> {
	const { status, statusText, headers } = response;
	const body = await response.arrayBuffer().catch(
		(error: unknown) =>
			new ReadableStream({
				start: (controller) => controller.error(error),
			}),
	);
	return new Response(body, { status, statusText, headers });
}

export class VirtualTime implements Time {
	/** Requests that a client waits for, by number, with what the network saw of them once it has. */
	readonly #asked = new Map<string, SeenRequest | undefined>();
	/** Requests that the network has in hand, also those that no client waits for any more. */
	readonly #inHand = new Set<SeenRequest>();
	#count = 0;
	#skewMs = 0;
	network: Network | undefined;

	constructor() {
		vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
		vi.stubGlobal("fetch", this.#fetch);
	}

	/** The network's clock; the clients' is Date. */
	readonly clock = (): bigint => BigInt(Date.now() + this.#skewMs) * 1_000_000n;

	/** Stands at the network's socket. */
	readonly middleware: Middleware = async (request, next) => {
		const answer = next(request);
		const seen = this.network?.requests.entries.at(-1);
		const number = request.headers[HEADER];
		if (!seen || typeof number !== "string") return answer;
		if (this.#asked.has(number)) this.#asked.set(number, seen);
		this.#inHand.add(seen);
		try {
			return await answer;
		} finally {
			this.#inHand.delete(seen);
		}
	};

	readonly #realFetch = globalThis.fetch;

	/** What all agents send by. */
	readonly #fetch: typeof globalThis.fetch = async (input, init) => {
		const number = String(this.#count++);
		this.#asked.set(number, undefined);
		try {
			const headers = new Headers(init?.headers);
			headers.set(HEADER, number);
			return await arrived(await this.#realFetch(input, { ...init, headers }));
		} finally {
			this.#asked.delete(number);
		}
	};

	/** The client's clock is so much behind the network's from now on (negative: ahead). Neither ever goes back. */
	setSkew(ms: number): void {
		const change = ms - this.#skewMs;
		this.#skewMs = ms;
		if (change < 0) vi.setSystemTime(Date.now() - change);
	}

	/** All clocks jump ahead, as where a machine was asleep: what waits goes on waiting as long as before. */
	jump(ms: number): void {
		vi.setSystemTime(Date.now() + ms);
	}

	/**
	 * What comes of an operation, when nothing is left but to wait for it letting time pass.
	 * @throws Hang where it takes longer than `limitMs`
	 */
	async run<T>(operation: PromiseLike<T>, limitMs: number): Promise<T> {
		let isOver = false;
		const result = Promise.resolve(operation).finally(() => {
			isOver = true;
		});
		result.catch(() => {});
		const started = Date.now();
		while (!isOver) {
			await this.#settle(() => isOver);
			if (isOver) break;
			if (Date.now() - started > limitMs) throw new Hang(`not at its end after ${limitMs} ms`);
			if (vi.getTimerCount() === 0) throw new Hang("it waits for nothing that will ever come");
			vi.advanceTimersToNextTimer();
		}
		return result;
	}

	/** Lets time pass. */
	pass(ms: number): Promise<void> {
		return this.run(new Promise<void>((resolve) => setTimeout(resolve, ms)), ms + 1);
	}

	get #isBusy(): boolean {
		for (const seen of this.#asked.values()) if (!seen?.isHeld) return true;
		for (const seen of this.#inHand) if (!seen.isHeld) return true;
		return false;
	}

	async #settle(isOver: () => boolean): Promise<void> {
		const started = performance.now();
		for (let quiet = 0; quiet < TURNS && !isOver(); quiet = this.#isBusy ? 0 : quiet + 1) {
			await turn();
			if (performance.now() - started > STUCK_MS) throw new Hang(`no answer comes to ${this.#underWay()}`);
		}
	}

	#underWay(): string {
		const named = [...this.#asked.values(), ...this.#inHand].map(
			(seen) => `${seen?.kind ?? "what never arrived"} ${seen?.method ?? ""} ${seen?.outcome ?? "in hand"}`,
		);
		return named.join(", ");
	}

	dispose(): void {
		vi.unstubAllGlobals();
		vi.useRealTimers();
	}
}
