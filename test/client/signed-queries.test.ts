import { Cbor, HttpAgent } from "@dfinity/agent";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { AgentLike } from "../../src/client/index.js";
import type { Ports } from "../../src/client/platform/ports.js";
import type { Fault } from "../../src/localnet/index.js";
import { testIdentity } from "../localnet/support/deploy.js";
import { AGENTS } from "./support/agents.js";
import { withFaults } from "./support/faults.js";
import { hastyPorts } from "./support/ports.js";
import { callPath, type ProbeNetwork, startProbe } from "./support/probe.js";
import { failure } from "./support/transfers.js";

/** Queries that only a node's signature proves; node-signatures.test.ts tests the signature itself. */

let probe: ProbeNetwork;
beforeAll(async () => {
	probe = await startProbe("bls");
});
afterEach(() => probe.network.faults.clear());
afterAll(() => probe.network.dispose());

const text = (value: string) => new TextEncoder().encode(value);
const HELLO = text("hello");
const options = { isBound: false };

type Answer = Record<string, unknown> & { signatures: { timestamp: bigint; identity: Uint8Array }[] };

/** An agent on whose way somebody changes the answers to queries. */
function agentWith(change: (answer: Answer, body: Uint8Array) => unknown): AgentLike {
	const { url, rootKey } = probe.network;
	const changing: typeof fetch = async (input, init) => {
		const response = await fetch(input, init);
		if (!String(input).endsWith("/query")) return response;
		const body = new Uint8Array(await response.arrayBuffer());
		const changed = change(Cbor.decode(body), body);
		return new Response(
			new Blob([(changed instanceof Uint8Array ? changed : Cbor.encode(changed)) as BlobPart]),
		);
	};
	return HttpAgent.createSync({ host: url, rootKey, identity: testIdentity(2), fetch: changing });
}
const honest = () => agentWith((_, body) => body);
const ask = (agent: AgentLike, method = "echo_query", arg = HELLO) =>
	callPath(agent, probe.canisterId).queries.once(method, arg, options);
const through = (script: Parameters<typeof withFaults>[1]) => withFaults(probe.network, script);

describe("an answer is taken that a node of the subnet has signed", () => {
	it("a reply, a rejection, and an empty one", async () => {
		expect(await ask(honest())).toEqual(HELLO);
		expect(await ask(honest(), "echo_query", new Uint8Array())).toEqual(new Uint8Array());
		expect(await failure(ask(honest(), "trap_query"))).toMatchObject({
			code: "rejected",
			details: { rejectCode: 5, errorCode: "IC0503" },
		});
	});

	it("by two pairings, made where all others are", async () => {
		let pairings = 0;
		const ports: Ports = {
			...hastyPorts,
			blsVerify: (...args) => {
				pairings++;
				return hastyPorts.blsVerify(...args);
			},
		};
		const { queries } = callPath(honest(), probe.canisterId, { ports });
		for (let i = 0; i < 3; i++) await queries.once("echo_query", HELLO, options);
		expect(pairings).toBe(2);
	});

	it("and neither keys nor signature are asked for where a hash binds it", async () => {
		const faulty = through(() => undefined);
		const unsigned = agentWith(({ signatures: _, ...answer }) => answer);
		const { queries } = callPath(unsigned, probe.canisterId);
		expect(await queries.once("echo_query", HELLO, { isBound: true })).toEqual(HELLO);
		expect(faulty.seen.map(({ kind }) => kind)).toEqual(["query"]);
	});
});

describe("an answer is refused", () => {
	const refused = (agent: AgentLike, method?: string) => failure(ask(agent, method));
	const forged = { code: "certificate_invalid", action: "give_up" };
	const first = (answer: Answer, change: object) => ({
		...answer,
		signatures: [{ ...answer.signatures[0], ...change }],
	});

	it("that nobody has signed", async () => {
		expect(await refused(agentWith((answer) => ({ ...answer, signatures: [] })))).toMatchObject(forged);
		expect(await refused(agentWith(({ signatures: _, ...answer }) => answer))).toMatchObject(forged);
	});

	it("of other bytes than were signed", async () => {
		const other = agentWith((answer) => ({ ...answer, reply: { arg: text("hullo") } }));
		expect(await refused(other)).toMatchObject(forged);
	});

	it("of a rejection with other words or another code", async () => {
		for (const change of [{ reject_message: "no" }, { reject_code: 2 }, { error_code: "IC0301" }]) {
			const other = agentWith((answer) => ({ ...answer, ...change }));
			expect(await refused(other, "trap_query")).toMatchObject(forged);
		}
	});

	it("that is a rejection in place of a reply", async () => {
		const rejecting = agentWith((answer) => ({
			...answer,
			status: "rejected",
			reject_code: 5,
			reject_message: "no",
		}));
		expect(await refused(rejecting)).toMatchObject(forged);
	});

	it("to another query", async () => {
		let earlier: Uint8Array | undefined;
		const replaying = agentWith((_, body) => {
			earlier ??= body;
			return earlier;
		});
		expect(await ask(replaying)).toEqual(HELLO);
		expect(await refused(replaying)).toMatchObject(forged);
	});

	it("by whoever is no node of the subnet, or says to be another", async () => {
		const stranger = agentWith((answer) => first(answer, { identity: new Uint8Array(29).fill(7) }));
		expect(await refused(stranger)).toMatchObject(forged);
		through(({ kind }) => (kind === "query" ? "certificate-key" : undefined));
		expect(await refused(honest())).toMatchObject(forged);
	});

	it("with a signature that is none", async () => {
		for (const signature of [new Uint8Array(64), new Uint8Array(3), "text"])
			expect(await refused(agentWith((answer) => first(answer, { signature })))).toMatchObject(forged);
	});

	it("with a number that is none", async () => {
		for (const reject_code of [-1, 1.5, null])
			expect(
				await refused(
					agentWith((answer) => ({ ...answer, reject_code })),
					"trap_query",
				),
			).toMatchObject(forged);
		for (const timestamp of [-1, "now"])
			expect(await refused(agentWith((answer) => first(answer, { timestamp })))).toMatchObject(forged);
	});

	it("with another time than was signed", async () => {
		const moved = agentWith((answer) =>
			first(answer, { timestamp: answer.signatures[0]!.timestamp + 1_000_000n }),
		);
		expect(await refused(moved)).toMatchObject(forged);
	});

	it("that is over five minutes old, or as far ahead", async () => {
		const of = async (clockMinutes: number) => {
			through(({ kind }) => (kind === "query" ? { clockMinutes } : undefined));
			return refused(honest());
		};
		expect(await of(-6)).toMatchObject({ code: "certificate_stale" });
		expect(await of(6)).toMatchObject(forged);
		expect(await of(-4)).toBeUndefined();
	});

	it("where the keys of the nodes are not certified", async () => {
		for (const fault of ["certificate-byte", "certificate-key", { clockMinutes: -10 }] satisfies Fault[]) {
			through(({ kind }) => (kind === "read_state" ? fault : undefined));
			const code = typeof fault === "string" ? "certificate_invalid" : "certificate_stale";
			expect(await refused(honest())).toMatchObject({ code });
		}
	});
});

describe.each(AGENTS)("a query as $name's", (agents) => {
	const path = async (more: Parameters<typeof callPath>[2] = {}) => {
		const { url: host, rootKey } = probe.network;
		const agent = await agents.agent({ host, rootKey, key: testIdentity(2) });
		return callPath(agent, probe.canisterId, more).queries;
	};

	it("takes no longer than one exchange may, nor does what it needs of keys", async () => {
		for (const slow of ["query", "read_state"]) {
			through(({ kind }) => (kind === slow ? { delayMs: 2_000 } : undefined));
			const queries = await path({ timeoutMs: 100 });
			const error = await failure(queries.once("echo_query", HELLO, options));
			expect(error).toMatchObject({ code: "timeout", action: "retry", details: { waitedMs: 100 } });
		}
	});

	it("ends when it is aborted, whatever it waits for", async () => {
		for (const slow of ["query", "read_state"]) {
			through(({ kind }) => (kind === slow ? { delayMs: 500 } : undefined));
			const controller = new AbortController();
			setTimeout(() => controller.abort(new Error("enough")), 100);
			const asked = (await path()).once("echo_query", HELLO, { ...options, signal: controller.signal });
			expect(await failure(asked)).toMatchObject({ code: "aborted", details: { reason: "enough" } });
		}
	});

	it("is asked again with the network's time where it was refused for its expiry", async () => {
		const body = "Invalid request expiry: Specified ingress_expiry not within expected range";
		const faulty = through(({ kind, nth }) =>
			kind === "query" && nth === 0 ? { status: 400, body } : undefined,
		);
		const queries = await path();
		expect(await queries.retry(() => queries.once("echo_query", HELLO, options), options)).toEqual(HELLO);
		expect(faulty.seen.filter(({ kind }) => kind === "query").length).toBe(2);
	});

	it("fails where it is refused for its expiry with the network's time", async () => {
		const body = "Invalid request expiry: Specified ingress_expiry not within expected range";
		const faulty = through(({ kind }) => (kind === "query" ? { status: 400, body } : undefined));
		const queries = await path();
		const error = await failure(queries.retry(() => queries.once("echo_query", HELLO, options), options));
		expect(error).toMatchObject({ code: "http", action: "fix", details: { status: 400 } });
		expect(faulty.seen.filter(({ kind }) => kind === "query").length).toBe(2);
	});

	it("fails at once where anything else about it was refused", async () => {
		const faulty = through(({ kind }) =>
			kind === "query" ? { status: 400, body: "Invalid signature" } : undefined,
		);
		const queries = await path();
		const error = await failure(queries.retry(() => queries.once("echo_query", HELLO, options), options));
		expect(error).toMatchObject({ code: "http", action: "fix" });
		expect(faulty.seen.filter(({ kind }) => kind === "query").length).toBe(1);
	});
});
