import type { IDL } from "@dfinity/candid";
import { expect } from "vitest";
import {
	Change,
	type WireChange,
	type WireCursor,
	type WireManifest,
	type WireQuota,
} from "../../../../src/protocol/index.js";
import { sha256 } from "../../../support/store.js";
import { CONTROLLER, EVERYBODY, type ModeName, numberOf, PRINCIPALS, type RoleName } from "./model.js";
import type { World } from "./world.js";

/** The feed from its beginning, in pages, every head computed anew with the Candid library. */

export interface Replayed {
	readonly blobs: Map<string, WireManifest>;
	readonly quotas: Map<number, WireQuota>;
	readonly roles: Set<RoleName>[];
	mode: ModeName;
}

export function headAfter(before: Uint8Array, change: WireChange): Uint8Array {
	const value = (Change as IDL.Type<WireChange>).encodeValue(change);
	return sha256(Buffer.concat([before, new Uint8Array(value)]));
}

export function replayFeed(world: World): Replayed {
	const replayed: Replayed = {
		blobs: new Map(),
		quotas: new Map(),
		roles: PRINCIPALS.map(() => new Set()),
		mode: "live",
	};
	let cursor: WireCursor = { sequence: 0n, head: new Uint8Array(32) };
	for (;;) {
		const request = { after: [cursor] as [WireCursor], limit: 7, min_sequence: [] as [] };
		const page = world.query(CONTROLLER, "blobs_changes", request);
		expect(page.before).toEqual(cursor);
		for (const change of page.changes) {
			cursor = { sequence: cursor.sequence + 1n, head: headAfter(cursor.head, change) };
			expect(change.sequence).toBe(cursor.sequence);
			apply(replayed, change);
		}
		if (page.changes.length === 0) {
			expect(page.last).toEqual(cursor);
			return replayed;
		}
	}
}

function apply(replayed: Replayed, { change, sequence }: WireChange): void {
	if ("published" in change) {
		expect(change.published.sequence).toBe(sequence);
		replayed.blobs.set(change.published.key, change.published);
	} else if ("deleted" in change) {
		expect(replayed.blobs.get(change.deleted.key)?.sequence).toBe(change.deleted.version);
		replayed.blobs.delete(change.deleted.key);
	} else if ("role" in change) {
		const held = replayed.roles[numberOf(change.role.who)]!;
		const role = Object.keys(change.role.role)[0] as RoleName;
		if (change.role.granted) held.add(role);
		else held.delete(role);
	} else if ("quota" in change) {
		const { who, quota } = change.quota;
		const whose = who[0] === undefined ? EVERYBODY : numberOf(who[0]);
		if (quota[0] === undefined) replayed.quotas.delete(whose);
		else replayed.quotas.set(whose, quota[0]);
	} else replayed.mode = Object.keys(change.mode.mode)[0] as ModeName;
}
