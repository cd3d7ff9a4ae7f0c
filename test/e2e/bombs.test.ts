import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { MessageRecord } from "../../src/localnet/index.js";
import { METHODS, type MethodName, MIN_CHUNK_BYTES } from "../../src/protocol/index.js";
import bombs from "../canister/candid/bombs.json" with { type: "json" };
import { hex } from "../canister/candid/support.js";
import { isQuery, openTarget, outcomeOf, type Target } from "../support/bombs.js";
import { idlsOf } from "../support/idl.js";
import { isLong } from "../support/long.js";
import { storeThrough } from "../support/proxy.js";
import { ALL } from "../support/requests.js";
import { isNamed, newId, ok, refusal } from "../support/store.js";

/** Messages that cost their receiver far more than their sender, from every kind of sender. */

/** One method of each kind and form of arguments: what a bomb costs depends on what reads it, not on its name. */
const ONE_OF_EACH = ALL.filter((name, i) => ALL.findIndex((other) => formOf(other) === formOf(name)) === i);
/** Every so many bombs go to every method. */
const EVERYWHERE = 9;

/** Before it is read, where the sender, who is no controller, may not call the method at all. */
const refusedAs = (name: MethodName) =>
	name === "blobs_begin_import" || name === "blobs_end_import"
		? /^not_authorized$/
		: /^(malformed|version_unsupported)$/;

function formOf(name: MethodName): string {
	const args = idlsOf(METHODS[name].args);
	return [METHODS[name].kind, ...args.map((type) => type.constructor.name)].join(" ");
}

let target: Target;

beforeAll(async () => {
	target = await openTarget();
});
afterAll(() => target.fixture.dispose());

describe.each(bombs)("C07 $name", ({ name, hex: text, mayPass }) => {
	const bomb = hex(text);
	const isForAll = isLong || bombs.findIndex((other) => other.name === name) % EVERYWHERE === 0;
	const methods = isForAll ? ALL : ONE_OF_EACH;
	const passed = new Set<string>();
	const expectRefused = (method: MethodName, reply: Uint8Array) => {
		const outcome = outcomeOf(method, reply);
		if (mayPass && !("err" in outcome && "malformed" in outcome.err)) passed.add(method);
		else expect(Object.keys(refusal(outcome))[0], method).toMatch(refusedAs(method));
	};
	/** Sends it to methods, whose messages of these kinds must be cheap. */
	const expectCheap = async (
		kinds: readonly MessageRecord["kind"][],
		to: readonly MethodName[],
		send: (method: MethodName) => Promise<void>,
	) => {
		const records = await target.fixture.measure(() => Promise.all(to.map(send)));
		const own = records.filter(({ kind, method }) => kinds.includes(kind) && method in METHODS);
		if (!isNamed) expect(own.length).toBeGreaterThanOrEqual(to.length);
		const tooDear = own.flatMap((record) => {
			const excess = target.excess(record, bomb.length, passed.has(record.method));
			return excess === 0 ? [] : [`${record.method} ${excess}`];
		});
		expect(tooDear).toEqual([]);
	};

	test("a user's is refused by inspect_message, and by queries", () =>
		expectCheap(["inspect", "query"], methods, async (method) => {
			const { fixture, stranger } = target;
			if (isQuery(method)) {
				const answer = await stranger.query(fixture.canisterId, { methodName: method, arg: bomb });
				if (!("reply" in answer)) throw new Error(`${method}: ${answer.reject_message}`);
				return expectRefused(method, answer.reply.arg);
			}
			const reply = fixture.callRaw(method, bomb);
			if (mayPass) return void (await reply.catch(() => {}));
			// What a later version may have made is let in, to be told which side to update.
			const outcome = await reply.then(
				(bytes) => outcomeOf(method, bytes),
				(error: unknown) => error,
			);
			if (outcome instanceof Error) expect(String(outcome), method).toContain("IC0406");
			else expect(outcome, method).toHaveProperty("err.version_unsupported");
		}));

	test("a canister's is refused by the method", () =>
		expectCheap(["update", "replicated query"], methods, async (method) => {
			const { fixture, admin } = target;
			expectRefused(method, await admin.call(fixture.canisterId, method, bomb));
		}));
});

test("C07 every form of arguments is tried with each bomb", () => {
	expect(new Set(ONE_OF_EACH.map(formOf))).toEqual(new Set(ALL.map(formOf)));
	expect(ONE_OF_EACH.length).toBeGreaterThanOrEqual(8);
});

test("C08 a blob that claims more bytes than there are is refused, and nothing is stored", async () => {
	const { store, canisterId, callRaw } = target.fixture;
	const through = storeThrough(target.admin, canisterId);
	const id = newId();
	const begin = { id, key: "claim", size: [] as [], chunk_size: MIN_CHUNK_BYTES };
	ok(await through.blobs_begin_upload(begin));
	ok(await store.blobs_begin_upload(begin));
	// 16 bytes of id, index 0, then a blob of 1,000 bytes of which 10 are there.
	const header = Buffer.from("4449444c016d7b0300790010", "hex");
	const claim = Buffer.concat([header, id, Buffer.from("00000000e807", "hex"), Buffer.alloc(10)]);
	await expect(callRaw("blobs_put_chunk", claim)).rejects.toThrow("IC0406");
	const reply = await target.admin.call(canisterId, "blobs_put_chunk", claim);
	expect(refusal(outcomeOf("blobs_put_chunk", reply))).toEqual({
		malformed: { reason: "it ends too early" },
	});
	for (const who of [store, through])
		expect(ok(await who.blobs_upload_status({ id, from: 0, limit: 1 })).upload.received).toBe(0);
});
