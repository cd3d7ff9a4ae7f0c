import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { MessageRecord } from "../../src/localnet/index.js";
import { METHODS } from "../../src/protocol/index.js";
import { isQuery, openTarget, outcomeOf, type Target } from "../support/bombs.js";
import { ALL } from "../support/requests.js";
import { isNamed } from "../support/store.js";
import { takesText, type TextRequest, withText } from "../support/text-fields.js";

/** Messages of the right type whose texts are dear to read: QuickJS takes thousands of instructions a character. */

let target: Target;

beforeAll(async () => {
	target = await openTarget();
});
afterAll(() => target.fixture.dispose());

const utf8 = (text: string) => new Uint8Array(Buffer.from(text));
const bytes = (length: number, byte: number) => new Uint8Array(length).fill(byte);

const TEXTS: Record<string, Uint8Array> = {
	"8,190 bytes, two a character": utf8("é".repeat(4_095)),
	"8,190 bytes, three a character": utf8("한".repeat(2_730)),
	"8,188 bytes, four a character": utf8("😀".repeat(2_047)),
	"8,190 bytes of ASCII": utf8("a".repeat(8_190)),
	"8,190 bytes of directories": utf8("é/".repeat(2_730)),
	"8,190 bytes, the last one wrong": Buffer.concat([utf8("é".repeat(4_094)), bytes(2, 0xff)]),
	"8,190 bytes that begin no character": bytes(8_190, 0x80),
	"8,190 bytes of characters cut short": bytes(8_190, 0xe3),
	"8,190 control characters": bytes(8_190, 0x01),
	"one byte more than a key may have": utf8(`${"é".repeat(512)}a`),
	"1,024 characters": utf8("한".repeat(1_024)),
	"the longest key": utf8("é".repeat(512)),
	"the longest key, of directories": utf8(`${"한/".repeat(31)}${"한".repeat(300)}`),
	"the longest metadata": utf8("é".repeat(2_047)),
	"100,000 bytes": utf8("é".repeat(50_000)),
};

/** Fails with every field for which a message was too dear. */
async function expectCheap(
	kinds: readonly MessageRecord["kind"][],
	requests: readonly TextRequest[],
	send: (request: TextRequest) => Promise<boolean>,
): Promise<void> {
	const tooDear: string[] = [];
	for (const request of requests) {
		let wasRead = false;
		const records = await target.fixture.measure(async () => {
			wasRead = await send(request);
		});
		const own = records.filter(({ kind, method }) => method === request.method && kinds.includes(kind));
		if (!isNamed) expect(own.length, request.method).toBeGreaterThan(0);
		for (const record of own) {
			const excess = target.excess(record, request.message.length, wasRead);
			if (excess > 0) tooDear.push(`${record.kind} ${request.method} ${request.field} ${excess}`);
		}
	}
	expect(tooDear).toEqual([]);
}

const wasRead = ({ method }: TextRequest, reply: Uint8Array): boolean => {
	const outcome = outcomeOf(method, reply);
	return !("err" in outcome && "malformed" in outcome.err);
};

describe.each(Object.entries(TEXTS))("C07 a text of %s", (_, text) => {
	const requests = ALL.flatMap((method) => withText(method, text));
	const broken = requests.map((request) => ({
		...request,
		message: Buffer.concat([request.message, Uint8Array.of(0)]),
	}));

	const sendAsUser = async (request: TextRequest) => {
		const { fixture, stranger } = target;
		if (!isQuery(request.method)) {
			await fixture.callRaw(request.method, request.message).catch(() => {});
			return true;
		}
		const call = { methodName: request.method, arg: request.message };
		const answer = await stranger.query(fixture.canisterId, call);
		if (!("reply" in answer)) throw new Error(`${request.method}: ${answer.reject_message}`);
		return wasRead(request, answer.reply.arg);
	};
	const sendAs = (who: "admin" | "nobody") => async (request: TextRequest) =>
		wasRead(request, await target[who].call(target.fixture.canisterId, request.method, request.message));

	test("in any field of any method, from a user", () =>
		expectCheap(["inspect", "query"], requests, sendAsUser));
	test("in any field of any method, from a canister that may do it", () =>
		expectCheap(["update", "replicated query"], requests, sendAs("admin")));
	test("in a message that is malformed after it", async () => {
		await expectCheap(["inspect", "query"], broken, sendAsUser);
		await expectCheap(["update", "replicated query"], broken, sendAs("admin"));
	});
});

test("C07 every method that takes a text is tried with each", () => {
	const tried = new Set(ALL.flatMap((method) => withText(method, utf8("~")).map(() => method)));
	const taking = ALL.filter((method) => METHODS[method].args.some(takesText));
	expect([...tried]).toEqual(taking);
});
