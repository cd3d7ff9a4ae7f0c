import type { Principal } from "@dfinity/principal";
import { beforeEach, describe, expect, test } from "vitest";
import type { Settings } from "../../../src/canister/engine/index.js";
import { MEMORY } from "../../../src/canister/host/memory.js";
import {
	type MethodArgs,
	manifests,
	type WireManifest,
	type WireVersion,
} from "../../../src/protocol/index.js";
import { versionOf } from "../../support/plain.js";
import { newId } from "../../support/store.js";
import { GrantStore } from "./grant-store.js";
import {
	ANNA,
	BEN,
	DAY_MS,
	deleteOf,
	fillOf,
	moveOf,
	OWNER,
	PRIVATE,
	person,
	READER,
	S,
	updateOf,
} from "./store.js";

const BACKUP = person(40);
const OTHER = person(41);
const HOUR = 3_600_000_000_000n;
const MUCH = 2n ** 30n;
const NONE = { none: null };

class LeaseStore extends GrantStore {
	constructor(settings: Settings = {}) {
		super(settings);
		for (const who of [BACKUP, OTHER])
			this.ask(OWNER, "blobs_grant_role", { id: newId(), who, role: { backup: null } });
	}

	take(who = BACKUP, parts: Partial<MethodArgs<"blobs_take_lease">[0]> = {}) {
		const request = takeOf(parts);
		return { id: request.id, version: this.ask(who, "blobs_take_lease", request) };
	}

	release(who: Principal, lease: Uint8Array) {
		return this.ask(who, "blobs_release_lease", { id: newId(), lease });
	}

	/** All pages, of so many each. */
	leased(lease: Uint8Array, who = BACKUP, limit = 1_000): WireManifest[] {
		const all: WireManifest[] = [];
		let after: [] | [bigint] = [];
		do {
			const page = this.ask(who, "blobs_list_leased", { lease, after, limit }) as {
				manifests: Uint8Array[];
				next: [] | [bigint];
			};
			all.push(...page.manifests.map((each) => manifests.decode(each)));
			after = page.next;
		} while (after.length > 0);
		return all;
	}

	names(lease: Uint8Array, who = BACKUP, limit = 1_000): string[] {
		return this.leased(lease, who, limit).map(({ key, size }) => `${key} ${size}`);
	}

	leases() {
		return this.ask(BACKUP, "blobs_list_leases").leases;
	}

	/** What somebody reads of a version. */
	bytesOf(who: Principal, { key, size, chunk_size, ...version }: WireManifest): Buffer {
		const chunks: Uint8Array[] = [];
		for (let at = 0n; at < size; at += BigInt(chunk_size))
			chunks.push(this.ask(who, "blobs_get_chunk", key, versionOf(version as WireVersion), chunks.length));
		return Buffer.concat(chunks);
	}

	/** Until cleaning has looked at everything. */
	settle(): void {
		for (let step = 0; step < 20; step++) this.engine.clean();
	}
}
const takeOf = (parts: Partial<MethodArgs<"blobs_take_lease">[0]> = {}) => ({
	id: newId(),
	life: HOUR,
	bytes: MUCH,
	...parts,
});

let store: LeaseStore;
beforeEach(() => {
	store = new LeaseStore();
});
const small = fillOf(1, 10);
const large = fillOf(2, 2 * S + 5);

describe("C81 a lease keeps what keys held when it was taken", () => {
	test("however it goes: deleted, put over, committed, updated, renamed, renamed over, expired, through an upgrade", () => {
		for (const key of ["a", "b", "d", "e", "f", "g"]) store.putBlob(ANNA, key, small);
		store.upload(ANNA, "c", large, PRIVATE);
		const expires_at = [BigInt(store.host.time + 60_000) * 1_000_000n] as [bigint];
		store.putBlob(ANNA, "h", small, { expires_at });
		store.putBlob(ANNA, "before", small);
		store.delete(ANNA, "before");
		const { id, version } = store.take();
		store.putBlob(ANNA, "later", small);
		expect(store.names(id)).toEqual([]);

		const changed = { ...updateOf("b"), content_type: ["text/plain"] as [string] };
		store.delete(ANNA, "a");
		store.ask(ANNA, "blobs_update", changed);
		store.upload(ANNA, "c", small);
		store.ask(ANNA, "blobs_rename", moveOf("d", "e"));
		store.putBlob(ANNA, "f", fillOf(3, 20));
		store.ask(ANNA, "blobs_delete_many", { id: newId(), blobs: [{ key: "g", precondition: NONE }] });
		store.upgrade();
		store.host.time += 60_000;
		store.settle();
		store.delete(ANNA, "later");
		store.delete(ANNA, "f");
		store.settle();

		expect(store.names(id).sort()).toEqual(
			["a 10", "b 10", `c ${large.length}`, "d 10", "e 10", "f 10", "g 10", "h 10"].sort(),
		);
		expect(store.names(id, BACKUP, 1)).toEqual(store.names(id));
		for (const manifest of store.leased(id)) {
			expect(manifest.sequence <= version.sequence).toBe(true);
			const bytes = manifest.key === "c" ? large : small;
			expect(Buffer.compare(store.bytesOf(BACKUP, manifest), bytes)).toBe(0);
		}
		expect(store.leased(id).find(({ key }) => key === "b")).toMatchObject({
			content_type: "application/octet-stream",
		});
	});

	test("for its holder alone, and for nobody when it is released: then the space is free", () => {
		const slots = () => store.storage.filled(MEMORY.slots);
		const before = slots();
		const first = store.upload(ANNA, "a", large, PRIVATE);
		const { id } = store.take();
		store.delete(ANNA, "a");
		store.settle();
		expect(store.bytesOf(BACKUP, first)).toHaveLength(large.length);
		const request = [first.key, versionOf(first), 0] as const;
		for (const who of [ANNA, BEN, READER, OTHER, OWNER])
			expect(store.code(who, "blobs_get_chunk", ...request)).toBe("blob_not_found");
		expect(store.code(OTHER, "blobs_list_leased", { lease: id, after: [], limit: 9 })).toBe(
			"lease_not_found",
		);
		store.release(BACKUP, id);
		expect(store.code(BACKUP, "blobs_get_chunk", ...request)).toBe("blob_not_found");
		expect(store.code(BACKUP, "blobs_list_leased", { lease: id, after: [], limit: 9 })).toBe(
			"lease_not_found",
		);
		store.settle();
		expect(slots()).toBe(before);
		expect(store.storage.size(MEMORY.leases)).toBe(0);
	});

	test("and what several keep is gone when the last of them ends", () => {
		const a = store.putBlob(ANNA, "a", small);
		const first = store.take();
		const b = store.putBlob(ANNA, "b", small);
		const second = store.take(OTHER, { life: 2n * HOUR });
		store.ask(ANNA, "blobs_delete_many", {
			id: newId(),
			blobs: ["a", "b"].map((key) => ({ key, precondition: NONE })),
		});
		expect(store.names(first.id)).toEqual(["a 10"]);
		expect(store.names(second.id, OTHER)).toEqual(["a 10", "b 10"]);
		store.host.time += 3_600_000;
		store.settle();
		expect(store.code(BACKUP, "blobs_get_chunk", "a", versionOf(a), 0)).toBe("blob_not_found");
		expect(store.names(second.id, OTHER)).toEqual(["a 10", "b 10"]);
		expect(store.bytesOf(OTHER, b)).toHaveLength(10);
		store.host.time += 3_600_000;
		store.settle();
		expect([store.leases(), store.storage.size(MEMORY.leases)]).toEqual([[], 0]);
	});

	test("beside the bin, from which it may be restored and purged meanwhile; to purge removes it for leases, too", () => {
		store.ask(OWNER, "blobs_set_keep_deleted", { id: newId(), days: 1 });
		const [a, b] = [store.putBlob(ANNA, "a", small), store.putBlob(ANNA, "b", small)];
		const { id } = store.take();
		store.ask(ANNA, "blobs_delete", deleteOf("a"));
		store.ask(ANNA, "blobs_delete", deleteOf("b"));
		const name = { key: "a", version: versionOf(a) };
		store.ask(ANNA, "blobs_restore", { id: newId(), ...name, precondition: NONE });
		store.ask(OWNER, "blobs_purge", { id: newId(), key: "b", version: versionOf(b) });
		expect(store.names(id)).toEqual(["a 10"]);
		expect(store.leases()[0]!.used).toBeGreaterThan(0n);
		// Not in the bin, for it was restored, and kept for the lease alone.
		expect(store.code(ANNA, "blobs_purge", { id: newId(), ...name })).toBe("blob_not_found");
		store.ask(OWNER, "blobs_purge", { id: newId(), ...name });
		expect([store.names(id), store.leases()[0]!.used]).toEqual([[], 0n]);
		store.settle();
		expect(store.read(ANNA, "a")).toHaveLength(10);
	});
});

describe("C82 what a lease may take is bounded", () => {
	test("owners are charged for nothing that is kept, and what is kept counts in the lease", () => {
		store.upload(ANNA, "a", large);
		const charged = store.usage(ANNA).bytes;
		store.take();
		store.delete(ANNA, "a");
		store.clean();
		expect(store.usage(ANNA)).toMatchObject({ blobs: 0n, bytes: 0n });
		expect(store.leases()).toMatchObject([{ bytes: MUCH, used: charged, broken: false }]);
	});

	test("one that would have to keep more than it is for is broken, its holder told, and no writer refused", () => {
		const first = store.putBlob(ANNA, "a", small);
		store.upload(ANNA, "b", large);
		const { id } = store.take(BACKUP, { bytes: store.usage(ANNA).bytes - 1n });
		const { id: whole } = store.take(OTHER, { bytes: store.usage(ANNA).bytes });
		store.delete(ANNA, "a");
		expect(store.names(id)).toEqual(["a 10"]);
		store.delete(ANNA, "b");
		expect(store.leases()).toMatchObject([
			{ id, broken: true },
			{ id: whole, broken: false },
		]);
		for (const refused of [
			store.refused(BACKUP, "blobs_list_leased", { lease: id, after: [], limit: 9 }),
			store.refused(BACKUP, "blobs_extend_lease", { id: newId(), lease: id, life: HOUR }),
		])
			expect(refused).toMatchObject({ lease_broken: {} });
		expect(store.code(BACKUP, "blobs_get_chunk", "a", versionOf(first), 0)).toBe("blob_not_found");
		store.settle();
		expect(store.names(whole, OTHER)).toEqual(["a 10", `b ${large.length}`]);
		store.release(OTHER, whole);
		store.settle();
		// What is broken keeps nothing, and stands in the list until it ends.
		expect([store.storage.filled(MEMORY.slots), store.leases().length]).toEqual([0, 1]);
	});

	test("as far as there is room for its bytes when it is taken: no writer is refused for it later", () => {
		const tight = new LeaseStore({ capacity: { maxStableBytes: 2 ** 29 } });
		const { missing } = (
			tight.refused(BACKUP, "blobs_take_lease", takeOf()) as { no_room: { missing: bigint } }
		).no_room;
		expect(missing).toBeGreaterThan(0n);
		expect(missing).toBeLessThanOrEqual(MUCH);
		tight.take(BACKUP, { bytes: 1_000_000n });
		expect(tight.leases()).toMatchObject([{ bytes: 1_000_000n }]);
	});

	test("two of one principal, eight in all, each for a day at a time and a week in all, within the room there is", () => {
		const over = { quota: "leases", limit: 2n, used: 2n, needed: 1n };
		const { id } = store.take();
		store.take();
		expect(store.refused(BACKUP, "blobs_take_lease", takeOf())).toEqual({ quota_exceeded: over });
		for (let n = 0; n < 3; n++) {
			const who = person(50 + n);
			store.ask(OWNER, "blobs_grant_role", { id: newId(), who, role: { backup: null } });
			store.take(who);
			store.take(who);
		}
		expect(store.refused(OTHER, "blobs_take_lease", takeOf())).toMatchObject({
			quota_exceeded: { limit: 8n },
		});
		const day = BigInt(DAY_MS) * 1_000_000n;
		const extend = (life: bigint) =>
			store.ask(BACKUP, "blobs_extend_lease", { id: newId(), lease: id, life });
		for (let n = 0; n < 6; n++) {
			extend(day);
			store.host.time += DAY_MS - 1;
		}
		extend(day);
		store.host.time += DAY_MS - 1;
		const refused = store.refused(BACKUP, "blobs_extend_lease", { id: newId(), lease: id, life: day });
		expect(refused).toMatchObject({ invalid_argument: { field: "life", limit: 7_000_000n } });
		store.host.time += 7;
		expect(store.code(BACKUP, "blobs_extend_lease", { id: newId(), lease: id, life: 1_000_000n })).toBe(
			"lease_not_found",
		);
		for (const [parts, field] of [
			[{ life: day + 1_000_000n }, "life"],
			[{ life: 0n }, "life"],
			[{ bytes: 2n ** 36n + 1n }, "bytes"],
		] as const)
			expect(store.refused(BACKUP, "blobs_take_lease", takeOf(parts))).toMatchObject({
				invalid_argument: { field },
			});
		store.take();
	});
});

describe("C83 a lease is the backup's", () => {
	test("taken by its role and by nobody else, once under an id, told in the feed", () => {
		for (const who of [ANNA, READER])
			expect(store.code(who, "blobs_take_lease", takeOf())).toBe("not_authorized");
		const request = takeOf();
		const version = store.ask(BACKUP, "blobs_take_lease", request);
		expect(store.ask(BACKUP, "blobs_take_lease", request)).toEqual(version);
		store.release(OTHER === BACKUP ? OTHER : BACKUP, request.id);
		store.release(BACKUP, request.id);
		const page = store.ask(OWNER, "blobs_changes", { after: [], limit: 99, min_version: [] });
		const ends = BigInt(store.host.time) * 1_000_000n + HOUR;
		expect(page.changes.slice(-2)).toMatchObject([
			{ ...version, by: BACKUP, change: { lease: { id: request.id, holder: BACKUP, ends_at: [ends] } } },
			{ by: BACKUP, change: { lease: { id: request.id, ends_at: [] } } },
		]);
	});

	test("released by administrators, ended with the role, for good", () => {
		store.putBlob(ANNA, "a", small);
		const [first, second] = [store.take(), store.take()];
		expect(store.code(OTHER, "blobs_release_lease", { id: newId(), lease: first.id })).toBe("not_authorized");
		store.release(OWNER, first.id);
		expect(store.leases().map(({ id }) => id)).toEqual([second.id]);
		const role = { who: BACKUP, role: { backup: null } };
		store.ask(OWNER, "blobs_revoke_role", { id: newId(), ...role });
		store.delete(ANNA, "a");
		store.ask(OWNER, "blobs_grant_role", { id: newId(), ...role });
		expect(store.leases()).toEqual([]);
		store.settle();
		expect(store.storage.filled(MEMORY.slots)).toBe(0);
	});
});
