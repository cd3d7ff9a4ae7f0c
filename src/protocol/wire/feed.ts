import type { Principal } from "@dfinity/principal";
import { bool, bytes, nat32, nat64, opt, principal, record, text, variant, vec } from "../candid.js";
import { Mode, Quota, Role, type WireMode, type WireQuota, type WireRole } from "./administration.js";
import { Manifest, type WireManifest } from "./blob.js";

/**
 * The feed: every change of what is published and of who may do what, in order. Each has the head
 * SHA-256(head before | Candid encoding of the change's value); the last head is certified.
 */

/** What changed; the names say what of. */
export type WireChangeOf =
	/** A key holds this now: published, copied, renamed to, or its type, visibility or metadata changed. */
	| { published: WireManifest }
	/** A key holds nothing now; `version` is what it held. */
	| { deleted: { key: string; version: bigint } }
	| { role: { who: Principal; role: WireRole; granted: boolean } }
	/** Nobody named: the quota of all that have none of their own. */
	| { quota: { who: [] | [Principal]; quota: [] | [WireQuota] } }
	| { mode: { mode: WireMode; generation: bigint } };

export interface WireChange {
	sequence: bigint;
	at: bigint;
	/** Who made it. */
	by: Principal;
	change: WireChangeOf;
}
export const Change = record<WireChange>({
	sequence: nat64,
	at: nat64,
	by: principal,
	change: variant<WireChangeOf>({
		published: Manifest,
		deleted: record<{ key: string; version: bigint }>({ key: text, version: nat64 }),
		role: record<{ who: Principal; role: WireRole; granted: boolean }>({
			who: principal,
			role: Role,
			granted: bool,
		}),
		quota: record<{ who: [] | [Principal]; quota: [] | [WireQuota] }>({
			who: opt(principal),
			quota: opt(Quota),
		}),
		mode: record<{ mode: WireMode; generation: bigint }>({ mode: Mode, generation: nat64 }),
	}),
});

/** A place in the feed: past this change. The head tells a store that was rolled back from the one it was. */
export interface WireCursor {
	sequence: bigint;
	head: Uint8Array;
}
export const Cursor = record<WireCursor>({ sequence: nat64, head: bytes });

export interface WireChangesRequest {
	/** Absent: from the oldest change that is still there. */
	after: [] | [WireCursor];
	limit: number;
	min_sequence: [] | [bigint];
}
export const ChangesRequest = record<WireChangesRequest>({
	after: opt(Cursor),
	limit: nat32,
	min_sequence: opt(nat64),
});

export interface WireChanges {
	/** Where the page begins: the cursor that was given, or the place before the oldest change. */
	before: WireCursor;
	changes: WireChange[];
	/** The last change of all, and the head that is certified. */
	last: WireCursor;
	certificate: [] | [Uint8Array];
	witness: [] | [Uint8Array];
}
export const Changes = record<WireChanges>({
	before: Cursor,
	changes: vec(Change),
	last: Cursor,
	certificate: opt(bytes),
	witness: opt(bytes),
});
