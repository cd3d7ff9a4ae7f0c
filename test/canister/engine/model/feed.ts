import { expect } from "vitest";
import type { WireCursor, WireManifest, WireQuota } from "../../../../src/protocol/index.js";
import { type PlainChange, plainChange, versionOf } from "../../../support/plain.js";
import { sha256 } from "../../../support/store.js";
import { CONTROLLER, EVERYBODY, type ModeName, numberOf, PRINCIPALS, type RoleName } from "./model.js";
import type { World } from "./world.js";

/** The feed from its beginning, in pages, every head computed anew of the bytes as they came. */

export interface Replayed {
	readonly blobs: Map<string, WireManifest>;
	readonly quotas: Map<number, WireQuota>;
	readonly roles: Set<RoleName>[];
	mode: ModeName;
}

export const headAfter = (before: Uint8Array, change: Uint8Array): Uint8Array =>
	sha256(Buffer.concat([before, change]));

export function replayFeed(world: World): Replayed {
	const replayed: Replayed = {
		blobs: new Map(),
		quotas: new Map(),
		roles: PRINCIPALS.map(() => new Set()),
		mode: "live",
	};
	let cursor: WireCursor = { sequence: 0n, head: new Uint8Array(32) };
	for (;;) {
		const request = { after: [cursor] as [WireCursor], limit: 7, min_version: [] as [] };
		const page = world.queryWire(CONTROLLER, "blobs_changes", request);
		expect(page.before).toEqual(cursor);
		for (const bytes of page.changes) {
			const change = plainChange(bytes);
			cursor = { sequence: cursor.sequence + 1n, head: headAfter(cursor.head, bytes) };
			expect(change.sequence).toBe(cursor.sequence);
			apply(replayed, change);
		}
		if (page.changes.length === 0) {
			expect(page.last).toEqual(cursor);
			return replayed;
		}
	}
}

function apply(replayed: Replayed, { change, ...stamp }: PlainChange): void {
	if ("published" in change) {
		expect(versionOf(change.published)).toEqual(versionOf(stamp));
		replayed.blobs.set(change.published.key, change.published);
	} else if ("deleted" in change) {
		expect(versionOf(replayed.blobs.get(change.deleted.key)!)).toEqual(change.deleted.version);
		replayed.blobs.delete(change.deleted.key);
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
	} else replayed.mode = change.mode.mode as ModeName;
}
