import { bool, bytes, bytesOf, nat32, nat64, opt, principal, record, text, variant, vec } from "../candid.js";
import type { CandidType, Shape } from "../codec/index.js";
import { type Encodable, Message } from "../codec/index.js";
import type { WirePrincipal } from "../principal.js";
import { Quota, type WireQuota } from "./administration.js";
import { ManifestBytes } from "./blob.js";
import { ExpiryRule, type WireExpiryRule } from "./expiry.js";
import { GrantName, GrantTerms, type WireGrantName, type WireGrantTerms } from "./grants.js";
import { Offered, OfferName, type WireOffered, type WireOfferName } from "./offered.js";
import { Version, type WireVersion } from "./version.js";

/**
 * The feed: every change of what is published and of who may do what, in order. Each has the head
 * SHA-256(head before | bytes of the change as they travel); the last head is certified.
 */

/** What changed; the names say what of. Roles and modes are given by name. */
export type WireChangeOf =
	/** A key holds this now: published, copied, renamed to, or its type, visibility or metadata changed. */
	| { published: Uint8Array }
	/** A key holds nothing now; `version` is what it held. */
	| { deleted: { key: string; version: WireVersion } }
	/** A key holds nothing now, since the time of what it held is over. */
	| { expired: { key: string; version: WireVersion } }
	/** A key holds again what was deleted from it, by this version's name. */
	| { restored: { manifest: Uint8Array; version: WireVersion } }
	/** A key's blob is another's from now on, as this version; before it was `from`'s, as the version named. */
	| { given: { manifest: Uint8Array; version: WireVersion; from: WirePrincipal; offer: WireOfferName } }
	/** What was deleted from a key, and was kept, is removed for good before its time. */
	| { purged: { key: string; version: WireVersion } }
	/** A lease was taken or extended; without an end it was released. */
	| { lease: { id: Uint8Array; holder: WirePrincipal; ends_at: [] | [bigint] } }
	/** How many days what is deleted is kept from now on. */
	| { keep_deleted: { days: number } }
	/** The rules by which blobs under a prefix end, all of them. */
	| { expiry_rules: { rules: WireExpiryRule[] } }
	/**
	 * A change of a staged batch, made ready and seen by nobody yet: a Change as it travels, masked with the key that its
	 * reveal tells (sealed.ts).
	 */
	| { sealed: { batch: Uint8Array; change: Uint8Array } }
	/**
	 * All changes of a staged batch that are sealed with this key, from past `after` on: they take effect now, in their
	 * order, of several of a key the last.
	 */
	| { revealed: { batch: Uint8Array; key: Uint8Array; after: WireCursor; count: number } }
	| { role: { who: WirePrincipal; role: string; granted: boolean } }
	/** Nobody named: the quota of all that have none of their own. */
	| { quota: { who: [] | [WirePrincipal]; quota: [] | [WireQuota] } }
	| { mode: { mode: string; generation: bigint } }
	/** A grant under some prefix; without terms it was taken away. */
	| {
			grant: WireGrantName & {
				role: string;
				terms: [] | [WireGrantTerms];
				under: [] | [WireGrantName];
			};
	  }
	/** Blobs of an owner were offered to another; without `what` the offer is no more. */
	| { offer: WireOfferName & { owner: WirePrincipal; to: WirePrincipal; what: [] | [WireOffered] } }
	/** A principal may act for another if it accepts that, acts for it, or does no more: offered, holds, ended. */
	| { link: { owner: WirePrincipal; who: WirePrincipal; state: string } };

export interface WireChange extends WireVersion {
	at: bigint;
	/** Who made it. */
	by: WirePrincipal;
	/** Absent for a reader that does not know this kind of change. */
	change: [] | [WireChangeOf];
	/** Absent where it was made alone. */
	in_batch: [] | [WireInBatch];
	/** Who sent it, where that acts for who made it. */
	sent_by: [] | [WirePrincipal];
}

/** Which of the changes of a batch, which stand one after the other, and how many these are. */
export interface WireInBatch {
	index: number;
	count: number;
}
const InBatch = record<WireInBatch>({ index: nat32, count: nat32 });

/** A place in the feed: past this change. The head tells a store that was rolled back from the one it was. */
export interface WireCursor {
	sequence: bigint;
	head: Uint8Array;
}
export const Cursor = record<WireCursor>({ sequence: nat64, head: bytes });

type Case<Kinds, Name extends string> = Kinds extends Record<Name, infer Content> ? Content : never;
type ChangeKind = WireChangeOf extends infer Kinds ? (Kinds extends unknown ? keyof Kinds : never) : never;

const KINDS: { readonly [Kind in ChangeKind]: CandidType<Case<WireChangeOf, Kind>> } = {
	published: ManifestBytes,
	deleted: record<Case<WireChangeOf, "deleted">>({ key: text, version: Version }),
	expired: record<Case<WireChangeOf, "expired">>({ key: text, version: Version }),
	restored: record<Case<WireChangeOf, "restored">>({ manifest: ManifestBytes, version: Version }),
	given: record<Case<WireChangeOf, "given">>({
		manifest: ManifestBytes,
		version: Version,
		from: principal,
		offer: OfferName,
	}),
	purged: record<Case<WireChangeOf, "purged">>({ key: text, version: Version }),
	lease: record<Case<WireChangeOf, "lease">>({ id: bytes, holder: principal, ends_at: opt(nat64) }),
	keep_deleted: record<Case<WireChangeOf, "keep_deleted">>({ days: nat32 }),
	expiry_rules: record<Case<WireChangeOf, "expiry_rules">>({ rules: vec(ExpiryRule) }),
	sealed: record<Case<WireChangeOf, "sealed">>({ batch: bytes, change: bytes }),
	revealed: record<Case<WireChangeOf, "revealed">>({ batch: bytes, key: bytes, after: Cursor, count: nat32 }),
	role: record<Case<WireChangeOf, "role">>({ who: principal, role: text, granted: bool }),
	quota: record<Case<WireChangeOf, "quota">>({ who: opt(principal), quota: opt(Quota) }),
	mode: record<Case<WireChangeOf, "mode">>({ mode: text, generation: nat64 }),
	grant: record<Case<WireChangeOf, "grant">>({
		who: principal,
		id: bytes,
		role: text,
		terms: opt(GrantTerms),
		under: opt(GrantName),
	}),
	offer: record<Case<WireChangeOf, "offer">>({
		giver: principal,
		id: bytes,
		owner: principal,
		to: principal,
		what: opt(Offered),
	}),
	link: record<Case<WireChangeOf, "link">>({ owner: principal, who: principal, state: text }),
};

const stamp = { sequence: nat64, canister_version: nat64, at: nat64, by: principal };
const kindsOf = (cases: Record<string, Shape>) => opt(variant<WireChangeOf>(cases));

export const Change = record<WireChange>({
	...stamp,
	change: kindsOf(KINDS),
	in_batch: opt(InBatch),
	sent_by: opt(principal),
});

/** A Change as it travels, is stored and is hashed: a whole message of Candid, its own type table included. */
export const ChangeBytes = bytesOf(Infinity);

const reader = new Message<WireChange>(Change);
/** By kind: a message declares the one case that it is of, which is a quarter of all. */
const writers = new Map(
	Object.entries(KINDS).map(([kind, type]) => {
		const change = kindsOf({ [kind]: type });
		return [kind, new Message<Omit<WireChange, "in_batch" | "sent_by">>(record({ ...stamp, change }))];
	}),
);
/**
 * The same of batches, and of what is sent by who acts for another, made when there is one: it has few kinds, and a small
 * heap is sooner gone through.
 */
const writersOfMore = new Map<string, Message<WireChange>>();

function writerOfMore(kind: string, isInBatch: boolean, isSent: boolean): Message<WireChange> {
	const name = `${kind} ${isInBatch} ${isSent}`;
	let writer = writersOfMore.get(name);
	if (writer === undefined) {
		const change = kindsOf({ [kind]: KINDS[kind as ChangeKind] });
		const more = {
			...(isInBatch && { in_batch: opt(InBatch) }),
			...(isSent && { sent_by: opt(principal) }),
		};
		writer = new Message(record({ ...stamp, change, ...more })) as Message<WireChange>;
		writersOfMore.set(name, writer);
	}
	return writer;
}

/** A change to be written; one that was made alone does not mention batches, nor who sent it one that its maker did. */
type Written = Encodable<Omit<WireChange, "change" | "in_batch" | "sent_by">> & {
	readonly change: [Encodable<WireChangeOf>];
};

export const changes = {
	encode(change: Written, inBatch?: WireInBatch, sentBy?: WirePrincipal): Uint8Array {
		const kind = Object.keys(change.change[0])[0]!;
		if (inBatch === undefined && sentBy === undefined) return writers.get(kind)!.encode(change);
		return writerOfMore(kind, inBatch !== undefined, sentBy !== undefined).encode({
			...change,
			in_batch: inBatch === undefined ? [] : [inBatch],
			sent_by: sentBy === undefined ? [] : [sentBy],
		});
	},
	decode: reader.decode.bind(reader),
};

export interface WireChangesRequest {
	/** Absent: from the oldest change that is still there. */
	after: [] | [WireCursor];
	limit: number;
	min_version: [] | [WireVersion];
}
export const ChangesRequest = record<WireChangesRequest>({
	after: opt(Cursor),
	limit: nat32,
	min_version: opt(Version),
});

export interface WireChanges {
	/** Where the page begins: the cursor that was given, or the place before the oldest change. */
	before: WireCursor;
	changes: Uint8Array[];
	/** The last change of all, and the head that is certified. */
	last: WireCursor;
	/** Names the last change of all. */
	last_version: WireVersion;
	certificate: [] | [Uint8Array];
	witness: [] | [Uint8Array];
}
export const Changes = record<WireChanges>({
	before: Cursor,
	changes: vec(ChangeBytes),
	last: Cursor,
	last_version: Version,
	certificate: opt(bytes),
	witness: opt(bytes),
});
