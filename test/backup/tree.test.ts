import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isBackupError } from "../../src/backup/errors.js";
import type { TreeRef } from "../../src/backup/tree/builder.js";
import { entriesOf, findEntry, TreePages } from "../../src/backup/tree/cursor.js";
import { diffTrees } from "../../src/backup/tree/diff.js";
import { buildTree, editTree } from "../../src/backup/tree/edit.js";
import { type SettingEntry, settingCodec } from "../../src/backup/tree/entry.js";
import { isBefore } from "../../src/backup/tree/page.js";

/** Trees of pages compared with a Map: their content, their shared pages, and their independence of history. */

class Pages {
	readonly items = new Map<string, Uint8Array>();
	read = 0;
	readonly pages = new TreePages<SettingEntry>(
		{
			get: async (sha: string) => {
				this.read++;
				const bytes = this.items.get(sha);
				if (!bytes) throw new Error(`there is no page ${sha}`);
				return bytes;
			},
		},
		settingCodec,
	);
	readonly writer = {
		add: async (_: string, sha: string, bytes: Uint8Array) => {
			const isNew = !this.items.has(sha);
			this.items.set(sha, bytes);
			return isNew;
		},
	};

	build(content: ReadonlyMap<string, number>): Promise<TreeRef> {
		return buildTree(this.pages, sorted(content), this.writer);
	}

	edit(root: string, edits: ReadonlyMap<string, number | undefined>): Promise<TreeRef> {
		const list = [...edits].sort(byKey).map(([key, value]) => ({ key, entry: entryOf(key, value) }));
		return editTree(this.pages, root, stream(list), this.writer);
	}

	async content(root: string, prefix = ""): Promise<[string, unknown][]> {
		const found: [string, unknown][] = [];
		for await (const { key, value } of entriesOf(this.pages, root, { prefix })) found.push([key, value]);
		return found;
	}
}

const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]) =>
	a === b ? 0 : isBefore(a, b) ? -1 : 1;
const entryOf = (key: string, value: number | undefined) =>
	value === undefined ? undefined : { key, value };

async function* sorted(content: ReadonlyMap<string, number>): AsyncGenerator<SettingEntry> {
	for (const [key, value] of [...content].sort(byKey)) yield { key, value };
}
async function* stream<T>(all: readonly T[]): AsyncGenerator<T> {
	yield* all;
}

/** Few letters, so that keys meet; one before and one behind the slash, and two that UTF-16 sorts the wrong way. */
const key = fc
	.array(fc.stringMatching(/^[a!\u{1f600}\uffee]{1,3}$/u), { minLength: 1, maxLength: 3 })
	.map((segments) => segments.join("/"));
const numbered = fc.nat(3_000).map((number) => `dir-${number % 37}/file-${number}`);
const content = fc
	.array(fc.tuple(fc.oneof(key, numbered), fc.nat(9)), { maxLength: 600 })
	.map((entries) => new Map(entries));
const edits = fc.array(fc.tuple(fc.oneof(key, numbered), fc.option(fc.nat(9), { nil: undefined })), {
	maxLength: 40,
});

describe("for random contents and edits", () => {
	test("an edited tree is the very tree that its content makes, in whatever steps it came about", async () => {
		await fc.assert(
			fc.asyncProperty(content, fc.array(edits, { maxLength: 4 }), async (first, steps) => {
				const store = new Pages();
				const model = new Map(first);
				let tree = await store.build(model);
				for (const step of steps) {
					const changes = new Map(step);
					for (const [key, value] of changes)
						if (value === undefined) model.delete(key);
						else model.set(key, value);
					tree = await store.edit(tree.root, changes);
				}
				expect(tree).toEqual(await new Pages().build(model));
				expect(await store.content(tree.root)).toEqual([...model].sort(byKey));
				expect(tree.entries).toBe(model.size);
			}),
			{ numRuns: 150 },
		);
	});

	test("a difference is what a comparison of the contents finds, a prefix and a key what they hold", async () => {
		await fc.assert(
			fc.asyncProperty(content, edits, key, async (before, step, sought) => {
				const store = new Pages();
				const after = new Map(before);
				for (const [key, value] of step)
					if (value === undefined) after.delete(key);
					else after.set(key, value);
				const [a, b] = [await store.build(before), await store.build(after)];
				const found: [string, unknown][] = [];
				for await (const each of diffTrees(store.pages, a.root, b.root))
					found.push([each.key, [each.before?.value, each.after?.value]]);
				const keys = new Set([...before.keys(), ...after.keys()]);
				const expected = [...keys]
					.filter((key) => before.get(key) !== after.get(key))
					.map((key): [string, unknown] => [key, [before.get(key), after.get(key)]])
					.sort(byKey);
				expect(found).toEqual(expected);
				const prefix = sought.slice(0, 2);
				expect(await store.content(b.root, prefix)).toEqual(
					[...after].filter(([key]) => key.startsWith(prefix)).sort(byKey),
				);
				expect((await findEntry(store.pages, b.root, sought))?.value).toBe(after.get(sought));
			}),
			{ numRuns: 150 },
		);
	});
});

const many = (count: number) =>
	new Map(
		Array.from({ length: count }, (_, index) => [`site/${String(index).padStart(6, "0")}.html`, index]),
	);

test("of 20,000 entries with 10 changed, and 1 new at the end, few pages are read and written", async () => {
	const store = new Pages();
	const { root, level } = await store.build(many(20_000));
	expect(level).toBeGreaterThanOrEqual(2);
	const before = store.items.size;
	store.read = 0;
	const changes = new Map(
		Array.from({ length: 10 }, (_, index) => [`site/${String(index * 1_900).padStart(6, "0")}.html`, -1]),
	);
	const edited = await store.edit(root, new Map([...changes, ["site/last", 1]]));
	expect(edited.entries).toBe(20_001);
	expect(store.items.size - before).toBeLessThan(45);
	expect(store.read).toBeLessThan(160);
	store.read = 0;
	let different = 0;
	for await (const _ of diffTrees(store.pages, root, edited.root)) different++;
	expect(different).toBe(11);
	expect(store.read).toBeLessThan(120);
});

describe("a hostile page is refused:", () => {
	const page = (value: object) => Buffer.from(JSON.stringify(value));
	const child = page({ level: 0, entries: [{ key: "a", value: 1 }] });
	const sha = createHash("sha256").update(child).digest("hex");
	const ref = { last: "a", page: sha, blobs: 1, bytes: 0 };
	test.each<[string, Buffer]>([
		["keys out of order", page({ level: 0, entries: ["b", "a"].map((key) => ({ key, value: 1 })) })],
		["a key twice", page({ level: 0, entries: ["a", "a"].map((key) => ({ key, value: 1 })) })],
		["an inner page without pages", page({ level: 1, pages: [] })],
		["a page of another level", page({ level: 2, pages: [ref] })],
		["a page that ends elsewhere", page({ level: 1, pages: [{ ...ref, last: "b" }] })],
		["a level beyond any tree", page({ level: 13, pages: [ref] })],
		["a number that is none", page({ level: 1, pages: [{ ...ref, blobs: -1 }] })],
		["no JSON", Buffer.from("{")],
		["text that is not UTF-8", Buffer.from([0x22, 0xff, 0x22])],
		["more bytes than a page has", page({ level: 0, entries: [], more: "x".repeat(600_000) })],
	])("%s", async (_, bytes) => {
		const store = new Pages();
		store.items.set(sha, child);
		store.items.set("root", bytes);
		const error = await store.content("root").catch((error: unknown) => error);
		expect(isBackupError(error, "repository_damaged")).toBe(true);
	});
});
