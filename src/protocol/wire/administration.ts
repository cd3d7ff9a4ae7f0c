import { bool, bytes, nat32, nat64, nothing, opt, principal, record, text, variant, vec } from "../candid.js";
import type { WirePrincipal } from "../principal.js";
import { Version, type WireVersion } from "./version.js";

/** Who may do what and how much, in which mode the store is, and what it says about itself. */

export type WireRole = { admin: null } | { writer: null } | { reader: null } | { backup: null };
export const Role = variant<WireRole>({ admin: nothing, writer: nothing, reader: nothing, backup: nothing });

/** Giving a role, or taking it away. */
export interface WireRoleChange {
	id: Uint8Array;
	who: WirePrincipal;
	role: WireRole;
}
export const RoleChange = record<WireRoleChange>({ id: bytes, who: principal, role: Role });

/** What a principal may have at the most. */
export interface WireQuota {
	open_uploads: number;
	/** Keys that hold a blob of its own or that an open upload of its own is to, each once. */
	blobs: bigint;
	/** Bytes of blobs and of open uploads, what is stored about them included. */
	bytes: bigint;
	/** Bytes sent a day (of UTC), kept, repeated or refused: the canister pays for every byte it is sent. */
	received_per_day: bigint;
	/** Entries of the feed and receipts a day (of UTC). */
	changes_per_day: bigint;
	/** Cycles that it may cause a day (of UTC), as the canister estimates them. */
	cycles_per_day: bigint;
}
export const Quota = record<WireQuota>({
	open_uploads: nat32,
	blobs: nat64,
	bytes: nat64,
	received_per_day: nat64,
	changes_per_day: nat64,
	cycles_per_day: nat64,
});

export interface WireSetQuota {
	id: Uint8Array;
	/** Absent: everybody who has no quota of their own. */
	who: [] | [WirePrincipal];
	/** Absent: none of their own any more; for everybody, the one the canister was built with. */
	quota: [] | [WireQuota];
}
export const SetQuota = record<WireSetQuota>({ id: bytes, who: opt(principal), quota: opt(Quota) });

/** Of a quota, what is in use. */
export interface WireUsage {
	open_uploads: number;
	/** Keys that hold a blob of its own or that an open upload of its own is to, each once. */
	blobs: bigint;
	bytes: bigint;
	received_today: bigint;
	changes_today: bigint;
	cycles_today: bigint;
}
export const Usage = record<WireUsage>({
	open_uploads: nat32,
	blobs: nat64,
	bytes: nat64,
	received_today: nat64,
	changes_today: nat64,
	cycles_today: nat64,
});

export interface WireAccount {
	who: WirePrincipal;
	/** Names of the roles that were granted; a later version may have others than a request can name. */
	roles: string[];
	/** The quota that holds for it, its own or everybody's. */
	quota: WireQuota;
	has_own_quota: boolean;
	usage: WireUsage;
	/** Whether it may do all that an administrator may: by its role, or since it controls the canister. */
	administers: [] | [boolean];
	/** Names of the roles that it has by grants, for keys of some prefix. */
	granted: [] | [string[]];
}
export const Account = record<WireAccount>({
	who: principal,
	roles: vec(text),
	quota: Quota,
	has_own_quota: bool,
	usage: Usage,
	administers: opt(bool),
	granted: opt(vec(text)),
});

export interface WireListAccounts {
	after: [] | [WirePrincipal];
	limit: number;
}
export const ListAccounts = record<WireListAccounts>({ after: opt(principal), limit: nat32 });
export interface WireAccounts {
	accounts: WireAccount[];
	next: [] | [WirePrincipal];
}
export const Accounts = record<WireAccounts>({ accounts: vec(Account), next: opt(principal) });

/**
 * live: all is done. draining: nothing new may begin, open uploads go on. maintenance: nothing changes but by
 * administrators, and no cleaning is done. A further one, importing, is switched to and from by methods of its own.
 */
export type WireMode = { live: null } | { draining: null } | { maintenance: null };
export const Mode = variant<WireMode>({ live: nothing, draining: nothing, maintenance: nothing });

export interface WireSetMode {
	id: Uint8Array;
	mode: WireMode;
	/** The generation that the caller has seen: a switch that comes late finds another one, and is refused. */
	generation: bigint;
}
export const SetMode = record<WireSetMode>({ id: bytes, mode: Mode, generation: nat64 });

/** Begins or ends the import of a store: each happens once, so neither has to name what it was decided on. */
export interface WireImportSwitch {
	id: Uint8Array;
}
export const ImportSwitch = record<WireImportSwitch>({ id: bytes });

export interface WireStatus {
	/** Name of the mode. */
	mode: string;
	/** Counts the changes of the mode. */
	generation: bigint;
	/** The last change. */
	last: WireVersion;
	/** Version of this protocol. It changes only with what an older client cannot use. */
	protocol: number;
	/** Names of what was added to that version since. */
	features: string[];
	/** How many days what is deleted is kept; 0: not at all. */
	keep_deleted_days: [] | [number];
	/** Where the URLs of public blobs begin, such as `/files`. Absent: with the key. */
	http_prefix: [] | [string];
}
export const Status = record<WireStatus>({
	mode: text,
	generation: nat64,
	last: Version,
	protocol: nat32,
	features: vec(text),
	keep_deleted_days: opt(nat32),
	http_prefix: opt(text),
});

export interface WireStats {
	status: WireStatus;
	/** Keys that hold a blob. */
	blobs: bigint;
	/** Bytes of blobs and reserved or held by uploads, as quotas count them. */
	bytes: bigint;
	chunks: bigint;
	open_uploads: bigint;
	slots_made: bigint;
	slots_free: bigint;
	/** Changes kept in the feed. */
	feed_entries: bigint;
	/** Blobs that were deleted and are kept. */
	kept: [] | [bigint];
	/** Contents that nobody holds any more and that are not cleaned away yet. */
	cleaning: bigint;
	/** Sets of HTTP answers that are not certified for all their blobs yet, or not cleaned away yet. */
	certifying: bigint;
	/** Pages of 64 KiB; absent where the Wasm cannot tell. */
	stable_pages: [] | [bigint];
	cycles: bigint;
	/** `paid`, or `free` on a network that charges no cycles. */
	cost_schedule: string;
	/** What storing costs a day, at the price in the settings. */
	storage_cycles_per_day: bigint;
	/** Cycles that principals without role, quota or blob caused since midnight (UTC); 0 where they have no bound. */
	strangers_cycles_today: bigint;
	/** Their bound; 2^53 - 1 where there is none. */
	strangers_cycles_per_day: bigint;
	/** Whether changes are refused, since the cycles are down to what the settings keep for reads. */
	read_only: boolean;
	/** How long the cycles last for storage alone. */
	days_left: bigint;
	/** Which SHA-256 is in use: native, or the one that the application gave. */
	sha256: string;
	methods: { name: string; calls: bigint; refused: bigint; instructions: bigint }[];
	/** Refusals of updates, and of items within updates of many, by the code of their error. */
	refusals: { code: string; count: bigint }[];
}
type Row<Name extends "methods" | "refusals"> = WireStats[Name][number];
export const Stats = record<WireStats>({
	status: Status,
	blobs: nat64,
	bytes: nat64,
	chunks: nat64,
	open_uploads: nat64,
	slots_made: nat64,
	slots_free: nat64,
	feed_entries: nat64,
	kept: opt(nat64),
	cleaning: nat64,
	certifying: nat64,
	stable_pages: opt(nat64),
	cycles: nat64,
	cost_schedule: text,
	storage_cycles_per_day: nat64,
	strangers_cycles_today: nat64,
	strangers_cycles_per_day: nat64,
	read_only: bool,
	days_left: nat64,
	sha256: text,
	methods: vec(record<Row<"methods">>({ name: text, calls: nat64, refused: nat64, instructions: nat64 })),
	refusals: vec(record<Row<"refusals">>({ code: text, count: nat64 })),
});
