/** Faults at the n-th request: the client's view, and what the network has executed. */
import { Cbor, HttpAgent, polling } from "@dfinity/agent";
import type { Principal } from "@dfinity/principal";
import * as icp from "@icp-sdk/core/agent";
import { Principal as IcpPrincipal } from "@icp-sdk/core/principal";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createNetwork, type Fault, type MessageRecord, type Network } from "../../src/localnet/index.js";
import { callCanister, queryCanister } from "./support/call.js";
import { agentFor, deploy, testIdentity } from "./support/deploy.js";
import { encode, inSeconds, post } from "./support/raw.js";
import { probe } from "./support/wat.js";

let network: Network;
let canister: Principal;
let executed: MessageRecord[] = [];
const hello = Buffer.from("hello");

beforeAll(async () => {
	network = await createNetwork({ onMessage: (record) => executed.push(record) });
	canister = await deploy(await agentFor(network), await probe());
});
afterAll(() => network?.dispose());
beforeEach(() => {
	network.faults.clear();
	network.requests.clear();
	executed = [];
});

let nonce = 0;
const contentOf = (method: string, own: Record<string, unknown> = {}) => ({
	request_type: method.endsWith("_query") ? "query" : "call",
	canister_id: canister.toUint8Array(),
	method_name: method,
	arg: new Uint8Array(hello),
	nonce: Buffer.from(String(nonce++)),
	...own,
});
const pathOf = (kind: string, version = 4) => `/api/v${version}/canister/${canister}/${kind}`;
const call = async (method = "echo", version = 4) =>
	post(network.url, pathOf("call", version), await encode({ content: contentOf(method) }));
const updates = () => executed.filter(({ kind }) => kind === "update").map(({ method }) => method);
/** Sends nothing twice by itself, and knows the network's clock from its own only. */
const dfinity = () => agentFor(network, testIdentity(2));
const core = () => icp.HttpAgent.create({ host: network.url, rootKey: network.rootKey, retryTimes: 0 });
const coreId = () => IcpPrincipal.fromText(canister.toText());

describe("the connection", () => {
	test.each([
		["lost", 0],
		["reply-lost", 1],
		["body-broken", 1],
	] as const)("%s: the client has no answer, and it was executed %d times", async (fault, times) => {
		network.faults.at(0, fault);
		await expect(call()).rejects.toThrow();
		expect(updates().length).toBe(times);
		expect(network.requests.entries).toMatchObject([
			{ kind: "call", method: "echo", fault, outcome: "closed" },
		]);
		expect((await call()).status).toBe(200);
	});
});

describe("the answer", () => {
	test.each([
		[{ status: 413 }, /payload_too_large/, "text/plain"],
		[{ status: 429 }, /^The service is overloaded\.$/, "text/plain"],
		[{ status: 503 }, /^Service is overloaded, try again later\.$/, "text/plain"],
		[{ status: 500 }, /^<html>.*500/, "text/html"],
		[{ status: 400, body: "no", contentType: "text/x-no" }, /^no$/, "text/x-no"],
	] satisfies [Fault, RegExp, string][])(
		"%j comes instead, and nothing is executed",
		async (fault, text, type) => {
			network.faults.at(0, fault);
			const answer = await call();
			expect(answer.status).toBe(fault.status);
			expect(answer.text).toMatch(text);
			expect(answer.headers.get("content-type")).toContain(type);
			expect(answer.headers.get("retry-after")).toBeNull();
			expect(updates()).toEqual([]);
		},
	);

	test("tells when to come again, in seconds or by a date", async () => {
		const date = "Wed, 25 Nov 2026 00:00:00 GMT";
		network.faults.at(0, { status: 503, retryAfter: 3 });
		network.faults.at(1, { status: 429, retryAfter: date });
		const told = [await call(), await call()].map(({ headers }) => headers.get("retry-after"));
		expect(told).toEqual(["3", date]);
	});

	test("is CBOR that ends in the middle, of another type, or a 202; it was executed", async () => {
		network.faults.at(0, "cbor-cut");
		network.faults.at(1, "content-type");
		network.faults.at(2, "accepted");
		await expect(callCanister(await dfinity(), canister, "echo")).rejects.toThrow();
		const typed = await call();
		expect(typed.headers.get("content-type")).toBe("text/html");
		expect(typed.body).toMatchObject({ status: "replied" });
		expect(await call()).toMatchObject({ status: 202, text: "" });
		expect(updates().length).toBe(3);
	});
});

describe("instead of execution", () => {
	test.each([1, 2, 3, 4, 5] as const)("reject code %d, certified, to calls and queries", async (reject) => {
		const fault = { reject, message: "so it is", errorCode: "IC0999" };
		for (const kind of ["call", "query"] as const) network.faults.every(1, fault, { kind });
		const rejected = { code: reject, errorCode: "IC0999", message: "so it is" };
		await expect(callCanister(await dfinity(), canister, "echo")).rejects.toMatchObject(rejected);
		await expect(queryCanister(await dfinity(), canister, "echo_query")).rejects.toMatchObject(rejected);
		await expect((await core()).update(coreId(), { methodName: "echo", arg: hello })).rejects.toThrow(
			/so it is/,
		);
		expect(executed.filter(({ kind }) => kind !== "inspect")).toEqual([]);
	});

	test("a reject is told to who polls, or by the node that takes the call in", async () => {
		network.faults.at(0, { reject: 4 }, { kind: "call" });
		const agent = await dfinity();
		const { requestId } = await agent.call(canister, { methodName: "echo", arg: hello, callSync: false });
		await expect(polling.pollForResponse(agent, canister, requestId)).rejects.toThrow(/rejected/);
		network.faults.at(0, { reject: 2, isCertified: false });
		expect((await call()).body).toMatchObject({ status: "non_replicated_rejection", reject_code: 2 });
		expect(updates()).toEqual([]);
	});
});

describe("what does not verify", () => {
	test.each(["certificate-byte", "certificate-key"] as const)(
		"%s: a call, a query, a poll",
		async (fault) => {
			const [agent, other] = [await dfinity(), await core()];
			const forged = (kind: "call" | "query" | "read_state") => {
				network.faults.clear();
				return network.faults.every(1, fault, { kind });
			};
			const refused = (operation: Promise<unknown>) => expect(operation).rejects.toThrow(/[Ss]ignature/);
			forged("call");
			await refused(callCanister(agent, canister, "echo", hello));
			await refused(other.update(coreId(), { methodName: "echo", arg: hello }));
			forged("query");
			await refused(queryCanister(agent, canister, "echo_query", hello));
			await refused(other.query(coreId(), { methodName: "echo_query", arg: hello }));
			forged("read_state");
			const { requestId } = await agent.call(canister, { methodName: "echo", arg: hello, callSync: false });
			await refused(polling.pollForResponse(agent, canister, requestId));
			expect(updates().length).toBe(3);
		},
	);

	test.each([
		[{ clockMinutes: -10 }, /5 minutes in the past/],
		[{ clockMinutes: 10 }, /5 minutes in the future/],
	])("%j: the signature is right, and the time is not", async (fault, why) => {
		network.faults.every(1, fault, { kind: "call" });
		await expect(callCanister(await dfinity(), canister, "echo", hello)).rejects.toThrow(why);
		expect(updates()).toEqual(["echo"]);
	});

	test("a clock that is off by less than agents allow is fine, and really another", async () => {
		network.faults.every(1, { clockMinutes: -2 });
		expect(Buffer.from(await callCanister(await dfinity(), canister, "echo", hello)).toString()).toBe(
			"hello",
		);
		const query = await encode({ content: contentOf("echo_query") });
		const { body } = await post(network.url, pathOf("query", 2), query);
		const [{ timestamp }] = (body as { signatures: [{ timestamp: bigint }] }).signatures;
		expect(inSeconds(0) - BigInt(timestamp)).toBeGreaterThan(119_000_000_000n);
	});

	test("an answer without certificate or signature cannot be forged, and the network says so", async () => {
		network.faults.at(0, "certificate-byte");
		expect(await call("echo", 2)).toMatchObject({
			status: 500,
			text: expect.stringContaining("cannot be forged"),
		});
		expect(network.requests.entries.at(-1)?.outcome).toBe(500);
	});
});

describe("the order", () => {
	const queries = () => executed.filter(({ kind }) => kind === "query").map(({ method }) => method);
	const ask = async (method: string) => {
		const content = { ...contentOf(method), request_type: "query" };
		return post(network.url, pathOf("query", 2), await encode({ content }));
	};

	test("a request waits until two later ones were answered", async () => {
		network.faults.at(0, { holdRequests: 2 });
		const held = call("echo");
		await expect.poll(() => network.requests.entries[0]?.isHeld).toBe(true);
		await call("inc");
		await call("certify");
		expect((await held).status).toBe(200);
		expect(network.requests.entries.map(({ isHeld }) => isHeld)).toEqual([false, false, false]);
		expect(updates()).toEqual(["inc", "certify", "echo"]);
	});

	test("a request that is late lets a later one pass", async () => {
		network.faults.at(0, { delayMs: 2_000 });
		const late = call("echo");
		await expect.poll(() => network.requests.count()).toBe(1);
		await call("inc");
		await late;
		expect(updates()).toEqual(["inc", "echo"]);
	});

	test("a request is handed in twice: a call is executed once, a query twice", async () => {
		network.faults.at(0, "duplicate", { kind: "call" });
		network.faults.at(0, "duplicate", { kind: "query" });
		expect((await call("inc")).body).toMatchObject({ status: "replied" });
		await ask("echo_query");
		expect(updates()).toEqual(["inc"]);
		expect(queries()).toEqual(["echo_query", "echo_query"]);
		// The network's answers count as one request each: the client sent no more.
		expect(network.requests.count()).toBe(2);
	});

	test("a copy comes late, after others, or right after the request itself", async () => {
		network.faults.at(0, { duplicateAfter: 2 });
		for (const method of ["echo_query", "inc_query", "reject_query"]) await ask(method);
		await expect.poll(queries).toEqual(["echo_query", "inc_query", "reject_query", "echo_query"]);
		network.faults.at(0, { duplicateAfter: 0 });
		executed = [];
		await ask("inc_query");
		expect(queries()).toEqual(["inc_query", "inc_query"]);
	});

	test("a request that comes past its expiry is refused", async () => {
		let now = inSeconds(0);
		await using moved = await createNetwork({ clock: () => now });
		const id = await deploy(await agentFor(moved), await probe());
		moved.faults.at(0, "expired");
		const body = await encode({ content: contentOf("echo", { canister_id: id.toUint8Array() }) });
		const late = post(moved.url, `/api/v4/canister/${id}/call`, body);
		await expect.poll(() => moved.requests.entries.at(-1)?.fault).toBe("expired");
		now += 400_000_000_000n;
		expect(await late).toMatchObject({
			status: 400,
			text: expect.stringContaining("Invalid request expiry"),
		});
	});

	test("what is still held when the network ends, ends with it", async () => {
		const other = await createNetwork();
		other.faults.at(0, { holdRequests: 1 });
		other.faults.at(1, { delayMs: 3_600_000 });
		const waiting = [1, 2].map(() => fetch(`${other.url}/api/v2/status`).catch(() => "closed"));
		await expect.poll(() => other.requests.count()).toBe(2);
		await other.dispose();
		expect(await Promise.all(waiting)).toEqual(["closed", "closed"]);
	});
});

describe("the script", () => {
	test("hits by kind, method and version; the earliest rule wins, and all count", async () => {
		const third = network.faults.every(3, { status: 503 }, { method: "echo" });
		const rule = network.faults.at(1, { status: 429 }, { kind: "call", version: 2 });
		const statuses: number[] = [];
		for (const [method, version] of [
			["echo", 4],
			["inc", 2],
			["echo", 4],
			["echo", 2],
			["echo", 4],
			["inc", 2],
		] as const)
			statuses.push((await call(method, version)).status);
		expect(statuses).toEqual([200, 202, 200, 503, 200, 202]);
		expect([third.hits, rule.hits]).toEqual([1, 0]);
	});

	test("sees each request, and ends with its block, or when it is removed", async () => {
		const seen: (string | undefined)[] = [];
		{
			using _ = network.faults.when(({ index, method }) => {
				seen.push(method);
				return index === 1 ? { status: 503 } : undefined;
			});
			expect([(await call()).status, (await call("inc")).status]).toEqual([200, 503]);
		}
		const removed = network.faults.every(1, "lost");
		removed.remove();
		expect((await call()).status).toBe(200);
		expect(seen).toEqual(["echo", "inc"]);
	});

	test("the log tells how many requests an operation makes, for a fault at each", async () => {
		const operation = async () => {
			const agent = await HttpAgent.create({ host: network.url, rootKey: network.rootKey, retryTimes: 0 });
			return callCanister(agent, canister, "echo", hello);
		};
		network.faults.every(1, "accepted", { kind: "call" });
		await operation();
		const kinds = network.requests.entries.map(({ kind }) => kind);
		expect(kinds).toEqual(["call", "read_state"]);
		for (let n = 0; n < kinds.length; n++) {
			network.faults.clear();
			const rule = network.faults.at(n, { status: 400 });
			network.faults.every(1, "accepted", { kind: "call" });
			await expect(operation()).rejects.toThrow("400");
			expect(rule.hits).toBe(1);
		}
	});

	test("the log tells of each request what it was, and what became of it", async () => {
		const body = await encode({ content: contentOf("echo") });
		await post(network.url, pathOf("call"), body);
		await post(network.url, pathOf("call"), body);
		await fetch(`${network.url}/api/v2/status`);
		await fetch(`${network.url}/nowhere`);
		const [first, second, ...others] = network.requests.entries;
		expect(first).toEqual({
			index: 0,
			nth: 0,
			kind: "call",
			version: 4,
			canister: canister.toText(),
			method: "echo",
			requestId: expect.stringMatching(/^[0-9a-f]{64}$/),
			bytes: body.length,
			fault: undefined,
			isHeld: false,
			outcome: 200,
		});
		expect(second).toEqual({ ...first, index: 1, nth: 1 });
		expect(others.map(({ kind, outcome }) => `${kind} ${outcome}`)).toEqual(["status 200", "other 404"]);
		expect(network.requests.count({ method: "echo" })).toBe(2);
		expect(Cbor.decode(body)).toBeDefined();
	});
});
