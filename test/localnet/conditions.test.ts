/** Conditions of a network: its connection, its blocks, and its refusals. */
import type { Principal } from "@dfinity/principal";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { NO_CONDITIONS, resolveConditions } from "../../src/localnet/conditions/conditions.js";
import { Downlink } from "../../src/localnet/conditions/downlink.js";
import { Uplink } from "../../src/localnet/conditions/uplink.js";
import { type Conditions, createNetwork, type Network } from "../../src/localnet/index.js";
import { agentFor, deploy } from "./support/deploy.js";
import { encode, post, type RawAnswer } from "./support/raw.js";
import { probe } from "./support/wat.js";

/** No block is made by the clock within a test: `tick` makes them. */
const BY_HAND = 3_600_000;

let network: Network;
let canister: Principal;
let nonce = 0;

beforeEach(async () => {
	network = await createNetwork({ signatures: "test", seed: "conditions" });
	canister = await deploy(await agentFor(network), await probe());
});
afterEach(() => network.dispose());

const send = async (method = "inc", bytes = 0, version = 4): Promise<RawAnswer> => {
	const kind = method.endsWith("_query") ? "query" : "call";
	const content = {
		request_type: kind,
		canister_id: canister.toUint8Array(),
		method_name: method,
		arg: new Uint8Array(bytes),
		nonce: Buffer.from(String(nonce++)),
	};
	const path = `/api/v${kind === "query" ? 2 : version}/canister/${canister}/${kind}`;
	return post(network.url, path, await encode({ content }));
};
const statusOf = (method?: string) =>
	send(method).then(
		({ status }) => status,
		() => "closed",
	);
const executed = () => network.metrics(canister.toText()).messages;
const arrived = (count: number) => expect.poll(() => network.requests.count({ kind: "call" })).toBe(count);

describe("on the way", () => {
	test("latency holds requests up, and may change while the network runs", async () => {
		const order: string[] = [];
		network.setConditions({ latencyMs: [1_000, 2_000] });
		network.requests.clear();
		const slow = send().then(() => order.push("slow"));
		await arrived(1);
		network.setConditions({});
		await send().then(() => order.push("fast"));
		await slow;
		expect(order).toEqual(["fast", "slow"]);
	});

	test("a lost request is not executed, one whose reply is lost is", async () => {
		const before = executed();
		network.setConditions({ requestLoss: 1 });
		expect(await statusOf()).toBe("closed");
		expect(executed()).toBe(before);
		network.setConditions({ replyLoss: 1 });
		expect(await statusOf()).toBe("closed");
		network.setConditions({});
		await send("inc_query");
		expect(network.requests.entries.slice(-3).map(({ outcome }) => outcome)).toEqual([
			"closed",
			"closed",
			200,
		]);
	});

	test("luck repeats with the seed", async () => {
		const luck = async (seed: string) => {
			await using other = await createNetwork({ seed, conditions: { requestLoss: 0.5 } });
			const outcomes: unknown[] = [];
			for (let i = 0; i < 20; i++)
				outcomes.push(
					await fetch(`${other.url}/api/v2/status`).then(
						({ status }) => status,
						() => "closed",
					),
				);
			return outcomes.join(" ");
		};
		const first = await luck("one");
		expect(first).toContain("200");
		expect(first).toContain("closed");
		expect(await luck("one")).toBe(first);
		expect(await luck("two")).not.toBe(first);
	});

	test("an uplink has one bandwidth for all, and streams wait for their share", () => {
		let now = 0;
		const waits: number[] = [];
		const paused: string[] = [];
		const settings = () => resolveConditions({ uplinkBytesPerSecond: 1_000 });
		const uplink = new Uplink(settings, { after: (ms) => waits.push(ms) }, () => now);
		const stream = (name: string) => ({ pause: () => paused.push(name), resume: () => {} });
		uplink.carry(500, stream("a"));
		uplink.carry(1_000, stream("b"));
		now = 1_000;
		uplink.carry(250, stream("a"));
		now = 10_000;
		uplink.carry(100, stream("b"));
		expect(paused).toEqual(["a", "b", "a", "b"]);
		expect(waits).toEqual([500, 1_500, 750, 100]);
	});

	test("a downlink has one bandwidth for all, who take turns, and makes up for late timers", async () => {
		let now = 5_000;
		const settings = () => resolveConditions({ downlinkBytesPerSecond: 400_000 });
		const sleep = async (ms: number) => {
			now += ms + 1;
		};
		const downlink = new Downlink(settings, { sleep }, () => now);
		const order: string[] = [];
		const receive = async (name: string, bytes: number) => {
			for await (const piece of downlink.carry(new Uint8Array(bytes))) {
				expect(piece.length).toBeLessThanOrEqual(1_024);
				order.push(name);
			}
			return now;
		};
		const [large, small] = await Promise.all([receive("large", 40_960), receive("small", 2_048)]);
		expect(order.slice(0, 4)).toEqual(["large", "small", "large", "small"]);
		expect(small).toBeLessThan(5_020);
		// 43,008 bytes take 107.5 ms, of which the idle line had 50 ms in hand.
		expect(large).toBeGreaterThanOrEqual(5_055);
		expect(large).toBeLessThanOrEqual(5_065);
	});

	test("a large reply on a slow downlink comes after a small one that was asked for later", async () => {
		network.setConditions({ downlinkBytesPerSecond: 1_000_000 });
		const order: string[] = [];
		const large = send("echo", 400_000).then(({ status }) => order.push(`large ${status}`));
		await new Promise((resolve) => setTimeout(resolve, 50));
		await send("inc").then(({ status }) => order.push(`small ${status}`));
		await large;
		expect(order).toEqual(["small 200", "large 200"]);
	});

	test("a large body on a slow uplink comes after a small one that set out later", async () => {
		network.setConditions({ uplinkBytesPerSecond: 500_000 });
		const order: string[] = [];
		const large = send("echo", 1_000_000).then(({ status }) => order.push(`large ${status}`));
		await new Promise((resolve) => setTimeout(resolve, 50));
		await send("echo", 10).then(({ status }) => order.push(`small ${status}`));
		await large;
		expect(order).toEqual(["small 200", "large 200"]);
	});
});

describe("turned away", () => {
	test("every n-th, with and without Retry-After, in plain text", async () => {
		network.setConditions({
			refusals: [
				{ status: 429, every: 2, retryAfterSeconds: 7, kinds: ["call"] },
				{ status: 503, probability: 1, kinds: ["query"] },
			],
		});
		expect([await statusOf(), await statusOf(), await statusOf()]).toEqual([200, 429, 200]);
		const throttled = await send();
		expect(throttled).toMatchObject({ status: 429, text: "The service is overloaded." });
		expect(throttled.headers.get("retry-after")).toBe("7");
		const busy = await send("inc_query");
		expect(busy).toMatchObject({ status: 503, text: "Service is overloaded, try again later." });
		expect(busy.headers.get("retry-after")).toBeNull();
		expect(busy.headers.get("content-type")).toContain("text/plain");
	});

	test("a call more than the node takes at once, and an ingress pool that is full", async () => {
		network.setConditions({ blockIntervalMs: BY_HAND, callsAtOnce: 2, poolBytes: 1_000 });
		network.requests.clear();
		const waiting = [send(), send()];
		await arrived(2);
		expect(await send()).toMatchObject({ status: 429, text: "The service is overloaded." });
		network.setConditions({ ...network.conditions, callsAtOnce: 50 });
		expect(await send("inc", 1_000)).toMatchObject({
			status: 503,
			text: "Service is overloaded, try again later.",
		});
		network.tick();
		expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([200, 200]);
	});
});

describe("blocks", () => {
	const blocksAfter = async (conditions: Conditions, messages: number, bytes: number) => {
		network.setConditions({ blockIntervalMs: BY_HAND, ...conditions });
		const height = network.blocks.at(-1)!.height;
		for (let i = 0; i < messages; i++) expect((await send("echo", bytes, 2)).status).toBe(202);
		while (network.blocks.at(-1)!.ingressMessages > 0 || network.blocks.at(-1)!.height === height)
			network.tick();
		return network.blocks.filter((block) => block.height > height && block.ingressMessages > 0);
	};

	test("take 4 MiB, in the order that messages came; the records say what", async () => {
		const blocks = await blocksAfter({}, 5, 2_000_000);
		expect(blocks.map(({ ingressMessages }) => ingressMessages)).toEqual([2, 2, 1]);
		const [first] = blocks;
		expect(first!.ingress[0]).toMatchObject({ canister: canister.toText(), method: "echo" });
		expect(first!.ingressBytes).toBe(first!.ingress[0]!.bytes + first!.ingress[1]!.bytes);
		expect(first!.ingress[0]!.bytes).toBeGreaterThan(2_000_000);
		const last = blocks.at(-1)!;
		// How full the blocks were from the first to the last, as a measurement would count it.
		const span = network.blocks.slice(first!.height - 1, last.height);
		const share = span.reduce((sum, { ingressBytes }) => sum + ingressBytes, 0) / (span.length * 4_194_304);
		expect(share).toBeCloseTo((5 * 2_000_000) / (3 * 4_194_304), 3);
		expect(first!.time).toBeLessThan(last.time);
	});

	test("take so many messages and bytes as they are told, and one that is larger alone", async () => {
		const counts = async (conditions: Conditions, bytes: number) =>
			(await blocksAfter(conditions, 5, bytes)).map(({ ingressMessages }) => ingressMessages);
		expect(await counts({ blockIngressMessages: 3 }, 1)).toEqual([3, 2]);
		expect(await counts({ blockIngressBytes: 100 }, 1_000)).toEqual([1, 1, 1, 1, 1]);
		expect(NO_CONDITIONS).toMatchObject({ blockIngressMessages: 1_000, blockIngressBytes: 4_194_304 });
	});

	test("are told to onBlock, and made at an interval also where they are empty", async () => {
		const heights: number[] = [];
		await using other = await createNetwork({
			conditions: { blockIntervalMs: 10 },
			onBlock: ({ height, ingressMessages }) => ingressMessages === 0 && heights.push(height),
		});
		await expect.poll(() => heights.length).toBeGreaterThan(3);
		expect(heights.slice(0, 3)).toEqual([1, 2, 3]);
		expect(other.blocks[0]).toMatchObject({ height: 1, ingress: [] });
	});

	test("a message that waits for a far block is in one at once when the interval is given up", async () => {
		network.setConditions({ blockIntervalMs: BY_HAND });
		network.requests.clear();
		const waiting = send();
		await arrived(1);
		network.setConditions({});
		expect((await waiting).status).toBe(200);
	});

	test("show their replies and statuses when they are certified, not before", async () => {
		network.setConditions({ blockIntervalMs: BY_HAND, certificationMs: BY_HAND });
		const before = executed();
		network.requests.clear();
		let answered = false;
		const waiting = send().then((answer) => {
			answered = true;
			return answer;
		});
		await arrived(1);
		await send("inc_query");
		network.tick();
		expect(executed()).toBeGreaterThan(before + 1);
		// A later request is answered meanwhile: the reply is held back, not slow.
		await send("inc_query");
		expect(answered).toBe(false);
		network.setConditions({});
		network.tick();
		expect((await waiting).body).toMatchObject({ status: "replied" });
	});
});

describe("by name", () => {
	test("the mainnet's figures, and what is given beside a profile", () => {
		const mainnet = resolveConditions("mainnet");
		expect(mainnet).toMatchObject({ latencyMs: [50, 150], callsAtOnce: 50, blockIngressBytes: 4_194_304 });
		expect(1_000 / mainnet.blockIntervalMs).toBeCloseTo(1.2);
		const mean = 2 * 100 + mainnet.blockIntervalMs / 2 + mainnet.certificationMs;
		expect(mean).toBeGreaterThan(1_450);
		expect(mean).toBeLessThan(1_550);
		expect(resolveConditions({ profile: "lossy", latencyMs: 0 })).toMatchObject({
			latencyMs: [0, 0],
			requestLoss: 0.05,
			callsAtOnce: 50,
		});
		expect(resolveConditions()).toEqual(NO_CONDITIONS);
	});

	test.each([
		["a profile that there is not", "moon" as never],
		["a negative latency", { latencyMs: -1 }],
		["a range upside down", { latencyMs: [2, 1] as const }],
		["a probability over 1", { requestLoss: 1.5 }],
		["no bandwidth at all", { uplinkBytesPerSecond: 0 }],
		["no bandwidth down", { downlinkBytesPerSecond: 0 }],
		["a refusal that says not how often", { refusals: [{ status: 429 } as never] }],
		["not a number", { blockIntervalMs: Number.NaN }],
	])("%s is an error", (_, conditions) => {
		expect(() => resolveConditions(conditions)).toThrow(RangeError);
	});
});
