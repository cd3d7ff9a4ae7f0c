import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isBlobError, type Transfer } from "../../../src/client/index.js";
import type { Ports } from "../../../src/client/platform/ports.js";
import type { SeenRequest } from "../../../src/localnet/index.js";
import { ACTS } from "./acts.js";
import { type End, type FaultKind, KINDS } from "./faults.js";
import { checkLeaks, type Remains } from "./leaks.js";
import type { Operation, State, Subject } from "./operations.js";
import { isFull, nameOf, sample, sampleTogether } from "./sample.js";
import { statesOf } from "./states.js";
import { VirtualTime } from "./time.js";
import { type Actor, World } from "./world.js";

/** Operations under every kind of fault at their requests: each of them, or the sample (sample.ts). */

const MINUTE = 60_000;
/**
 * No call of the client takes longer, but by what stops it: a request is tried for 5 minutes, and what is tried last
 * may wait for 5 more, until its message has expired.
 */
const DEADLINE_MS = (5 + 5 + 1) * MINUTE;
/** Each wait for what was held back is twice the one before; the longest of them is no longer. */
const ARRIVAL_MS = 30 * MINUTE;
/** What the test itself asks, with no fault on the way. */
const OWN_MS = MINUTE;

interface Ended {
	readonly end: End;
	readonly error: unknown;
}

export class Matrix {
	readonly #world: World<VirtualTime>;
	readonly #operation: Operation;
	readonly #platform: Ports | undefined;
	readonly remains: Remains[] = [];
	#shared: Subject | undefined;
	/** Who does the cases of one kind, each with keys of its own. */
	#actor: Promise<Actor> | undefined;
	/** The requests that it makes where nothing happens. */
	requests: readonly SeenRequest[] = [];
	cases = 0;

	/** @param platform what the clients that are tried run on; by default Node's */
	constructor(world: World<VirtualTime>, operation: Operation, platform?: Ports) {
		this.#world = world;
		this.#operation = operation;
		this.#platform = platform;
	}

	async count(): Promise<void> {
		const name = `${this.#operation.name} without a fault`;
		const subject = await this.#prepare();
		this.#world.network.requests.clear();
		this.#expectEnd(name, await this.#act(subject), "success");
		this.requests = [...this.#world.network.requests.entries];
		await this.#close(name, subject, "success");
	}

	/**
	 * The cases of one kind, by default at its requests or the sample of them. What operations end well under several
	 * requests of a sample meet in one case.
	 *
	 * @returns what went wrong, each with its case's name
	 */
	async run(kind: FaultKind, at?: readonly number[]): Promise<string[]> {
		const fits = (n: number) => {
			const request = this.requests[n];
			return !request || !kind.fits || kind.fits(request);
		};
		const isTogether = at === undefined && !kind.ends && !kind.when && !kind.isLasting;
		const cases = isTogether ? sampleTogether(this.requests) : (at ?? sample(this.requests)).map((n) => [n]);
		const wrong: string[] = [];
		this.#actor = undefined;
		while (cases.length > 0) {
			const hit = cases.shift()!.filter(fits);
			if (hit.length === 0) continue;
			try {
				const missed = await this.#case(kind, hit);
				// A fault before them has led it elsewhere.
				cases.unshift(...missed.map((n) => [n]));
			} catch (error) {
				wrong.push(`${this.#nameOf(kind, hit)}: ${(error as Error).message}`);
			} finally {
				this.#world.network.faults.clear();
				this.#world.time.setSkew(0);
			}
		}
		return wrong;
	}

	#nameOf(kind: FaultKind, at: readonly number[]): string {
		const numbers = at.map((n) => n + 1).join(", ");
		return `${this.#operation.name}, ${kind.name}, at request ${numbers} of ${this.requests.length}`;
	}

	/** Which of its requests, by their numbers where nothing happens, a request is. */
	#numbered(at: readonly number[]): (request: SeenRequest) => number | undefined {
		if (at.length === 1) return ({ index }) => (index === at[0] ? index : undefined);
		const byName = new Map<string, number[]>();
		for (const [n, request] of this.requests.entries())
			byName.set(nameOf(request), [...(byName.get(nameOf(request)) ?? []), n]);
		return (request) => {
			const n = byName.get(nameOf(request))?.shift();
			return n !== undefined && at.includes(n) ? n : undefined;
		};
	}

	/**
	 * One case.
	 *
	 * @param at the requests that meet the fault, by their numbers; the number after the last: none
	 * @returns those of several that never came
	 */
	async #case(kind: FaultKind, at: readonly number[]): Promise<number[]> {
		this.cases++;
		const { network, time } = this.#world;
		const subject = await this.#prepare();
		const name = this.#nameOf(kind, at);
		const [n] = at as [number];
		const hits: SeenRequest[] = [];
		const met = new Set<number>();
		const numberOf = this.#numbered(at);
		let pause = (_ms: number) => {};
		network.requests.clear();
		network.faults.when((request) => {
			const number = kind.isLasting && request.index >= n ? request.index : numberOf(request);
			if (number === undefined || (kind.fits && !kind.fits(request))) return undefined;
			met.add(number);
			hits.push(request);
			kind.when?.({ time, pause: (ms) => pause(ms) });
			return kind.fault;
		});
		const ended = await this.#act(subject, kind.stopsMs, at.length, (transfer) => {
			pause = (ms) => {
				transfer.pause();
				setTimeout(() => void transfer.resume(), ms);
			};
		});
		network.faults.clear();
		time.setSkew(0);
		if (hits.length > 0 !== n < this.requests.length)
			throw new Error(`its fault was delivered ${hits.length} times`);
		const expected = hits.length > 0 && kind.ends ? kind.ends(hits) : "success";
		this.#expectEnd(name, ended, expected);
		// What comes late must not change what success means.
		if (ended.end === "success" && this.#isLate(kind)) await this.#states(subject, "success");
		await this.#arrive();
		let { end } = ended;
		if (end !== "success" && n % 2 === 0) end = await this.#again(name, subject);
		await this.#close(name, subject, end);
		return at.length > 1 ? at.filter((each) => !met.has(each)) : [];
	}

	async #prepare(): Promise<Subject> {
		if (this.#shared) return this.#shared;
		this.#actor ??= this.#world.actor();
		const subject = await this.#world.time.run(this.#operation.prepare(await this.#actor), OWN_MS);
		if (this.#operation.isReading) this.#shared = subject;
		return subject;
	}

	/** Whether something is still on its way: held back, or a copy that follows later requests. */
	#isLate({ fault }: FaultKind): boolean {
		const isCopied = typeof fault === "object" && "duplicateAfter" in fault;
		return isCopied || this.#world.network.requests.entries.some(({ isHeld }) => isHeld);
	}

	/** Brings the operation to its end. @throws Hang where it has none */
	async #act(
		subject: Subject,
		stopsMs = 0,
		faults = 1,
		started: (transfer: Transfer<unknown, unknown>) => void = () => {},
	): Promise<Ended> {
		const act = async () => {
			try {
				const client = this.#world.client(subject.actor, this.#platform);
				await ACTS[this.#operation.act](client, subject, started);
				return { end: "success", error: undefined } as const;
			} catch (error) {
				if (!isBlobError(error)) throw error;
				return { end: `${error.code} ${error.action}`, error } as const;
			}
		};
		return this.#world.time.run(act(), DEADLINE_MS * faults + stopsMs);
	}

	/** It ended as it should, and whoever reads the error knows what to do. */
	#expectEnd(name: string, { end, error }: Ended, expected: End | readonly End[]): void {
		if (![expected].flat().includes(end))
			throw new Error(`${name} ended with ${end}, not ${[expected].flat().join(" or ")}: ${error}`);
		if (error === undefined) return;
		const { message } = error as Error;
		// A whole sentence, with every blank filled in.
		if (!/^[A-Z].*[.)]$/s.test(message) || /undefined|\[object|NaN/.test(message))
			throw new Error(`nobody can tell from this what to do: ${message}`);
	}

	/** What was held back or copied arrives now. */
	async #arrive(): Promise<void> {
		const { network, time } = this.#world;
		const isHeld = () => network.requests.entries.some((request) => request.isHeld);
		for (let wait = MINUTE; isHeld(); wait *= 2) {
			if (wait > ARRIVAL_MS) throw new Error("what was held back never arrived");
			await time.run(this.#world.store.blobs_status(), OWN_MS);
			if (isHeld()) await time.pass(wait);
		}
	}

	/** The user does it again, in another client. */
	async #again(name: string, subject: Subject): Promise<End> {
		const before = [...(await statesOf(this.#world, subject, this.#operation)).values()];
		const { success, again } = this.#operation;
		const wasDone = before.every((state) => state === success);
		const ended = await this.#act(subject);
		const refused: End = `${again} give_up`;
		this.#expectEnd(`${name}, done again`, ended, again && wasDone ? ["success", refused] : "success");
		return ended.end === refused ? "success" : ended.end;
	}

	/** What the keys hold, which must be what they may hold. */
	async #states(subject: Subject, end: End): Promise<ReadonlyMap<string, State>> {
		const states = await statesOf(this.#world, subject, this.#operation);
		const allowed = end === "success" ? [this.#operation.success] : this.#operation.failure;
		for (const state of states.values())
			if (!allowed.includes(state))
				throw new Error(`the blob is ${state} after ${end}, not ${allowed.join(" or ")}`);
		return states;
	}

	async #close(name: string, subject: Subject, end: End): Promise<void> {
		const states = await this.#states(subject, end);
		if (!this.remains.some((each) => each.subject === subject)) this.remains.push({ name, subject, states });
	}
}

/** The tests of some operations, which share a store. */
export function testMatrix(...operations: readonly Operation[]): void {
	const world = new World(new VirtualTime());
	const matrices: Matrix[] = [];
	beforeAll(() => world.open());
	afterAll(() => world.dispose());

	describe.each(operations)("$name", (operation) => {
		const matrix = new Matrix(world, operation);
		const kinds = KINDS.filter(({ needsPause }) => !needsPause || operation.isTransfer);
		matrices.push(matrix);
		beforeAll(() => matrix.count());
		afterAll(() => {
			process.stdout.write(`fault matrix: ${operation.name} ${matrix.cases} cases\n`);
		});

		// One more than there are: nothing is hit then, unless something was not counted. No kind makes a difference.
		test.each(isFull ? kinds : kinds.slice(-1))(
			"$name, after its last request",
			async (kind) => {
				expect(await matrix.run(kind, [matrix.requests.length])).toEqual([]);
			},
			180_000,
		);

		test.each(kinds)(
			"$name",
			async (kind) => {
				expect(await matrix.run(kind)).toEqual([]);
			},
			180_000,
		);
	});

	test("nothing leaks, once uploads have expired and cleaning has run", async () => {
		await world.clean();
		const remains = matrices.flatMap((matrix) => matrix.remains);
		expect(await checkLeaks(world, remains)).toEqual([]);
	}, 180_000);
}
