import { Principal } from "@dfinity/principal";
import { beforeEach, describe, expect, test } from "vitest";
import type { WireImportedAs, WirePublication } from "../../../src/protocol/index.js";
import { versionOf } from "../../support/plain.js";
import { newId } from "../../support/store.js";
import { giveOf } from "./grant-store.js";
import {
	ANNA,
	aboutOf,
	BEN,
	beginOf,
	commitOf,
	DAY_MS,
	deleteOf,
	fillOf,
	itemOf,
	OWNER,
	PRIVATE,
	person,
	READER,
	S,
	sessionOf,
	TestStore,
	wholeOf,
} from "./store.js";

let store: TestStore;
beforeEach(() => {
	store = new TestStore();
});
const bytes = fillOf(1, S);
const CONTROL = { not_authorized: { needs: "control of the canister" } };

const begin = (who = OWNER, id = newId()) => store.ask(who, "blobs_begin_import", { id });
const end = (who = OWNER, id = newId()) => store.ask(who, "blobs_end_import", { id });
const whyNot = () => store.refused(OWNER, "blobs_begin_import", { id: newId() });
const status = () => store.ask(OWNER, "blobs_status");

const DAY = BigInt(DAY_MS) * 1_000_000n;
const nowOf = () => BigInt(store.host.time) * 1_000_000n;
/** What a blob was in another store, a week ago. */
const asOf = (owner: Principal, parts: Partial<WireImportedAs> = {}): Pick<WirePublication, "as"> => ({
	as: [{ owner, created_at: nowOf() - 7n * DAY, modified_at: nowOf() - 3n * DAY, ...parts }],
});

describe("C78 an import", () => {
	test("is begun once, by a controller, in a store in which no blob was ever published", () => {
		store.ask(OWNER, "blobs_grant_role", { id: newId(), who: ANNA, role: { admin: null } });
		store.setQuota(BEN, { blobs: 1n });
		store.setMode("maintenance");
		expect(store.refused(ANNA, "blobs_begin_import", { id: newId() })).toEqual(CONTROL);
		const id = newId();
		const version = begin(OWNER, id);
		expect(status()).toMatchObject({ mode: "importing", generation: 2n, last: version });
		expect(begin(OWNER, id)).toEqual(version);
		expect(whyNot()).toEqual({ not_importable: { reason: "it was imported into before" } });

		store.upgrade();
		expect(status()).toMatchObject({ mode: "importing", generation: 2n });
		const endId = newId();
		const ended = end(OWNER, endId);
		expect(status()).toMatchObject({ mode: "live", generation: 3n, last: ended });
		expect(end(OWNER, endId)).toEqual(ended);
		expect(store.refused(OWNER, "blobs_end_import", { id: newId() })).toEqual({
			not_importable: { reason: "no import is under way" },
		});
		store.upgrade();
		expect(whyNot()).toEqual({ not_importable: { reason: "it was imported into before" } });
	});

	test("is told in the feed, by whom and when", () => {
		begin();
		store.host.time += 60_000;
		end();
		const page = store.ask(OWNER, "blobs_changes", { after: [], limit: 9, min_version: [] });
		expect(page.changes.slice(-2)).toMatchObject([
			{ by: OWNER, at: nowOf() - 60_000_000_000n, change: { mode: { mode: "importing", generation: 1n } } },
			{ by: OWNER, at: nowOf(), change: { mode: { mode: "live", generation: 2n } } },
		]);
	});

	test("is none of a store with a past, though nothing of it is left", () => {
		store.putBlob(ANNA, "a", new Uint8Array(0));
		store.delete(ANNA, "a");
		store.clean();
		expect(whyNot()).toEqual({ not_importable: { reason: "blobs were published in it" } });
	});

	test("is none while an upload is open, or a batch is staged that would be revealed in it", () => {
		const id = store.begin(ANNA, "a", S);
		expect(whyNot()).toEqual({ not_importable: { reason: "an upload is open" } });
		store.ask(ANNA, "blobs_abort_upload", id);
		const batch = newId();
		const items = [{ put: itemOf("a", bytes) }];
		store.ask(ANNA, "blobs_stage", { id: newId(), batch, items });
		expect(whyNot()).toEqual({ not_importable: { reason: "a batch is staged" } });
		store.ask(ANNA, "blobs_drop_batch", { id: newId(), batch, owner: [] });
		store.clean();
		begin();
		expect(status().mode).toBe("importing");
	});

	test("shows nothing to anybody but controllers, and takes nothing from them, administrators neither", () => {
		store.ask(OWNER, "blobs_grant_role", { id: newId(), who: ANNA, role: { admin: null } });
		begin();
		const { version } = { version: versionOf(store.putBlob(OWNER, "b", bytes, asOf(BEN))) };
		const expected = { not_live: { mode: "importing", generation: 1n } };
		const list = { prefix: "", recursive: true, after: [] as [], limit: 9, min_version: [] as [] };
		const page = { after: [] as [], limit: 9 };
		for (const who of [ANNA, BEN, READER, Principal.anonymous()])
			for (const refused of [
				store.refused(who, "blobs_begin_upload", beginOf(newId(), "c")),
				store.refused(who, "blobs_put_blob", wholeOf(newId(), "c", bytes, asOf(who)), bytes),
				store.refused(who, "blobs_put_many", { id: newId(), blobs: [itemOf("c", bytes)] }),
				store.refused(who, "blobs_delete", deleteOf("b")),
				store.refused(who, "blobs_grant_role", { id: newId(), who: BEN, role: { admin: null } }),
				store.refused(who, "blobs_set_mode", { id: newId(), mode: { live: null }, generation: 1n }),
				store.refused(who, "blobs_end_import", { id: newId() }),
				store.refused(who, "blobs_stat", { key: "b", min_version: [] }),
				store.refused(who, "blobs_leaves", { key: "b", version, from: 0, limit: 1 }),
				store.refused(who, "blobs_get_chunk", "b", version, 0),
				store.refused(who, "blobs_list", list),
				store.refused(who, "blobs_changes", { ...page, min_version: [] }),
				store.refused(who, "blobs_list_accounts", page),
				store.refused(who, "blobs_list_grants", { ...page, of: { all: null } }),
			])
				expect(refused).toEqual(expected);
		const browser = { method: "GET", url: "/b", header: () => undefined };
		expect(store.engine.http(browser, true)).toMatchObject({ status: 503 });
		expect(store.ask(BEN, "blobs_status").mode).toBe("importing");
		expect(store.ask(BEN, "blobs_account", []).usage.blobs).toBe(1n);
		expect(store.ask(ANNA, "blobs_stats").blobs).toBe(1n);
		expect(store.read(OWNER, "b").equals(Buffer.from(bytes))).toBe(true);
		expect(
			store.refused(OWNER, "blobs_set_mode", { id: newId(), mode: { live: null }, generation: 1n }),
		).toEqual(expected);
	});
});

describe("C79 what is imported", () => {
	test("has the owner and the times that were given, and counts for that owner", () => {
		begin();
		const other = person(9);
		const put = store.putBlob(OWNER, "a/b", bytes, asOf(ANNA));
		const committed = store.upload(OWNER, "c", fillOf(2, S + 1), { ...PRIVATE, ...asOf(other) });
		store.ask(OWNER, "blobs_put_many", {
			id: newId(),
			blobs: [itemOf("d", bytes, asOf(BEN)), itemOf("e", bytes)],
		});
		const times = { created_at: nowOf() - 7n * DAY, modified_at: nowOf() - 3n * DAY };
		expect(put).toMatchObject({ owner: ANNA, ...times });
		expect(committed).toMatchObject({ owner: other, visibility: "private", ...times });
		expect(store.manifest(OWNER, "d")).toMatchObject({ owner: BEN, ...times });
		expect(store.manifest(OWNER, "e")).toMatchObject({ owner: OWNER, created_at: nowOf() });
		expect(store.usage(ANNA)).toMatchObject({ blobs: 1n, bytes: BigInt(S + aboutOf("a/b")) });
		expect(store.usage(other)).toMatchObject({ blobs: 1n, open_uploads: 0, changes_today: 0n });
		expect(store.usage(OWNER)).toMatchObject({ blobs: 1n, bytes: BigInt(S + aboutOf("e")), open_uploads: 0 });
		const page = store.ask(OWNER, "blobs_changes", { after: [], limit: 99, min_version: [] });
		const published = page.changes.filter(({ change }) => "published" in change);
		expect(published).toMatchObject([
			{ by: OWNER, at: nowOf(), change: { published: put } },
			{ by: OWNER, change: { published: committed } },
			{ by: OWNER, change: { published: { owner: BEN } } },
			{ by: OWNER, change: { published: { owner: OWNER } } },
		]);

		end();
		expect(store.read(other, "c").length).toBe(S + 1);
		expect(store.manifest(BEN, "c")).toBeUndefined();
		// A salt that its importer cannot know: the id that would have been it makes another label.
		const { salt } = store.ask(other, "blobs_stat", { key: "c", min_version: [] });
		expect(salt[0]).toHaveLength(16);
		store.delete(ANNA, "a/b");
		store.ask(OWNER, "blobs_delete", deleteOf("c"));
		store.clean();
		for (const who of [ANNA, other]) expect(store.usage(who)).toMatchObject({ blobs: 0n, bytes: 0n });
	});

	test("is refused for no quota, of its owner or of the controller, and all is counted", () => {
		store.setQuota(undefined, {
			open_uploads: 0,
			blobs: 0n,
			bytes: 0n,
			received_per_day: 0n,
			changes_per_day: 0n,
			cycles_per_day: 0n,
		});
		begin();
		store.upload(OWNER, "c", fillOf(2, 2 * S), asOf(BEN));
		store.putBlob(OWNER, "d", bytes, asOf(BEN));
		expect(store.engine.lets("blobs_put_blob", 5_000, () => true)).toBe(true);
		expect(store.usage(BEN)).toMatchObject({ blobs: 2n, bytes: BigInt(3 * S + aboutOf("c") + aboutOf("d")) });
		end();
		const over = { quota: "cycles_per_day", limit: 0n };
		expect(store.refused(BEN, "blobs_put_blob", wholeOf(newId(), "e", bytes), bytes)).toMatchObject({
			quota_exceeded: over,
		});
	});

	test("is refused where there is no room or there are too few cycles", () => {
		store = new TestStore({ capacity: { minCycles: 1e12 } });
		begin();
		store.host.balance = 1e11;
		expect(store.code(OWNER, "blobs_put_blob", wholeOf(newId(), "d", bytes, asOf(BEN)), bytes)).toBe(
			"low_cycles",
		);
	});

	test("goes by no rule of the application, and ends by none of the store", () => {
		store = new TestStore({ authorize: () => false });
		store.ask(OWNER, "blobs_set_expiry_rules", { id: newId(), rules: [{ prefix: "", life: DAY }] });
		begin();
		expect(store.putBlob(OWNER, "a", bytes, asOf(ANNA))).toMatchObject({ owner: ANNA, expires_at: [] });
		const expires_at = [nowOf() + 9n * DAY] as [bigint];
		expect(store.upload(OWNER, "b", bytes, { ...asOf(BEN), expires_at })).toMatchObject({
			owner: BEN,
			expires_at,
		});
		expect(store.putBlob(OWNER, "c", bytes)).toMatchObject({ expires_at: [nowOf() + DAY] });
		end();
		expect(store.code(OWNER, "blobs_put_blob", wholeOf(newId(), "d", bytes), bytes)).toBe("not_authorized");
	});

	test("takes over what another owner has, which is given back", () => {
		begin();
		store.putBlob(OWNER, "a", bytes, asOf(ANNA));
		const id = store.begin(OWNER, "a", S);
		store.put(OWNER, id, 0, fillOf(2, S));
		expect(store.usage(OWNER)).toMatchObject({ blobs: 1n, bytes: BigInt(S + sessionOf("a")) });
		store.commit(OWNER, id, fillOf(2, S), asOf(BEN));
		store.clean();
		expect(store.usage(ANNA)).toMatchObject({ blobs: 0n, bytes: 0n });
		expect(store.usage(OWNER)).toMatchObject({ blobs: 0n, bytes: 0n });
		expect(store.usage(BEN)).toMatchObject({ blobs: 1n, bytes: BigInt(S + aboutOf("a")) });
	});

	test("has its grants, parts of them with their giver, and what was used of each", () => {
		begin();
		const [guest, friend] = [person(11), person(12)];
		const used = (count: bigint, blobs: bigint) => ({ bytes: count, blobs });
		const some = (bound: bigint): [bigint] => [bound];
		const above = giveOf(guest, { prefix: "in/", bytes: some(4n * BigInt(S)), may_give: true });
		const part = giveOf(friend, { prefix: "in/ben/", blobs: some(3n) });
		store.ask(OWNER, "blobs_give_grant", { ...above, as: [{ giver: [], used: used(2n * BigInt(S), 7n) }] });
		const under = { under: [above.id] as [Uint8Array], as: [{ giver: [guest], used: used(100n, 2n) }] };
		store.ask(OWNER, "blobs_give_grant", { ...part, ...under } as typeof part);
		const over = {
			...giveOf(friend, { prefix: "b/", blobs: some(1n) }),
			as: [{ giver: [], used: used(0n, 2n) }],
		};
		expect(store.refused(OWNER, "blobs_give_grant", over as typeof part)).toMatchObject({
			invalid_argument: { field: "as.used.blobs", limit: 1n },
		});
		end();
		const late = { ...giveOf(friend, { prefix: "c/" }), as: [{ giver: [], used: used(0n, 0n) }] };
		expect(store.refused(OWNER, "blobs_give_grant", late as typeof part)).toMatchObject({
			invalid_argument: { field: "as" },
		});
		const of = { of: { all: null }, after: [] as [], limit: 9 };
		expect(store.ask(OWNER, "blobs_list_grants", of).grants).toMatchObject([
			{ who: guest, id: above.id, used: used(2n * BigInt(S), 7n), holds: true },
			{ who: friend, id: part.id, under: [{ who: guest, id: above.id }], used: used(100n, 2n), holds: true },
		]);
		// Within what was left of both, and over it.
		store.putBlob(friend, "in/ben/a", bytes);
		expect(store.refused(friend, "blobs_put_blob", wholeOf(newId(), "in/ben/b", bytes), bytes)).toMatchObject(
			{
				quota_exceeded: { quota: "grant_blobs", limit: 3n, used: 3n },
			},
		);
		expect(store.refused(guest, "blobs_put_blob", wholeOf(newId(), "in/b", bytes), bytes)).toMatchObject({
			quota_exceeded: { quota: "grant_bytes" },
		});
		store.ask(guest, "blobs_revoke_grant", { id: newId(), who: friend, grant: part.id });
		expect(store.usage(guest).bytes).toBe(0n);
	});

	test("must be somebody's, from a time that has been", () => {
		begin();
		const now = nowOf();
		const field = (parts: Partial<WireImportedAs>, id = newId()) => {
			const request = wholeOf(id, "a", bytes, asOf(ANNA, parts));
			const refused = store.refused(OWNER, "blobs_put_blob", request, bytes);
			return (
				"invalid_argument" in refused && [refused.invalid_argument.field, refused.invalid_argument.limit]
			);
		};
		expect(field({ owner: Principal.anonymous() })).toEqual(["as.owner", 0n]);
		expect(field({ owner: Principal.fromUint8Array(new Uint8Array(0)) })).toEqual(["as.owner", 0n]);
		expect(field({ modified_at: now + 1_000_000n })).toEqual(["as.modified_at", now]);
		expect(field({ created_at: now + 1_000_000n })).toEqual(["as.created_at", now]);
		expect(field({ created_at: now, modified_at: now - DAY })).toEqual(["as.created_at", now - DAY]);
		expect(field({ created_at: 1n })).toEqual(["as.created_at", 0n]);
		expect(store.putBlob(OWNER, "a", bytes, asOf(ANNA, { created_at: 0n, modified_at: now }))).toMatchObject({
			created_at: 0n,
			modified_at: now,
		});
	});
});

test("C80 nothing else sets owner or times: before an import and after it all who try are refused", () => {
	const refusedAll = () => {
		store.ask(OWNER, "blobs_grant_role", { id: newId(), who: READER, role: { admin: null } });
		for (const who of [OWNER, ANNA, READER]) {
			const as = asOf(BEN);
			const upload = store.begin(who, "u", S);
			store.put(who, upload, 0, bytes);
			const put = itemOf("b", bytes, as);
			const { results } = store.ask(who, "blobs_put_many", { id: newId(), blobs: [put] });
			const [result] = results;
			const batch = { id: newId(), items: [{ put: itemOf("a", bytes) }, { put }] };
			for (const refused of [
				store.refused(who, "blobs_put_blob", wholeOf(newId(), "a", bytes, as), bytes),
				store.refused(who, "blobs_commit_upload", commitOf(upload, bytes, as)),
				store.refused(who, "blobs_batch", batch),
				result && "err" in result && result.err,
			])
				expect(refused).toMatchObject({ invalid_argument: { field: "as" } });
			store.ask(who, "blobs_abort_upload", upload);
		}
		expect(store.stats().blobs).toBe(0n);
	};
	refusedAll();
	begin();
	end();
	refusedAll();
});

test("C80 an id that imported something is answered again, and publishes nothing more when that is over", () => {
	begin();
	const id = newId();
	const first = store.putBlob(OWNER, "a", bytes, asOf(ANNA), id);
	const again = () => store.putBlob(OWNER, "a", bytes, asOf(ANNA), id);
	expect(again()).toEqual(first);
	end();
	const { sequence } = status().last;
	expect(again()).toEqual(first);
	expect(status().last.sequence).toBe(sequence);
	expect(
		store.refused(OWNER, "blobs_put_blob", wholeOf(newId(), "a", bytes, asOf(ANNA)), bytes),
	).toMatchObject({
		invalid_argument: { field: "as" },
	});
	expect(store.manifest(ANNA, "a")).toEqual(first);
});
