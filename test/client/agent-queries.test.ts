import { Principal } from "@dfinity/principal";
import { describe, expect, it, vi } from "vitest";
import { type AgentLike, isBlobError } from "../../src/client/index.js";
import { virtualPorts } from "./support/ports.js";
import { callPath } from "./support/probe.js";
import { failure } from "./support/transfers.js";

/** Queries through the agent that the client was given, in whose hands they are out of the client's. */

const canisterId = Principal.fromText("rrkah-fqaaa-aaaaa-aaaaq-cai");
const HELLO = new TextEncoder().encode("hello");
const replied = { status: "replied", reply: { arg: HELLO } };
const options = { isBound: false };

/** An agent that answers as the test says. */
const agentOf = (query: AgentLike["query"], more: object = {}): AgentLike => ({
	host: new URL("http://127.0.0.1:1"),
	rootKey: new Uint8Array(133),
	getPrincipal: async () => Principal.anonymous(),
	fetchRootKey: () => Promise.reject(new Error("nobody asked for that")),
	query,
	...more,
});
const pathOf = (agent: AgentLike, timeoutMs = 20_000) =>
	callPath(agent, canisterId, { ports: virtualPorts(), timeoutMs }).queries;

describe("the time that a query through the agent may take", () => {
	const never = () => new Promise<never>(() => {});

	it("is that of one exchange: the agent itself sets no bound", async () => {
		vi.useFakeTimers();
		try {
			let isOver = false;
			const asked = failure(pathOf(agentOf(never), 3_000).once("any", HELLO, options));
			asked.then(() => {
				isOver = true;
			});
			await vi.advanceTimersByTimeAsync(2_999);
			expect(isOver).toBe(false);
			await vi.advanceTimersByTimeAsync(1);
			expect(await asked).toMatchObject({
				code: "timeout",
				action: "retry",
				details: { waitedMs: 3_000, waitedFor: "answer to the query" },
			});
		} finally {
			vi.useRealTimers();
		}
	});

	it("leaves no timer behind where the answer comes, or an error", async () => {
		vi.useFakeTimers();
		try {
			expect(await pathOf(agentOf(async () => replied)).once("any", HELLO, options)).toEqual(HELLO);
			const fails = () => Promise.reject(new Error("no"));
			expect(isBlobError(await failure(pathOf(agentOf(fails)).once("any", HELLO, options)), "network")).toBe(
				true,
			);
			expect(vi.getTimerCount()).toBe(0);
		} finally {
			vi.useRealTimers();
		}
	});

	it("ends when it is aborted", async () => {
		const controller = new AbortController();
		const asked = pathOf(agentOf(never)).once("any", HELLO, { ...options, signal: controller.signal });
		controller.abort(new Error("enough"));
		expect(await failure(asked)).toMatchObject({ code: "aborted", details: { reason: "enough" } });
	});
});

describe("a query through the agent that is refused for the time", () => {
	/** As both packages' agents throw it. */
	const expiry = () =>
		Object.assign(new Error("400"), {
			kind: "Protocol",
			code: {
				status: 400,
				bodyText: "Invalid request expiry: Specified ingress_expiry not within expected range",
			},
		});
	/** Its clock is wrong until it has asked for the network's. */
	const wrong = (more: object = {}) => {
		const seen = { asked: 0, synced: [] as unknown[] };
		const query = async () => {
			seen.asked++;
			if (seen.synced.length === 0) throw expiry();
			return replied;
		};
		const syncTime = async (target: unknown) => void seen.synced.push(target);
		return {
			seen,
			agent: agentOf(query, { syncTime, hasSyncedTime: () => seen.synced.length > 0, ...more }),
		};
	};
	const ask = (agent: AgentLike) => {
		const queries = pathOf(agent);
		return queries.retry(() => queries.once("any", HELLO, options), options);
	};

	it("is asked again once the agent knows the network's time", async () => {
		const { seen, agent } = wrong();
		expect(await ask(agent)).toEqual(HELLO);
		expect(seen).toEqual({ asked: 2, synced: [canisterId] });
	});

	it("asks an agent of @icp-sdk/core for the time in its own way", async () => {
		const { seen, agent } = wrong({ update: () => {} });
		expect(await ask(agent)).toEqual(HELLO);
		expect(seen).toEqual({ asked: 2, synced: [{ canisterId }] });
	});

	it("fails where the agent knew the time already, or cannot ask for it", async () => {
		for (const more of [{ hasSyncedTime: () => true }, { syncTime: undefined }]) {
			const { seen, agent } = wrong(more);
			expect(await failure(ask(agent))).toMatchObject({
				code: "http",
				action: "fix",
				details: { status: 400 },
			});
			expect(seen).toEqual({ asked: 1, synced: [] });
		}
	});

	it("asks for no time where anything else was refused", async () => {
		const { seen } = wrong();
		const other = () =>
			Promise.reject(Object.assign(expiry(), { code: { status: 400, bodyText: "Invalid signature" } }));
		const agent = agentOf(other, { syncTime: async (target: unknown) => void seen.synced.push(target) });
		expect(await failure(ask(agent))).toMatchObject({ code: "http", details: { status: 400 } });
		expect(seen.synced).toEqual([]);
	});
});
