import { AnonymousIdentity, HttpAgent, IC_ROOT_KEY } from "@dfinity/agent";
import { DelegationChain, DelegationIdentity, ECDSAKeyIdentity } from "@dfinity/identity";
import { Principal } from "@dfinity/principal";
import { HttpAgent as CoreAgent } from "@icp-sdk/core/agent";
import {
	DelegationChain as CoreChain,
	DelegationIdentity as CoreDelegation,
	Ed25519KeyIdentity as CoreKey,
} from "@icp-sdk/core/identity";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { checkAgent } from "../../src/client/call/agent.js";
import { type AgentLike, isBlobError } from "../../src/client/index.js";
import type { Fault, FaultScript } from "../../src/localnet/index.js";
import { testIdentity } from "../localnet/support/deploy.js";
import { AGENTS, type AgentOptions } from "./support/agents.js";
import { withFaults } from "./support/faults.js";
import { hastyPorts, virtualPorts } from "./support/ports.js";
import { agentAt, callPath, type ProbeNetwork, startProbe } from "./support/probe.js";
import { failure } from "./support/transfers.js";

let probe: ProbeNetwork;
/** What an agent holds that was told nothing. */
const MAINNET = Uint8Array.from(Buffer.from(IC_ROOT_KEY, "hex"));
const HELLO = new TextEncoder().encode("hello");

beforeAll(async () => {
	probe = await startProbe();
});
afterEach(() => probe.network.faults.clear());
afterAll(() => probe.network.dispose());

const through = (script: FaultScript) => withFaults(probe.network, script);

describe("identities and agents", () => {
	const hour = () => new Date(Date.now() + 3_600_000);
	const delegated = async () => {
		const [root, middle, session] = [testIdentity(11), await ECDSAKeyIdentity.generate(), testIdentity(12)];
		const first = await DelegationChain.create(root, middle.getPublicKey(), hour());
		const chain = await DelegationChain.create(middle, session.getPublicKey(), hour(), {
			previous: first,
			targets: [probe.canisterId],
		});
		return DelegationIdentity.fromDelegation(session, chain);
	};
	const core = (identity?: unknown) =>
		CoreAgent.createSync({
			host: probe.network.url,
			rootKey: probe.network.rootKey,
			...(identity !== undefined && { identity: identity as CoreKey }),
		});
	const coreDelegated = async () => {
		const [root, session] = [CoreKey.generate(), CoreKey.generate()];
		return CoreDelegation.fromDelegation(
			session,
			await CoreChain.create(root, session.getPublicKey(), hour()),
		);
	};

	const agents = {
		"@dfinity/agent, Ed25519": async () => agentAt(probe.network.url, probe.network, testIdentity(2)),
		"@dfinity/agent, ECDSA": async () =>
			agentAt(probe.network.url, probe.network, await ECDSAKeyIdentity.generate()),
		"@dfinity/agent, two delegations": async () =>
			agentAt(probe.network.url, probe.network, await delegated()),
		"@dfinity/agent, anonymous": async () =>
			agentAt(probe.network.url, probe.network, new AnonymousIdentity()),
		"@icp-sdk/core, Ed25519": async () => core(CoreKey.generate()),
		"@icp-sdk/core, delegation": async () => core(await coreDelegated()),
		"@icp-sdk/core, no identity": async () => core(),
	};

	for (const [name, make] of Object.entries(agents)) {
		it(`calls and asks through ${name}`, async () => {
			const { updates, queries } = callPath(await make(), probe.canisterId);
			expect(await updates.call("echo", HELLO, { verify: true })).toEqual(HELLO);
			expect(await updates.call("echo", HELLO, { verify: false })).toEqual(HELLO);
			expect(await queries.once("echo_query", HELLO, { isBound: true })).toEqual(HELLO);
			expect(await queries.once("echo_query", HELLO, { isBound: false })).toEqual(HELLO);
		});
	}

	it("lets an identity that signs in a way of its own do so", async () => {
		const inner = CoreKey.generate();
		let signed = 0;
		const identity = {
			getPrincipal: () => inner.getPrincipal(),
			transformRequest: (request: never) => {
				signed++;
				return inner.transformRequest(request);
			},
		};
		const { updates } = callPath(core(identity), probe.canisterId);
		expect(await updates.call("echo", HELLO, { verify: true })).toEqual(HELLO);
		expect(signed).toBe(1);
	});

	it("says where an identity does not sign", async () => {
		const identity = Object.assign(testIdentity(4), {
			sign: () => Promise.reject(new Error("the key is gone")),
		});
		const agent = agentAt(probe.network.url, probe.network, identity);
		const error = await failure(
			callPath(agent, probe.canisterId).updates.call("echo", HELLO, { verify: true }),
		);
		expect(isBlobError(error, "identity_unusable") && error.message).toContain("the key is gone");
	});

	it("says that a delegation has expired before it sends anything", async () => {
		const session = testIdentity(13);
		const chain = await DelegationChain.create(
			testIdentity(14),
			session.getPublicKey(),
			new Date(Date.now() - 1),
		);
		const faulty = through(() => undefined);
		const agent = agentAt(faulty.url, probe.network, DelegationIdentity.fromDelegation(session, chain));
		const error = await failure(
			callPath(agent, probe.canisterId).updates.call("echo", HELLO, { verify: true }),
		);
		expect(isBlobError(error, "identity_expired") && error.action).toBe("ask");
		expect(faulty.seen).toEqual([]);
	});

	it("fetches no root key by itself, though the agent would", async () => {
		const faulty = through(() => undefined);
		const options = { host: faulty.url, identity: testIdentity(2), shouldFetchRootKey: true };
		const call = callPath(HttpAgent.createSync(options), probe.canisterId).updates.call("echo", HELLO, {
			verify: true,
		});
		expect(isBlobError(await failure(call), "certificate_invalid")).toBe(true);
		expect(faulty.seen.map(({ kind }) => kind)).not.toContain("status");
	});
});

describe.each(AGENTS)("through $name", (agents) => {
	const agentAt = (options: Partial<AgentOptions> = {}) => {
		const { url: host, rootKey } = probe.network;
		return agents.agent({ host, rootKey, key: testIdentity(2), ...options });
	};
	/** What only agents have that can change whom they act for. */
	const changeable = async () =>
		(await agentAt()) as unknown as AgentLike & Pick<HttpAgent, "replaceIdentity" | "invalidateIdentity">;

	describe("the root key", () => {
		it("is fetched for a network named local, though the agent holds the mainnet's", async () => {
			const faulty = through(() => undefined);
			const agent = await agentAt({ rootKey: MAINNET });
			const { updates } = callPath(agent, probe.canisterId, { localNetwork: true });
			expect(await updates.call("echo", HELLO, { verify: true })).toEqual(HELLO);
			expect(faulty.seen.map(({ kind }) => kind)).toContain("status");
		});

		it("is never fetched otherwise", async () => {
			const faulty = through(() => undefined);
			const attempts = ["call", "read_state", "read_state"];
			for (const shouldFetchRootKey of [false, true]) {
				const agent = agents.unprepared({
					host: probe.network.url,
					key: testIdentity(2),
					shouldFetchRootKey,
				});
				const call = callPath(agent, probe.canisterId).updates.call("echo", HELLO, { verify: true });
				expect(isBlobError(await failure(call), "certificate_invalid")).toBe(true);
			}
			expect(faulty.seen.map(({ kind }) => kind)).toEqual([...attempts, ...attempts]);
		});

		it("is never fetched from the mainnet", () => {
			const agent = { host: new URL("https://icp-api.io/") } as never;
			expect(() => checkAgent(agent, true)).toThrow(/never fetched/);
		});
	});

	describe("faults", () => {
		/** Counts up by one each time that it is really executed. */
		const count = async (options: Parameters<typeof callPath>[2] = {}) => {
			const { updates } = callPath(await agentAt(), probe.canisterId, options);
			const reply = await updates.call("inc", new Uint8Array(), { verify: true });
			return new DataView(reply.buffer, reply.byteOffset).getUint32(0, true);
		};

		it("executes a call once whose reply is lost, and asks for the reply", async () => {
			const before = await count();
			const faulty = through(({ kind, nth }) => (kind === "call" && nth === 0 ? "reply-lost" : undefined));
			expect(await count()).toBe(before + 1);
			expect(faulty.seen.map(({ kind }) => kind)).toEqual(["call", "read_state"]);
			expect(await count()).toBe(before + 2);
		});

		it("executes a call once, whichever of its requests are lost", async () => {
			for (let n = 0; n < 4; n++) {
				for (const fault of ["lost", "reply-lost"] as const) {
					const before = await count();
					through(({ index }) => (index <= n ? fault : undefined));
					expect(await count()).toBe(before + 1);
				}
			}
		});

		it("sends the same signed message again", async () => {
			const faulty = through(({ kind, nth }) => (kind === "call" && nth < 2 ? "lost" : undefined));
			await count();
			const calls = faulty.seen.filter(({ kind }) => kind === "call").map(({ requestId }) => requestId);
			expect(calls.length).toBe(3);
			expect(new Set(calls).size).toBe(1);
		});

		it("polls after a 202", async () => {
			const before = await count();
			const faulty = through(({ kind }) => (kind === "call" ? "accepted" : undefined));
			expect(await count()).toBe(before + 1);
			expect(faulty.seen.map(({ kind }) => kind)).toEqual(["call", "read_state"]);
		});

		it("sends a call again that was taken and then dropped, the same message, in good time", async () => {
			const before = await count();
			const faulty = through(({ kind, nth }) => (kind === "call" && nth === 0 ? { status: 202 } : undefined));
			// A clock that runs ahead by what is slept.
			let ahead = 0;
			const sleep = async (ms: number) => {
				ahead += ms;
				await hastyPorts.sleep(1);
			};
			expect(await count({ ports: { ...hastyPorts, now: () => Date.now() + ahead, sleep } })).toBe(
				before + 1,
			);
			const calls = faulty.seen.filter(({ kind }) => kind === "call").map(({ requestId }) => requestId);
			expect(calls.length).toBe(2);
			expect(new Set(calls).size).toBe(1);
			expect(ahead).toBeGreaterThan(10_000);
			expect(ahead).toBeLessThan(30_000);
		});

		/** What releases of 2025 and 2026, and what stands before them, answer to a version that they do not know. */
		const unknownVersions: Record<string, Fault> = {
			"a replica": { status: 404 },
			"a gateway of 2025": { status: 400, body: "<!DOCTYPE html><h1>400</h1>", contentType: "text/html" },
			"a proxy that knows the methods": { status: 405, body: "" },
			"a proxy that knows the versions": { status: 501, body: "" },
			"a proxy with a page": { status: 200, body: "<html></html>", contentType: "text/html" },
		};
		it.each(Object.entries(unknownVersions))(
			"falls back to the versions that a host knows: %s",
			async (_, unknown) => {
				const faulty = through(({ version }) => (version === 2 ? undefined : unknown));
				const { updates, queries } = callPath(await agentAt(), probe.canisterId);
				expect(await updates.call("echo", HELLO, { verify: true })).toEqual(HELLO);
				expect(await queries.once("echo_query", HELLO, { isBound: true })).toEqual(HELLO);
				expect(faulty.seen.map(({ kind, version }) => `v${version} ${kind}`).slice(0, 4)).toEqual([
					"v4 call",
					"v3 call",
					"v2 call",
					"v3 read_state",
				]);
				probe.network.requests.clear();
				await updates.call("echo", HELLO, { verify: true });
				expect(faulty.seen.map(({ version }) => version)).not.toContain(4);
			},
		);

		it("keeps to a version that has worked", async () => {
			let answer: Fault | undefined;
			const faulty = through(() => answer);
			const { updates } = callPath(await agentAt(), probe.canisterId);
			await updates.call("echo", HELLO, { verify: true });
			answer = { status: 404 };
			const error = await failure(updates.call("echo", HELLO, { verify: true }));
			expect(isBlobError(error, "http") && error.details.status).toBe(404);
			expect(faulty.seen.map(({ version }) => version)).toEqual([4, 4]);
		});

		it("waits for the network as long as a web page comes instead of answers", async () => {
			const page = { status: 200, body: "<title>Sign in to Wi-Fi</title>", contentType: "text/html" };
			const faulty = through(({ index }) => (index < 9 ? page : undefined));
			expect(await count()).toBeGreaterThan(0);
			// A proxy may have passed the call on: each time the network is asked what became of it.
			const versions = [4, 3, 2, ...Array(3).fill([3, 2]).flat(), 3, 4];
			expect(faulty.seen.map(({ version }) => version)).toEqual(versions);
			through(() => page);
			const error = await failure(count());
			expect(isBlobError(error, "network") && error.message).toContain("Sign in to Wi-Fi");
		});

		it("gives up within seconds on a host that has never answered", async () => {
			const lost = through(() => "lost");
			const ports = virtualPorts(1);
			const patient = { maxAttempts: 1_000, deadlineMs: 600_000, baseDelayMs: 1_000 };
			const error = await failure(count({ ports, policy: patient }));
			expect(isBlobError(error, "network")).toBe(true);
			expect(lost.seen.length).toBeLessThanOrEqual(5);
			expect(ports.slept.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(10_000);
			through(() => ({ status: 502, body: "<h1>Bad gateway</h1>" }));
			const refused = await failure(count({ ports: virtualPorts(1), policy: patient }));
			expect(isBlobError(refused, "http") && refused.message).toContain("Bad gateway");
		});

		it("is patient with a host that has answered before", async () => {
			let fault: Fault | undefined;
			const faulty = through(() => fault);
			const ports = { ...virtualPorts(1), now: Date.now };
			const { updates } = callPath(await agentAt(), probe.canisterId, { ports, policy: { maxAttempts: 9 } });
			await updates.call("echo", HELLO, { verify: true });
			fault = "lost";
			expect(isBlobError(await failure(updates.call("echo", HELLO, { verify: true })), "network")).toBe(true);
			expect(faulty.seen.length).toBe(1 + 9);
		});

		it("asks once for a canister that is not there", async () => {
			const faulty = through(() => undefined);
			const { updates } = callPath(await agentAt(), Principal.fromText("rrkah-fqaaa-aaaaa-aaaaq-cai"));
			const error = await failure(updates.call("echo", HELLO, { verify: true }));
			expect(isBlobError(error) && error.action).toBe("fix");
			expect(faulty.seen.length).toBe(1);
		});

		it("comes again no sooner than it is told to", async () => {
			through(({ index }) => (index === 0 ? { status: 429, retryAfter: 7 } : undefined));
			const slept: number[] = [];
			const ports = { ...hastyPorts, sleep: async (ms: number) => void slept.push(ms) };
			await count({ ports });
			expect(slept.length).toBe(1);
			expect(slept[0]).toBeGreaterThanOrEqual(7_000);
		});

		it("retries 503 and gives up with what it was told", async () => {
			const body = "Service is overloaded, try again later.";
			const faulty = through(() => ({ status: 503, body }));
			const error = await failure(count());
			expect(isBlobError(error, "http") && error.details).toMatchObject({ status: 503, body });
			expect(faulty.seen.length).toBe(6);
		});

		it("never retries 400", async () => {
			const faulty = through(() => ({ status: 400, body: "no" }));
			expect(isBlobError(await failure(count()), "http")).toBe(true);
			expect(faulty.seen.length).toBe(1);
		});

		it("stops at once when it is aborted, while it waits for an answer or between attempts", async () => {
			for (const fault of [{ delayMs: 5_000 }, { status: 503 }] satisfies Fault[]) {
				through(() => fault);
				const controller = new AbortController();
				const ports = { ...virtualPorts(), now: Date.now, sleep: hastyPorts.sleep };
				const agent = await agentAt();
				const { updates } = callPath(agent, probe.canisterId, { ports, policy: { maxAttempts: 100_000 } });
				const options = { verify: true, signal: controller.signal };
				const call = failure(updates.call("echo", HELLO, options));
				setTimeout(() => controller.abort(new Error("enough")), 100);
				const error = await call;
				expect(isBlobError(error, "aborted") && error.message).toContain("enough");
				expect((error as Error).name).toBe("AbortError");
			}
		});

		it("gives up an exchange that takes too long", async () => {
			through(() => ({ delayMs: 3_000 }));
			const options = { timeoutMs: 50, policy: { maxAttempts: 2 } };
			const { updates } = callPath(await agentAt(), probe.canisterId, options);
			// It is executed when nobody waits any more, so it must be nothing that another test counts.
			const error = await failure(updates.call("echo", HELLO, { verify: true }));
			expect(isBlobError(error, "timeout")).toBe(true);
		});
	});

	describe("answers that do not verify", () => {
		const forgedBy = (times: number) => {
			let left = times;
			return through(({ kind }) => (kind !== "status" && left-- > 0 ? "certificate-key" : undefined));
		};
		const call = async () =>
			callPath(await agentAt(), probe.canisterId).updates.call("echo", HELLO, { verify: true });
		const query = async () => {
			const { queries } = callPath(await agentAt(), probe.canisterId);
			const options = { isBound: false };
			return queries.retry(() => queries.once("echo_query", HELLO, options), options);
		};

		it("are asked for again, of a call without calling again", async () => {
			const faulty = forgedBy(2);
			expect(await call()).toEqual(HELLO);
			expect(faulty.seen.map(({ kind }) => kind)).toEqual(["call", "read_state", "read_state"]);
		});

		it("are asked for three times, then a call ends: somebody forges them all", async () => {
			const faulty = forgedBy(Number.POSITIVE_INFINITY);
			const error = await failure(call());
			expect(error).toMatchObject({ code: "certificate_invalid", action: "give_up" });
			expect(faulty.seen.map(({ kind }) => kind)).toEqual(["call", "read_state", "read_state"]);
		});

		it("are asked for three times, then a query ends that no hash binds", async () => {
			const faulty = through(({ kind }) => (kind === "query" ? "certificate-key" : undefined));
			const error = await failure(query());
			expect(error).toMatchObject({ code: "certificate_invalid", action: "give_up" });
			expect(faulty.seen.filter(({ kind }) => kind === "query").length).toBe(3);
		});
	});

	describe("rejections and bounds", () => {
		const path = async () => callPath(await agentAt(), probe.canisterId);

		it("tells a trap, a reject and a refusal, with the network's codes", async () => {
			const { updates, queries } = await path();
			for (const [method, rejectCode, errorCode] of [
				["trap", 5, "IC0503"],
				["reject", 4, "IC0406"],
				["refused", 4, "IC0406"],
				["no_such_method", 5, "IC0536"],
			] as const) {
				const error = await failure(updates.call(method, HELLO, { verify: true }));
				expect(isBlobError(error, "rejected") && error.details).toMatchObject({
					method,
					rejectCode,
					errorCode,
				});
			}
			for (const isBound of [true, false]) {
				const error = await failure(queries.once("trap_query", HELLO, { isBound }));
				expect(isBlobError(error, "rejected") && error.details.rejectCode).toBe(5);
			}
		});

		it("sends a message as large as a subnet takes, and says by how much a larger one is too large", async () => {
			const { updates } = await path();
			const fits = new Uint8Array(2_096_700);
			expect((await updates.call("echo", fits, { verify: false })).length).toBe(fits.length);
			const error = await failure(updates.call("echo", new Uint8Array(2_097_152), { verify: false }));
			if (!isBlobError(error, "message_too_large")) throw error;
			expect(error.details.over).toBe(error.details.bytes - 2_097_152);
			// The largest that passes is exactly the one that is not refused here.
			const largest = new Uint8Array(2_097_152 - error.details.over);
			expect((await updates.call("echo", largest, { verify: false })).length).toBe(largest.length);
			const over = await failure(updates.call("echo", new Uint8Array(largest.length + 1), { verify: false }));
			expect(isBlobError(over, "message_too_large") && over.details.over).toBe(1);
		});
	});

	describe("what may go wrong beside a call", () => {
		const query = async (options: Partial<AgentOptions> = {}) => {
			const { queries } = callPath(await agentAt(options), probe.canisterId);
			return failure(queries.once("echo_query", HELLO, { isBound: false }));
		};

		it("a query of which no other answer binds the result", async () => {
			through(() => ({ status: 503, body: "busy" }));
			const busy = await query();
			expect(isBlobError(busy, "http") && busy.details).toMatchObject({ status: 503 });
			through(() => "lost");
			const broken = await query();
			expect(isBlobError(broken, "network") && broken.action).toBe("retry");
			probe.network.faults.clear();
			const foreign = await query({ rootKey: MAINNET });
			expect(isBlobError(foreign, "certificate_invalid")).toBe(true);
			through(({ kind, nth }) => (kind === "query" && nth === 0 ? "certificate-key" : undefined));
			const forged = await query();
			expect(isBlobError(forged, "certificate_invalid") && forged.message).toContain("no node");
		});

		it("an identity that it has lost", async () => {
			const agent = await changeable();
			agent.invalidateIdentity();
			const gone = callPath(agent, probe.canisterId).updates.call("echo", HELLO, { verify: true });
			expect(isBlobError(await failure(gone), "identity_unusable")).toBe(true);
		});

		it("an identity that it no longer has signs nothing", async () => {
			const agent = await changeable();
			agent.replaceIdentity(testIdentity(3));
			const error = await failure(
				callPath(agent, probe.canisterId).updates.call("echo", HELLO, { verify: true }),
			);
			expect(isBlobError(error, "identity_unusable")).toBe(true);
		});

		it("an identity signs with the clock of the network once it is known", async () => {
			const faulty = through(({ index }) =>
				index === 0
					? {
							status: 400,
							body: "Invalid request expiry: Specified ingress_expiry not within expected range",
						}
					: undefined,
			);
			const { updates } = callPath(await agentAt(), probe.canisterId);
			expect(await updates.call("echo", HELLO, { verify: true })).toEqual(HELLO);
			expect(faulty.seen.filter(({ kind }) => kind === "call").length).toBe(2);
		});
	});
});
