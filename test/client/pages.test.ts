import { Principal } from "@dfinity/principal";
import { describe, expect, it } from "vitest";
import { listAccounts, listAllUploads } from "../../src/client/administration/administration.js";
import { listPages } from "../../src/client/blobs/list.js";
import type { ClientContext } from "../../src/client/context.js";
import { isBlobError } from "../../src/client/errors/errors.js";
import { openUploads } from "../../src/client/upload/session.js";
import { MAX_EMPTY_PAGES } from "../../src/client/util/pages.js";
import { MemoryStore } from "./support/memory-store.js";

/** Lists end whatever one node answers: no page goes back, and empty pages do not repeat forever. */

async function taken(list: AsyncIterable<unknown>): Promise<string> {
	try {
		for await (const _ of list);
		return "done";
	} catch (error) {
		return isBlobError(error, "reply_invalid") ? error.details.reason : String(error);
	}
}

/** What a list ends with of a node that has nothing, and on its n-th page names this as the next one. */
async function told(
	list: (context: ClientContext) => AsyncIterable<unknown>,
	next: (nth: number) => unknown,
) {
	const asked: { after: readonly unknown[] }[] = [];
	const query = async (_: string, [request]: [(typeof asked)[0]], _options: object, check?: Check) => {
		const value = next(asked.length);
		asked.push(request);
		const answer = { ...NOTHING, next: value === undefined ? [] : [value] };
		await check?.(answer);
		return answer;
	};
	const caller = { query } as unknown as ClientContext["caller"];
	const outcome = await taken(list({ ...new MemoryStore().context(), caller }));
	return { outcome, asked };
}

type Check = (answer: object) => Promise<void>;
const NOTHING = { entries: [], uploads: [], accounts: [], certificate: [], witness: [] };

const id = (n: number) => {
	const bytes = new Uint8Array(16);
	new DataView(bytes.buffer).setUint32(12, n);
	return bytes;
};
const principal = (n: number) => Principal.fromUint8Array(Uint8Array.of(1, ...id(n)));

const LISTS = {
	"open uploads": {
		list: (context: ClientContext) =>
			openUploads(undefined, ([request]) =>
				context.caller.query("blobs_list_uploads", [request], { isBound: true }),
			),
		position: id,
	},
	"everybody's open uploads": {
		list: (context: ClientContext) => listAllUploads(context),
		position: (n: number) => ({ owner: principal(n >> 1), id: id(n & 1) }),
	},
	accounts: { list: (context: ClientContext) => listAccounts(context), position: principal },
};

describe.each(Object.entries(LISTS))("the list of %s", (_, { list, position }) => {
	it("goes on as long as it advances", async () => {
		expect((await told(list, (nth) => (nth < 300 ? position(nth) : undefined))).outcome).toBe("done");
	});

	it("never goes back, nor stays", async () => {
		for (const positions of [
			[5, 5],
			[5, 4],
			[256, 255],
			[0, 1, 0],
		]) {
			const { outcome, asked } = await told(list, (nth) => position(positions[nth] ?? 999));
			expect(outcome).toMatch(/does not begin past/);
			expect(asked.length).toBe(positions.length);
		}
	});

	it("is not empty for ever", async () => {
		const empty = (pages: number) => (nth: number) => (nth < pages ? position(nth) : undefined);
		expect((await told(list, empty(MAX_EMPTY_PAGES))).outcome).toBe("done");
		expect((await told(list, empty(MAX_EMPTY_PAGES + 1))).outcome).toMatch(/never comes to an end/);
	});
});

describe("a list of blobs whose pages end on keys that its caller may not read", () => {
	const list = (context: ClientContext) => listPages(context, { trust: "node" });
	const sealed = (nth: number) => `\0${nth}`;

	it("is given back what it was told, whatever that is", async () => {
		const texts = ["\0", "\0-_09azAZ", "\0é\0/../ ", `\0${"x".repeat(2_047)}`];
		const { outcome, asked } = await told(list, (nth) => texts[nth]);
		expect(outcome).toBe("done");
		expect(asked.map(({ after }) => after[0])).toEqual([undefined, ...texts]);
	});

	it("is told no longer one than a request takes", async () => {
		for (const text of [`\0${"x".repeat(2_048)}`, `\0${"é".repeat(1_024)}`])
			expect((await told(list, () => text)).outcome).toMatch(/more than 2048 bytes/);
	});

	it("never stays", async () => {
		expect((await told(list, () => sealed(1))).outcome).toMatch(/does not begin where it ends/);
	});

	it("is not empty for ever", async () => {
		const empty = (pages: number) => (nth: number) => (nth < pages ? sealed(nth) : undefined);
		expect((await told(list, empty(MAX_EMPTY_PAGES))).outcome).toBe("done");
		expect((await told(list, empty(MAX_EMPTY_PAGES + 1))).outcome).toMatch(/never comes to an end/);
		// Nor by going around in a circle.
		expect((await told(list, (nth) => sealed(nth % 2))).outcome).toMatch(/never comes to an end/);
	});
});
