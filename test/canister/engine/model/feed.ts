import { expect } from "vitest";
import type {
	WireCursor,
	WireExpiryRule,
	WireGrantName,
	WireGrantTerms,
	WireManifest,
	WireQuota,
} from "../../../../src/protocol/index.js";
import { type PlainChange, plainChange, versionOf } from "../../../support/plain.js";
import { sha256 } from "../../../support/store.js";
import { opened } from "../staged-store.js";
import { CONTROLLER, EVERYBODY, type ModeName, numberOf, PRINCIPALS, type RoleName } from "./model.js";
import { linkName } from "./owners.js";
import type { World } from "./world.js";

/** The feed from its beginning, in pages, every head computed anew of the bytes as they came. */

export interface Replayed {
	readonly blobs: Map<string, WireManifest>;
	readonly quotas: Map<number, WireQuota>;
	readonly roles: Set<RoleName>[];
	mode: ModeName;
	rules: readonly WireExpiryRule[];
	keepDays: number;
	/** Links that hold. */
	readonly links: Set<string>;
	/** By holder and id. */
	readonly grants: Map<string, ReplayedGrant>;
	/** What a batch may reveal. */
	readonly sealed: PlainChange[];
}

export interface ReplayedGrant {
	readonly terms: WireGrantTerms;
	readonly role: string;
	readonly under: ReplayedGrant | undefined;
}

export const headAfter = (before: Uint8Array, change: Uint8Array): Uint8Array =>
	sha256(Buffer.concat([before, change]));

export function replayFeed(world: World): Replayed {
	const replayed: Replayed = {
		blobs: new Map(),
		quotas: new Map(),
		roles: PRINCIPALS.map(() => new Set()),
		mode: "live",
		rules: [],
		keepDays: 0,
		links: new Set(),
		grants: new Map(),
		sealed: [],
	};
	let cursor: WireCursor = { sequence: 0n, head: new Uint8Array(32) };
	let left = 0;
	for (;;) {
		const request = { after: [cursor] as [WireCursor], limit: 7, min_version: [] as [] };
		const page = world.queryWire(CONTROLLER, "blobs_changes", request);
		expect(page.before).toEqual(cursor);
		for (const bytes of page.changes) {
			const change = plainChange(bytes);
			cursor = { sequence: cursor.sequence + 1n, head: headAfter(cursor.head, bytes) };
			expect(change.sequence).toBe(cursor.sequence);
			left = leftOfBatch(left, change);
			apply(replayed, change);
		}
		if (page.changes.length === 0) {
			expect(page.last).toEqual(cursor);
			expect(left).toBe(0);
			return replayed;
		}
	}
}

/** How many changes of a batch are still to come: each is told where in it it stands, and none comes between. */
function leftOfBatch(left: number, { in_batch: [its] }: PlainChange): number {
	const isFirst = left === 0;
	if (its === undefined) expect(left).toBe(0);
	else if (isFirst) expect(its.index).toBe(0);
	else expect(its.count - its.index).toBe(left);
	return its === undefined ? 0 : its.count - its.index - 1;
}

export const grantName = ({ who, id }: WireGrantName): string =>
	`${numberOf(who)}/${Buffer.from(id).toString("hex")}`;

/** Grants that hold now, by what the feed says of them and of those that they are part of. */
export function holding(grants: Replayed["grants"], now: bigint): Map<string, string> {
	const all = new Set(grants.values());
	const holds = (grant: ReplayedGrant): boolean =>
		all.has(grant) &&
		(grant.terms.ends_at[0] === undefined || grant.terms.ends_at[0] > now) &&
		(grant.under === undefined || holds(grant.under));
	return new Map([...grants].filter(([, grant]) => holds(grant)).map(([name, { role }]) => [name, role]));
}

function apply(replayed: Replayed, { change, ...stamp }: PlainChange): void {
	if ("published" in change) {
		expect(versionOf(change.published)).toEqual(versionOf(stamp));
		replayed.blobs.set(change.published.key, change.published);
	} else if ("deleted" in change) {
		expect(versionOf(replayed.blobs.get(change.deleted.key)!)).toEqual(change.deleted.version);
		replayed.blobs.delete(change.deleted.key);
	} else if ("expired" in change) {
		const { key, version } = change.expired;
		const over = replayed.blobs.get(key)!;
		expect(versionOf(over)).toEqual(version);
		expect(stamp.at).toBeGreaterThanOrEqual(over.expires_at[0]!);
		expect(stamp.by.toText()).toBe("aaaaa-aa");
		replayed.blobs.delete(key);
	} else if ("restored" in change) {
		const { manifest } = change.restored;
		expect(versionOf(manifest)).toEqual(versionOf(stamp));
		replayed.blobs.set(manifest.key, manifest);
	} else if ("given" in change) {
		const { manifest, version, from } = change.given;
		const before = replayed.blobs.get(manifest.key)!;
		expect(versionOf(manifest)).toEqual(versionOf(stamp));
		expect([versionOf(before), before.owner]).toEqual([version, from]);
		expect(manifest.owner).toEqual(stamp.by);
		replayed.blobs.set(manifest.key, manifest);
	} else if ("link" in change) {
		const { owner, who, state } = change.link;
		const name = linkName(numberOf(owner), numberOf(who));
		if (state === "holds") replayed.links.add(name);
		else replayed.links.delete(name);
	} else if ("sealed" in change) replayed.sealed.push({ change, ...stamp });
	else if ("revealed" in change) for (const its of opened(replayed.sealed, change)) apply(replayed, its);
	else if ("purged" in change) {
		expect(change.purged.version.sequence).toBeLessThan(stamp.sequence);
	} else if ("keep_deleted" in change) {
		replayed.keepDays = change.keep_deleted.days;
	} else if ("expiry_rules" in change) {
		replayed.rules = change.expiry_rules.rules;
	} else if ("role" in change) {
		const held = replayed.roles[numberOf(change.role.who)]!;
		const role = change.role.role as RoleName;
		if (change.role.granted) held.add(role);
		else held.delete(role);
	} else if ("quota" in change) {
		const { who, quota } = change.quota;
		const whose = who[0] === undefined ? EVERYBODY : numberOf(who[0]);
		if (quota[0] === undefined) replayed.quotas.delete(whose);
		else replayed.quotas.set(whose, quota[0]);
	} else if ("grant" in change) {
		const { role, terms, under } = change.grant;
		const name = grantName(change.grant);
		if (terms[0] === undefined) replayed.grants.delete(name);
		else {
			const above = under[0] && replayed.grants.get(grantName(under[0]));
			replayed.grants.set(name, { role, terms: terms[0], under: above });
		}
	} else if ("mode" in change) replayed.mode = change.mode.mode as ModeName;
}
