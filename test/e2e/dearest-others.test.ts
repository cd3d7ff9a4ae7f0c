import { IDL } from "@dfinity/candid";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import type { Principal } from "@dfinity/principal";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { keysOf, putOf, type Shape } from "../../bench/dearest/shape.js";
import {
	MAX_CHANGES_PAGE,
	MAX_KEY_SEGMENTS,
	MAX_LIST_PAGE,
	METHODS,
	type MethodArgs,
	type MethodName,
	MIN_CHUNK_BYTES,
	UPLOAD_EXPIRY_MS,
} from "../../src/protocol/index.js";
import { figure, readDocument, sectionOf, tableIn } from "../docs/document.js";
import { idlsOf } from "../support/idl.js";
import { anonymous } from "../support/requests.js";
import { isNamed, newId, ok, openStore, type Store, type StoreFixture } from "../support/store.js";

/** What requests take that are no messages of many, at their bounds: the table of docs/PROTOCOL.md, "Work in a message". */

const SHAPE: Shape = {
	items: 350,
	segments: MAX_KEY_SEGMENTS,
	shared: 0,
	// The longer, the fewer fit a page: with short ones it has most labels.
	segmentBytes: 6,
	isPrivate: true,
	over: "nothing",
	metadata: 0,
	isSorted: true,
};
/** Entries of a list that are made; what a page takes is reckoned up from them. */
const MADE = 200;
const PAGE = { after: [] as [], limit: MAX_LIST_PAGE };
const LATEST = { min_version: [] as [] };
const none = { none: null };
const deep = (name: string) =>
	Array.from({ length: MAX_KEY_SEGMENTS }, (_, n) => `${name}-${n}`.padEnd(31, "x")).join("/");
const metadata = Array.from({ length: 32 }, (_, n): [string, string] => [`n${n}`, "v".repeat(120)]);

/** Billions of instructions that the document names. */
const ROWS = new Map(
	tableIn(sectionOf(readDocument("PROTOCOL.md"), "Work in a message")).map(
		([name, most]): [string, number] => [name!, figure(most!.replace(" B", "")) * 1e9],
	),
);
/** Rows that a test has held something against. */
const held = new Set<string>();
const ONE = "any other request, about one key, upload or principal";

function atMost(row: string, instructions: number): void {
	const most = ROWS.get(row);
	if (most === undefined) throw new Error(`the table has no row "${row}"`);
	held.add(row);
	expect(instructions, row).toBeGreaterThan(0);
	expect(instructions, row).toBeLessThanOrEqual(most);
}

describe.skipIf(isNamed)("C22 what a request takes at its bounds is what is documented", () => {
	let fixture: StoreFixture;
	/** Who has no role but that of a writer, and owns all blobs and uploads. */
	let writer: Store;
	const identity = Ed25519KeyIdentity.generate();
	const who = identity.getPrincipal() as Principal;
	const keys = keysOf(SHAPE, "p");

	beforeAll(async () => {
		vi.useFakeTimers({ toFake: ["Date"] });
		fixture = await openStore({ metering: true });
		ok(await fixture.store.blobs_grant_role({ id: newId(), who, role: { writer: null } }));
		writer = await fixture.storeFor(identity);
		await put(keys, SHAPE);
		await put(keysOf(SHAPE, "o"), { ...SHAPE, isPrivate: false });
	}, 200_000);
	afterAll(async () => {
		vi.useRealTimers();
		await fixture?.dispose();
	});

	async function put(some: readonly string[], shape: Shape): Promise<void> {
		for (let left = some; left.length > 0; ) {
			const { results } = ok(await writer.blobs_put_many(putOf(shape, left)));
			left = left.filter((_, n) => "err" in results[n]!);
		}
	}

	/** The dearest message that `run` causes, what inspects them not counted. */
	async function most(run: () => Promise<unknown>): Promise<number> {
		const records = await fixture.measure(run);
		expect(records.filter(({ error }) => error !== undefined)).toEqual([]);
		return Math.max(
			...records.filter(({ kind }) => kind !== "inspect").map((each) => Number(each.instructions)),
		);
	}
	const all = (count: number, one: (n: number) => Promise<unknown>) =>
		Promise.all(Array.from({ length: count }, (_, n) => one(n)));

	/** The dearest page of a list, taken to its end. */
	async function dearestPage(ask: Store, recursive: boolean): Promise<number> {
		let dearest = 0;
		for (let after: [] | [string] = [], isEnd = false; !isEnd; ) {
			const request = { prefix: "", recursive, after, limit: MAX_LIST_PAGE, ...LATEST };
			dearest = Math.max(
				dearest,
				await most(async () => {
					const { next } = ok(await ask.blobs_list(request));
					after = next;
				}),
			);
			isEnd = after.length === 0;
		}
		return dearest;
	}
	const asUpdate = <Name extends MethodName>(name: Name, ...args: MethodArgs<Name>) =>
		most(() => fixture.callRaw(name, new Uint8Array(IDL.encode(idlsOf(METHODS[name].args), args))));

	test("lists of blobs", { timeout: 120_000 }, async () => {
		const folded = { prefix: "", recursive: false, ...PAGE, ...LATEST };
		atMost("a page of `blobs_list`", await asUpdate("blobs_list", { ...folded, recursive: true }));
		atMost("a page of `blobs_list` that folds", await asUpdate("blobs_list", folded));
		const nobody = await fixture.storeFor(anonymous);
		let dearest = 0;
		for (const [ask, recursive] of [
			[fixture.store, true],
			[writer, true],
			[nobody, true],
			[nobody, false],
		] as const)
			dearest = Math.max(dearest, await dearestPage(ask, recursive));
		atMost("the same as a query, its witness included", dearest);
	});

	test("the feed", async () => {
		const { last } = ok(await fixture.store.blobs_status());
		const its = await asUpdate("blobs_changes", { ...PAGE, ...LATEST });
		atMost("a page of `blobs_changes`", (its / Number(last.sequence)) * MAX_CHANGES_PAGE);
	});

	test("uploads and accounts", { timeout: 120_000 }, async () => {
		const { store } = fixture;
		const chunk_size = MIN_CHUNK_BYTES;
		const begun = await most(() =>
			all(MADE, async (n) =>
				ok(await store.blobs_begin_upload({ id: newId(), key: deep(`u${n}`), size: [], chunk_size })),
			),
		);
		const granted = await most(() =>
			all(MADE, async () => {
				const other = Ed25519KeyIdentity.generate().getPrincipal() as Principal;
				ok(await store.blobs_grant_role({ id: newId(), who: other, role: { reader: null } }));
			}),
		);
		const pages = [
			await asUpdate("blobs_list_all_uploads", PAGE),
			await asUpdate("blobs_list_uploads", { key: [], ...PAGE }),
			await asUpdate("blobs_list_uploads", { key: ["another"], ...PAGE }),
			await asUpdate("blobs_list_accounts", PAGE),
		];
		atMost(
			"a page of `blobs_list_uploads`, `blobs_list_all_uploads`, `blobs_list_accounts`",
			(Math.max(...pages) / MADE) * MAX_LIST_PAGE,
		);
		const [one, other] = ok(await store.blobs_list_uploads({ key: [], ...PAGE })).uploads;
		const owner = (await fixture.agent.getPrincipal()) as Principal;
		const ended = [
			await most(async () => ok(await store.blobs_abort_upload(one!.id))),
			await most(async () => ok(await store.blobs_abort_any_upload({ owner, id: other!.id }))),
		];
		const alone = [
			await asUpdate("blobs_stats"),
			await asUpdate("blobs_metrics"),
			await asUpdate("blobs_account", []),
		];
		atMost(ONE, Math.max(begun, granted, ...ended, ...alone, await changesOfOne()));
	});

	/** Of one key: with most metadata, private to public and back, copied, renamed, deleted. */
	async function changesOfOne(): Promise<number> {
		const { store } = fixture;
		const update = (visibility: "public" | "private") => () =>
			store.blobs_update({
				id: newId(),
				key: keys[0]!,
				precondition: none,
				content_type: [],
				visibility: [{ [visibility]: null } as never],
				metadata: [metadata],
				expiry: [],
			});
		const move = (from: string, to: string) => ({ id: newId(), from, source: none, to, precondition: none });
		const removal = () => ({ id: newId(), key: deep("renamed"), precondition: none });
		const made = [
			await most(async () => ok(await update("public")())),
			await most(async () => ok(await update("private")())),
			await most(async () => ok(await store.blobs_copy(move(keys[0]!, deep("copied"))))),
			await most(async () => ok(await store.blobs_rename(move(deep("copied"), deep("renamed"))))),
			await asUpdate("blobs_stat", { key: deep("renamed"), ...LATEST }),
			await most(async () => ok(await store.blobs_delete(removal()))),
		];
		return Math.max(...made);
	}

	test("a step of cleaning that has some of everything", { timeout: 120_000 }, async () => {
		const { store } = fixture;
		const id = newId();
		ok(await store.blobs_begin_upload({ id, key: deep("of chunks"), size: [], chunk_size: MIN_CHUNK_BYTES }));
		await all(130, async (n) =>
			ok(await store.blobs_put_chunk(id, n, new Uint8Array(MIN_CHUNK_BYTES).fill(n + 1))),
		);
		vi.setSystemTime(Date.now() + UPLOAD_EXPIRY_MS + 60_000);
		const step = await most(async () => {
			while (ok(await store.blobs_stats()).open_uploads > 0n || ok(await store.blobs_stats()).cleaning > 0n) {
				vi.setSystemTime(Date.now() + 2_000);
				fixture.network.local!.tick();
			}
		});
		atMost("a step of cleaning", step);
	});

	test("no other row stands in the table", () => {
		expect([...ROWS.keys()].sort()).toEqual([...held].sort());
	});
});
