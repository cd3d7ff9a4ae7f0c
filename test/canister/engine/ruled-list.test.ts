import { Principal } from "@dfinity/principal";
import { describe, expect, test } from "vitest";
import type { PlainOk } from "../../support/plain.js";
import { ANNA, fillOf, PRIVATE, person, TestStore } from "./store.js";

const bytes = fillOf(1, 10);
const user = person(8);

/** Private blobs, of which the rule shows some to the user; and what it was asked in each page. */
function ruled(
	keys: readonly string[],
	shows: (key: string) => boolean | undefined,
	open: readonly string[] = [],
) {
	let asked = 0;
	const store = new TestStore({
		authorize: ({ action, key, caller }) => {
			if (action !== "read" || caller.toText() !== user.toText()) return undefined;
			asked++;
			return shows(key);
		},
	});
	for (const key of keys) store.putBlob(ANNA, key, bytes, PRIVATE);
	for (const key of open) store.putBlob(ANNA, key, bytes);
	const pagesOf = (who: Principal, prefix = "", recursive = true, limit = 1_000) => {
		const pages: { names: string[]; asked: number; next: string | undefined }[] = [];
		for (let after: [] | [string] = []; pages.length < 1_000; ) {
			asked = 0;
			const request = { prefix, recursive, after, limit, min_version: [] as [] };
			const page: PlainOk<"blobs_list"> = store.ask(who, "blobs_list", request);
			const names = page.entries.map((entry) => ("blob" in entry ? entry.blob.key : entry.directory));
			pages.push({ names, asked, next: page.next[0] });
			if (page.next[0] === undefined) break;
			after = [page.next[0]];
		}
		return pages;
	};
	return { store, pagesOf };
}

const number = (i: number) => String(i).padStart(4, "0");

describe("a list where the application has a rule", () => {
	test("shows what the rule shows, 100 questions a page, and of what it passes over not a name", () => {
		const keys = Array.from({ length: 450 }, (_, i) => `of/${number(i)}`);
		const { pagesOf } = ruled(keys, (key) => key.endsWith("0") && key > "of/0200", ["of/0005a", "z"]);
		const wanted = keys.filter((key) => key.endsWith("0") && key > "of/0200");
		const pages = pagesOf(user);
		expect(pages.flatMap(({ names }) => names)).toEqual(["of/0005a", ...wanted, "z"]);
		for (const { asked, next } of pages) {
			expect(asked).toBeLessThanOrEqual(100);
			if (next?.startsWith("\0")) expect(next).toMatch(/^\0[\w-]{86,}$/);
		}
		expect(pages.length).toBeLessThanOrEqual(6);
		expect(pages[1]).toMatchObject({ names: [], asked: 100 });
		// What it is silent about goes by ownership: ANNA sees all of hers.
		expect(pagesOf(ANNA).flatMap(({ names }) => names)).toHaveLength(452);
		expect(pagesOf(Principal.anonymous()).flatMap(({ names }) => names)).toEqual(["of/0005a", "z"]);
	});

	test("counts what it passes over, and gives every page whole, whatever the limit", () => {
		const keys = Array.from({ length: 40 }, (_, i) => `${number(i)}`);
		for (const limit of [1, 2, 7]) {
			const { pagesOf } = ruled(keys, (key) => Number(key) % 5 === 0, ["0003a", "0020b"]);
			const pages = pagesOf(user, "", true, limit);
			expect(pages.flatMap(({ names }) => names)).toEqual([
				"0000",
				"0003a",
				"0005",
				"0010",
				"0015",
				"0020",
				"0020b",
				"0025",
				"0030",
				"0035",
			]);
			for (const { asked } of pages) expect(asked).toBeLessThanOrEqual(limit + 1);
		}
	});

	test("shows a directory once a readable key is found in it, and asks about no other there", () => {
		const keys = Array.from({ length: 30 }, (_, i) => `${i % 3}/${number(i)}`);
		const { pagesOf } = ruled(keys, (key) => key.startsWith("1/"), ["2/public", "3/x"]);
		const [page] = pagesOf(user, "", false);
		expect(page).toEqual({ names: ["1/", "2/", "3/"], asked: 11, next: undefined });
		expect(pagesOf(user, "", false, 1).flatMap(({ names }) => names)).toEqual(["1/", "2/", "3/"]);
	});

	test("goes on only where it ended for this caller", () => {
		const { store, pagesOf } = ruled(
			Array.from({ length: 150 }, (_, i) => number(i)),
			() => false,
		);
		const next = pagesOf(user)[0]?.next ?? "";
		const ask = (who: Principal, after: string) =>
			store.code(who, "blobs_list", {
				prefix: "",
				recursive: true,
				after: [after],
				limit: 9,
				min_version: [],
			});
		expect(next).toMatch(/^\0/);
		const on = store.ask(user, "blobs_list", {
			prefix: "",
			recursive: true,
			after: [next],
			limit: 9,
			min_version: [],
		});
		expect(on).toMatchObject({ entries: [] });
		expect(ask(person(9), next)).toBe("invalid_argument");
		expect(ask(user, `${next.slice(0, -1)}${next.endsWith("A") ? "B" : "A"}`)).toBe("invalid_argument");
		for (const other of ["\0", "\0x", "\0é", `\0${"A".repeat(3_000)}`])
			expect(ask(user, other)).toBe("invalid_argument");
	});
});
