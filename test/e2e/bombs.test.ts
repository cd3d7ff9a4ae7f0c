import { execFileSync } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { HttpAgent } from "@dfinity/agent";
import { IDL } from "@dfinity/candid";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { deployCanister } from "../../examples/support/deploy.js";
import type { MessageRecord } from "../../src/localnet/index.js";
import { METHODS, type MethodName, MIN_CHUNK_BYTES, type WireResult } from "../../src/protocol/index.js";
import bombs from "../canister/candid/bombs.json" with { type: "json" };
import { hex } from "../canister/candid/support.js";
import { deployProxy, type Forwarder, storeThrough } from "../support/proxy.js";
import { ALL, REQUESTS } from "../support/requests.js";
import { isNamed, newId, ok, openStore, refusal, type StoreFixture } from "../support/store.js";

/** Messages that cost their receiver far more than their sender, whoever sends them. */

/** What a bomb may cost, beyond what an empty manual method does. */
const FIXED = 1_000_000;
const PER_BYTE = 3;

/** A canister whose method does nothing, for what Azle itself costs. */
const EMPTY = `import { inspectMessage, msgReply, update } from "azle";
	export default class {
		@inspectMessage({ manual: true })
		inspect(): boolean { return true; }
		@update([], undefined, { manual: true })
		empty(): void { msgReply(new Uint8Array([68, 73, 68, 76, 0, 0])); }
	}`;

/** Instructions by kind of message and method. */
type Costs = ReadonlyMap<string, number>;
const costsOf = (records: readonly MessageRecord[]): Costs =>
	new Map(records.map(({ kind, method, instructions }) => [`${kind} ${method}`, Number(instructions)]));

const isQuery = (method: MethodName) => METHODS[method].kind === "query";
const outcomeOf = (method: MethodName, reply: Uint8Array) =>
	IDL.decode([METHODS[method].result as IDL.Type], reply)[0] as unknown as WireResult<unknown>;

let fixture: StoreFixture;
let proxy: Forwarder;
let stranger: HttpAgent;
/** What inspecting and executing the empty method takes. */
let base: { update: number; inspect: number };
/** What a request that is as it should be takes: a bomb may be one, with more than was asked for. */
let answered: Costs;

beforeAll(async () => {
	fixture = await openStore({ metering: true });
	const { agent } = fixture;
	proxy = await deployProxy(agent);
	// To whom nothing is answered whose cost depends on what came before.
	stranger = await fixture.network.agent(Ed25519KeyIdentity.generate());
	if (isNamed) return;
	const empty = await deployCanister(agent, await buildEmpty());
	const call = { methodName: "empty", arg: new Uint8Array(), effectiveCanisterId: empty };
	const costs = costsOf(await fixture.measure(() => agent.call(empty, call), empty));
	base = { update: costs.get("update empty")!, inspect: costs.get("inspect empty")! };
	answered = costsOf(
		await fixture.measure(async () => {
			for (const method of ALL) {
				const arg = IDL.encode(METHODS[method].args, REQUESTS[method]("a"));
				if (isQuery(method)) await stranger.query(fixture.canisterId, { methodName: method, arg });
				await proxy.call(fixture.canisterId, method, arg);
			}
		}),
	);
});
afterAll(() => fixture.dispose());

async function buildEmpty(): Promise<Uint8Array> {
	const directory = join(dirname(inject("wasm").store), "../empty");
	await mkdir(directory);
	await writeFile(
		join(directory, "dfx.json"),
		JSON.stringify({ canisters: { empty: { type: "custom", main: "index.ts", candid: "empty.did" } } }),
	);
	await writeFile(join(directory, "index.ts"), EMPTY);
	const env = { ...process.env, CANISTER_CANDID_PATH: join(directory, "empty.did") };
	execFileSync("npx", ["azle", "build", "empty"], { cwd: directory, env, stdio: "pipe" });
	return readFile(join(directory, ".azle/empty/empty.wasm"));
}

/** Fails with every method for which this is too much. */
function expectCheap(
	costs: Costs,
	kindOf: (method: MethodName) => MessageRecord["kind"],
	bytes: number,
	passed: ReadonlySet<MethodName>,
): void {
	if (isNamed) return;
	const tooDear = ALL.flatMap((method) => {
		const kind = kindOf(method);
		const cost = costs.get(`${kind} ${method}`);
		if (cost === undefined) throw new Error(`${method} was not called as ${kind}`);
		const own = passed.has(method) ? answered.get(`${kind} ${method}`)! : base.update;
		const beyond = cost - (kind === "inspect" ? base.inspect : own);
		return beyond <= FIXED + PER_BYTE * bytes ? [] : [`${method} ${beyond}`];
	});
	expect(tooDear).toEqual([]);
}

describe.each(bombs)("C07 $name", ({ hex: text, mayPass }) => {
	const bomb = hex(text);
	const passed = new Set<MethodName>();
	const expectRefused = (method: MethodName, reply: Uint8Array) => {
		const outcome = outcomeOf(method, reply);
		if (mayPass && !("err" in outcome && "malformed" in outcome.err)) passed.add(method);
		else expect(refusal(outcome), method).toHaveProperty("malformed");
	};

	test("a user's is refused by inspect_message, and by queries", async () => {
		const { canisterId } = fixture;
		const records = await fixture.measure(() =>
			Promise.all(
				ALL.map(async (method) => {
					if (isQuery(method)) {
						const answer = await stranger.query(canisterId, { methodName: method, arg: bomb });
						if (!("reply" in answer)) throw new Error(`${method}: ${answer.reject_message}`);
						return expectRefused(method, answer.reply.arg);
					}
					const reply = fixture.callRaw(method, bomb);
					if (mayPass) await reply.catch(() => {});
					else await expect(reply, method).rejects.toThrow("IC0406");
				}),
			),
		);
		expectCheap(costsOf(records), (method) => (isQuery(method) ? "query" : "inspect"), bomb.length, passed);
	});

	test("a canister's is refused by the method", async () => {
		const records = await fixture.measure(() =>
			Promise.all(
				ALL.map(async (method) => expectRefused(method, await proxy.call(fixture.canisterId, method, bomb))),
			),
		);
		const kindOf = (method: MethodName) => (isQuery(method) ? "replicated query" : "update");
		expectCheap(costsOf(records), kindOf, bomb.length, passed);
	});
});

test("C08 a blob that claims more bytes than there are is refused, and nothing is stored", async () => {
	const { store, canisterId } = fixture;
	ok(await store.blobs_grant_role({ id: newId(), who: proxy.principal, role: { writer: null } }));
	const through = storeThrough(proxy, canisterId);
	const id = newId();
	const begin = { id, key: "claim", size: [] as [], chunk_size: MIN_CHUNK_BYTES };
	ok(await through.blobs_begin_upload(begin));
	ok(await store.blobs_begin_upload(begin));
	// 16 bytes of id, index 0, then a blob of 1,000 bytes of which 10 are there.
	const header = Buffer.from("4449444c016d7b0300790010", "hex");
	const claim = Buffer.concat([header, id, Buffer.from("00000000e807", "hex"), Buffer.alloc(10)]);
	await expect(fixture.callRaw("blobs_put_chunk", claim)).rejects.toThrow("IC0406");
	const reply = await proxy.call(canisterId, "blobs_put_chunk", claim);
	expect(refusal(outcomeOf("blobs_put_chunk", reply))).toEqual({
		malformed: { reason: "it ends too early" },
	});
	for (const who of [store, through])
		expect(ok(await who.blobs_upload_status({ id, from: 0, limit: 1 })).upload.received).toBe(0);
});
