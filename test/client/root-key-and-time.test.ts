import { type HttpAgent, IC_ROOT_KEY } from "@dfinity/agent";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { decodeCbor, MAX_DEPTH } from "../../src/client/call/cbor.js";
import { MAX_ANSWER_BYTES } from "../../src/client/call/http.js";
import { NetworkTime } from "../../src/client/call/network-time.js";
import type { AgentLike } from "../../src/client/index.js";
import { concat, utf8 } from "../../src/client/util/bytes.js";
import { encodeCbor } from "../../src/localnet/encoding/cbor-encode.js";
import { testIdentity } from "../localnet/support/deploy.js";
import { AGENTS } from "./support/agents.js";
import { hastyPorts } from "./support/ports.js";
import { callPath, type ProbeNetwork, startProbe } from "./support/probe.js";
import { failure } from "./support/transfers.js";

/**
 * Facts about a network that the client needs before its first call. Its own bounded reader reads them, never the
 * agent's.
 */

const HELLO = utf8("hello");
const HOUR = 3_600_000;

let probe: ProbeNetwork;
beforeAll(async () => {
	probe = await startProbe();
});
afterEach(() => {
	probe.network.faults.clear();
	change = (body) => body;
});
afterAll(() => probe.network.dispose());

/** What becomes of the body of an answer about the network. */
let change: (body: Uint8Array) => Uint8Array = (body) => body;
let asked: string[] = [];

type Forbidden = Pick<HttpAgent, "fetchRootKey" | "syncTime" | "status">;

/** An agent that must not ask for anything by itself, and on whose way somebody changes what the network says of itself. */
async function agentOf(agents: (typeof AGENTS)[number], rootKey = probe.network.rootKey): Promise<AgentLike> {
	const agent = await agents.agent({ host: probe.network.url, rootKey, key: testIdentity(2) });
	const never = () => Promise.reject(new Error("the agent has asked by itself"));
	for (const name of ["fetchRootKey", "syncTime", "status"] satisfies (keyof Forbidden)[])
		(agent as unknown as Record<string, unknown>)[name] = never;
	const changing: typeof fetch = async (input, init) => {
		const response = await fetch(input, init);
		const kind = String(input).split("/").at(-1) as string;
		asked.push(kind);
		if (!response.ok || (kind !== "status" && kind !== "read_state")) return response;
		return new Response(new Blob([change(new Uint8Array(await response.arrayBuffer())) as BlobPart]));
	};
	asked = [];
	(agent.config as { fetch: typeof fetch }).fetch = changing;
	return agent;
}

/** The answer with a field more, whose value is so long or so deep. */
const withField = (body: Uint8Array, value: Uint8Array) => {
	const fields = Object.entries(decodeCbor(body) as object).map(([name, field]) =>
		concat(encodeCbor(name), encodeCbor(field)),
	);
	return concat(Uint8Array.of(0xa0 + fields.length + 1), ...fields, encodeCbor("more"), value);
};
const padded = (length: number) => (body: Uint8Array) => {
	const header = withField(body, Uint8Array.of(0x5a, 0, 0, 0, 0)).length;
	const padding = new Uint8Array(5 + length - header);
	padding[0] = 0x5a;
	new DataView(padding.buffer).setUint32(1, length - header);
	return withField(body, padding);
};
const nested = (depth: number) => (body: Uint8Array) =>
	withField(body, Uint8Array.of(...Array(depth).fill(0x81), 0));

/** What is in bounds, and what is one past them. */
const BOUNDS = [
	["length", padded, MAX_ANSWER_BYTES, /more than the \d+ bytes/],
	["depth", nested, MAX_DEPTH - 1, /nested deeper/],
] as const;

/** Tries a call whose answers are as long, or as deep, as may be, and one past that. */
const isBounded =
	(call: () => Promise<Uint8Array>) =>
	async (...[, make, bound, reason]: (typeof BOUNDS)[number]) => {
		change = make(bound);
		expect(await call()).toEqual(HELLO);
		change = make(bound + 1);
		expect(await failure(call())).toMatchObject({
			code: "reply_invalid",
			details: { reason: expect.stringMatching(reason) },
		});
	};

describe.each(AGENTS)("through $name", (agents) => {
	const MAINNET = Uint8Array.from(Buffer.from(IC_ROOT_KEY, "hex"));

	describe("the root key of a local network", () => {
		const call = async () => {
			const agent = await agentOf(agents, MAINNET);
			const { updates } = callPath(agent, probe.canisterId, { localNetwork: true });
			return updates.call("echo", HELLO, { verify: true });
		};

		it("is asked for once", async () => {
			expect(await call()).toEqual(HELLO);
			expect(asked.filter((kind) => kind === "status")).toHaveLength(1);
		});

		it.each(BOUNDS)("comes in an answer of bounded %s", isBounded(call));

		it("is there", async () => {
			change = () => encodeCbor({ replica_health_status: "healthy" });
			expect(await failure(call())).toMatchObject({ code: "reply_invalid" });
		});
	});

	describe("the network's time", () => {
		const call = async (behindMs = HOUR) => {
			const agent = await agentOf(agents);
			const ports = { ...hastyPorts, now: () => Date.now() - behindMs };
			const { updates } = callPath(agent, probe.canisterId, { ports });
			return updates.call("echo", HELLO, { verify: true });
		};

		it("is asked for by a machine whose clock is wrong, of three nodes", async () => {
			for (const behindMs of [HOUR, -HOUR]) {
				expect(await call(behindMs)).toEqual(HELLO);
				expect(asked).toEqual(["call", "read_state", "read_state", "read_state", "call"]);
			}
		});

		it("is asked for once where many calls were refused at a time", async () => {
			const agent = await agentOf(agents);
			const ports = { ...hastyPorts, now: () => Date.now() - HOUR };
			const { updates } = callPath(agent, probe.canisterId, { ports });
			const calls = Array.from({ length: 5 }, () => updates.call("echo", HELLO, { verify: true }));
			expect(await Promise.all(calls)).toEqual(Array(5).fill(HELLO));
			expect(asked.filter((kind) => kind === "read_state")).toHaveLength(3);
		});

		it("is asked for again where the clock is set later", async () => {
			const agent = await agentOf(agents);
			const clock = { setMs: 0, passedMs: 0 };
			const ports = {
				...hastyPorts,
				now: () => Date.now() + clock.passedMs - clock.setMs,
				monotonic: () => performance.now() + clock.passedMs,
			};
			const { updates } = callPath(agent, probe.canisterId, { ports });
			for (const setMs of [HOUR, 3 * HOUR]) {
				clock.setMs = setMs;
				clock.passedMs += 120_000;
				expect(await updates.call("echo", HELLO, { verify: true })).toEqual(HELLO);
			}
		});

		it.each(BOUNDS)("comes in answers of bounded %s", isBounded(call));

		it("is certified", async () => {
			change = (body) => {
				const forged = body.slice();
				// Within the signature, which comes last but for the delegation.
				const at = Buffer.from(forged).indexOf("signature") + 20;
				forged[at] = (forged[at] as number) ^ 1;
				return forged;
			};
			expect(await failure(call())).toMatchObject({ code: "certificate_invalid" });
		});
	});
});

it("an abort does not wait for the network's time", async () => {
	const refused = "Invalid request expiry: Specified ingress_expiry not within expected range";
	let asked = () => {};
	const isAsked = new Promise<void>((resolve) => {
		asked = resolve;
	});
	const agent = await agentOf(AGENTS[0]!);
	(agent.config as { fetch: typeof fetch }).fetch = (input) => {
		if (!String(input).endsWith("/read_state"))
			return Promise.resolve(new Response(refused, { status: 400 }));
		asked();
		return new Promise(() => {});
	};
	const { updates } = callPath(agent, probe.canisterId, { ports: hastyPorts });
	const controller = new AbortController();
	const call = failure(updates.call("echo", HELLO, { verify: true, signal: controller.signal }));
	await isAsked;
	controller.abort();
	expect(await call).toMatchObject({ code: "aborted" });
});

describe("of the times that nodes certify", () => {
	const offset = async (...times: (number | Error)[]) => {
		const time = new NetworkTime({
			ports: { now: () => 1_000, monotonic: () => 0 },
			certifiedTime: async () => {
				const one = times.shift();
				if (typeof one === "number") return one;
				throw one;
			},
		});
		expect(await time.refused(0)).toBe(true);
		return time.offsetMs;
	};

	it("the latest counts, one that is enough", async () => {
		expect(await offset(500, 61_000, 2_000)).toBe(60_000);
		expect(await offset(new Error("no"), 900, new Error("no"))).toBe(-100);
	});

	it("none is no answer", async () => {
		expect(await failure(offset(new Error("first"), new Error("second"), new Error("third")))).toMatchObject({
			message: "first",
		});
	});
});
