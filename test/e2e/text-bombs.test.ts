import { IDL } from "@dfinity/candid";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { MessageRecord } from "../../src/localnet/index.js";
import { MAX_ITEMS, MAX_KEY_BYTES, METHODS, type MethodName } from "../../src/protocol/index.js";
import { isQuery, openTarget, outcomeOf, type Target } from "../support/bombs.js";
import { idlsOf } from "../support/idl.js";
import { isLong } from "../support/long.js";
import { ALL, outcome, REQUESTS, UPDATES } from "../support/requests.js";
import { isNamed, type PlainResult, refusal, updateIn } from "../support/store.js";
import { type TextRequest, takesText, withText } from "../support/text-fields.js";

/** Messages of valid type whose texts are expensive to read in QuickJS. */

let target: Target;

beforeAll(async () => {
	target = await openTarget();
});
afterAll(() => target.fixture.dispose());

const utf8 = (text: string) => new Uint8Array(Buffer.from(text));
const bytes = (length: number, byte: number) => new Uint8Array(length).fill(byte);

/** No method takes these in any field, or but as metadata. */
const BOMBS: Record<string, Uint8Array> = {
	"8,190 bytes, two a character": utf8("é".repeat(4_095)),
	"8,190 bytes, three a character": utf8("한".repeat(2_730)),
	"8,188 bytes, four a character": utf8("😀".repeat(2_047)),
	"8,190 bytes of ASCII": utf8("a".repeat(8_190)),
	"8,190 bytes of directories": utf8("é/".repeat(2_730)),
	"6,000 bytes, two a character": utf8("é".repeat(3_000)),
	"6,000 bytes, three a character": utf8("한".repeat(2_000)),
	"6,000 bytes, four a character": utf8("😀".repeat(1_500)),
	"6,000 bytes of ASCII": utf8("a".repeat(6_000)),
	"6,000 bytes, the last two wrong": Buffer.concat([utf8("é".repeat(2_999)), bytes(2, 0xff)]),
	"6,000 bytes that begin no character": bytes(6_000, 0x80),
	"6,000 bytes of characters cut short": bytes(6_000, 0xe3),
	"6,000 control characters": bytes(6_000, 0x01),
	"2,048 bytes, two a character": utf8("ü".repeat(1_024)),
	"2,048 bytes, four a character": utf8("🌍".repeat(512)),
	"2,048 bytes of ASCII": utf8("a".repeat(2_048)),
	"2,046 bytes of directories": utf8("é/".repeat(682)),
	"2,048 slashes": utf8("/".repeat(2_048)),
	"1,024 directories": utf8("a/".repeat(512)),
	"one byte more than a key may have": utf8(`${"é".repeat(512)}a`),
	"100,000 bytes": utf8("é".repeat(50_000)),
};
/** Those that are tried in every field; the others in one field of each shape. */
const EVERYWHERE = ["8,190 bytes, two a character", "6,000 bytes, the last two wrong"];
/** Keys as long as may be. */
const KEYS: Record<string, Uint8Array> = {
	"two bytes a character": utf8("é".repeat(512)),
	"three bytes a character": utf8("한".repeat(341)),
	"four bytes a character": utf8("😀".repeat(256)),
};
const LEGAL: Record<string, Uint8Array> = {
	...KEYS,
	directories: utf8(`${"한/".repeat(31)}${"한".repeat(300)}`),
	metadata: utf8("é".repeat(2_047)),
};

/** A request is a bomb unless it was carried out. */
interface Answer {
	readonly wasRead: boolean;
	readonly wasDone: boolean;
}

/** Fails with every field for which a message was too dear. */
async function expectCheap(
	kinds: readonly MessageRecord["kind"][],
	requests: readonly TextRequest[],
	send: (request: TextRequest) => Promise<Answer>,
): Promise<void> {
	const tooDear: string[] = [];
	const measure = async (request: TextRequest) => {
		let answer: Answer | undefined;
		const records = await target.fixture.measure(async () => {
			answer = await send(request);
		});
		const own = records.filter(({ kind, method }) => method === request.method && kinds.includes(kind));
		if (!isNamed) expect(own.length, request.method).toBeGreaterThan(0);
		return { own, answer: answer! };
	};
	for (const request of requests) {
		const { own, answer } = await measure(request);
		if (answer.wasDone) continue;
		for (const record of own) {
			let excess = target.excess(record, request.message.length, answer.wasRead);
			// What a query finds is what others have put there meanwhile: it is held against one of its like.
			if (excess > 0 && answer.wasRead && isQuery(request.method)) {
				const { own } = await measure(plain(request));
				excess = target.beyond(record, Number(own[0]!.instructions), request.message.length);
			}
			if (excess > 0) tooDear.push(`${record.kind} ${request.method} ${request.field} ${excess}`);
		}
	}
	expect(tooDear).toEqual([]);
}

/** The same request with a short text. */
const plain = ({ method, field }: TextRequest): TextRequest =>
	withText(method, utf8("plain")).find((other) => other.field === field)!;

function answerOf(method: MethodName, reply: Uint8Array): Answer {
	const result = outcome(outcomeOf(method, reply));
	const wasRead = !("err" in result && "malformed" in result.err);
	return { wasRead, wasDone: !isQuery(method) && "ok" in result };
}

async function sendAsUser({ method, message }: TextRequest): Promise<Answer> {
	const { fixture, stranger } = target;
	if (!isQuery(method)) {
		await fixture.callRaw(method, message).catch(() => {});
		return { wasRead: true, wasDone: false };
	}
	const answer = await stranger.query(fixture.canisterId, { methodName: method, arg: message });
	if (!("reply" in answer)) throw new Error(`${method}: ${answer.reject_message}`);
	return answerOf(method, answer.reply.arg);
}

const sendAs =
	(who: "admin" | "nobody") =>
	async ({ method, message }: TextRequest): Promise<Answer> =>
		answerOf(method, await target[who].call(target.fixture.canisterId, method, message));

const fromUsers = ["inspect", "query"] as const;
const fromCanisters = ["update", "replicated query"] as const;

const requestsWith = (text: Uint8Array) => ALL.flatMap((method) => withText(method, text));
const broken = (request: TextRequest): TextRequest => ({
	...request,
	message: Buffer.concat([request.message, Uint8Array.of(0)]),
});

/** One request of each shape: what a field costs depends on what it is for and what reads it, not on its method. */
function oncePerShape(requests: readonly TextRequest[]): TextRequest[] {
	const shapes = new Map<string, TextRequest>();
	for (const request of requests) {
		const shape = `${METHODS[request.method].kind} ${request.field}`;
		if (!shapes.has(shape)) shapes.set(shape, request);
	}
	return [...shapes.values()];
}

describe.skipIf(isNamed).each(Object.entries(BOMBS))("C07 a text of %s", (name, text) => {
	const all = requestsWith(text);
	const requests = isLong || EVERYWHERE.includes(name) ? all : oncePerShape(all);
	test("from a user", () => expectCheap(fromUsers, requests, sendAsUser));
	test("from a canister that may do everything", () => expectCheap(fromCanisters, requests, sendAs("admin")));
	test("from a canister that may do nothing", () => expectCheap(fromCanisters, requests, sendAs("nobody")));
});

describe.skipIf(isNamed)("C07 a text that may be as long as it is, in any field of any method", () => {
	test.each(Object.entries(KEYS))("in a query: a key, %s", async (_, text) => {
		const queries = requestsWith(text).filter(({ method }) => isQuery(method));
		await expectCheap(fromUsers, queries, sendAsUser);
		await expectCheap(fromCanisters, queries, sendAs("nobody"));
	});
	test.each(Object.entries(LEGAL))("in a message that is malformed after it: %s", async (_, text) => {
		const all = requestsWith(text);
		const requests = (isLong ? all : oncePerShape(all)).map(broken);
		await expectCheap(fromUsers, requests, sendAsUser);
		await expectCheap(fromCanisters, requests, sendAs("admin"));
	});
});

describe.skipIf(isNamed).each(["blobs_put_blob", "blobs_commit_upload"] as const)(
	"C07 %s with as many texts as a message may bring",
	(method) => {
		const metadata = Array.from({ length: 33 }, (_, i): [string, string] => [`n${i}`, "é".repeat(30)]);
		const [request, ...others] = REQUESTS[method]("a");
		const message = IDL.encode(idlsOf(METHODS[method].args), [{ ...request, metadata }, ...others]);

		test("in a message that is malformed after them", async () => {
			const request = broken({ method, field: "metadata", message });
			await expectCheap(fromUsers, [request], sendAsUser);
			await expectCheap(fromCanisters, [request], sendAs("admin"));
		});
	},
);

test("C07 every method that takes a text is tried with some, and every shape of field with each", () => {
	expect(Object.keys(BOMBS)).toEqual(expect.arrayContaining(EVERYWHERE));
	const fields = (requests: readonly TextRequest[]) => new Set(requests.map(({ field }) => field));
	const text = bytes(100, 0x61);
	expect(fields(oncePerShape(requestsWith(text)))).toEqual(fields(requestsWith(text)));
	const tried = new Set(requestsWith(bytes(100, 0x61)).map(({ method }) => method));
	const taking = ALL.filter((method) => idlsOf(METHODS[method].args).some(takesText));
	expect([...tried]).toEqual(taking);
});

describe.each([
	["blobs_put_many", REQUESTS.blobs_put_many("a")[0].blobs[0]!],
	["blobs_delete_many", REQUESTS.blobs_delete_many("a")[0].blobs[0]!],
] as const)("C07 %s with as many keys as it takes", (method, item) => {
	const [{ id }] = REQUESTS[method]("a");
	const many = (key: (i: number) => string): Uint8Array => {
		const blobs = Array.from({ length: MAX_ITEMS }, (_, i) => ({ ...item, key: key(i) }));
		return IDL.encode(idlsOf(METHODS[method].args), [{ id, blobs }]);
	};
	/** Each of the length. */
	const keyOf = (length: number) => (i: number) =>
		String(i).padStart(length - 2 * 400, "0") + "é".repeat(400);
	const legal = many(keyOf(MAX_KEY_BYTES));
	const tooLong = many(keyOf(MAX_KEY_BYTES + 1));

	test("is refused unread to who may not", async () => {
		for (const message of [legal, tooLong, broken({ method, field: "", message: legal }).message])
			await expectCheap(["update"], [{ method, field: "blobs", message }], async (request) => {
				const reply = await target.nobody.call(target.fixture.canisterId, method, request.message);
				expect(refusal(outcomeOf(method, reply))).toHaveProperty("not_authorized");
				return { wasRead: false, wasDone: false };
			});
	});

	test("costs who may at most 800 instructions a byte where each is refused with its own error", async () => {
		let results: PlainResult<unknown>[] = [];
		const records = await target.fixture.measure(async () => {
			const reply = await target.admin.call(target.fixture.canisterId, method, tooLong);
			const result = outcomeOf(method, reply) as PlainResult<{ results: PlainResult<unknown>[] }>;
			if ("ok" in result) results = result.ok.results;
		});
		expect(results).toHaveLength(MAX_ITEMS);
		for (const result of results) expect(refusal(result)).toHaveProperty("invalid_argument.field", "key");
		if (!isNamed) expect(Number(updateIn(records).instructions) / tooLong.length).toBeLessThan(800);
	});

	test.skipIf(isNamed)("is let pass by inspect_message, which may take 200 M instructions", async () => {
		const records = await target.fixture.measure(() => target.fixture.callRaw(method, tooLong));
		expect(records.map(({ kind }) => kind)).toContain("update");
	});
});

/** Whoever began an upload may give it up, and whom an offer or a link concerns may answer it, so that anybody may ask. */
const OF_ANYBODY: readonly MethodName[] = [
	"blobs_abort_upload",
	"blobs_withdraw_offer",
	"blobs_offer_link",
	"blobs_accept_link",
	"blobs_end_link",
	"blobs_drop_batch",
];

test("C07 no update is read of who may not make it", async () => {
	const { fixture, nobody } = target;
	for (const method of UPDATES) {
		const [rubbish, request] = [
			Uint8Array.of(1),
			IDL.encode(idlsOf(METHODS[method].args), REQUESTS[method]("a")),
		];
		const answers = [];
		for (const message of [rubbish, request])
			answers.push(refusal(outcomeOf(method, await nobody.call(fixture.canisterId, method, message))));
		if (!OF_ANYBODY.includes(method)) expect(answers[0], method).toEqual(answers[1]);
		expect(answers[1], method).toHaveProperty("not_authorized");
	}
});
