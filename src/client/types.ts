/**
 * A principal in text, such as `2vxsx-fae`. Packages of agents each bring a class of their own, and a page may hold
 * several: text is the same to all, compares with `===`, and makes one of any class by its `Principal.fromText`.
 */
export type PrincipalText = string;

/** Who may read a blob: everybody, or its owner and those with a role that reads. */
export type Visibility = "public" | "private";

/**
 * What somebody may do. writer: upload, replace and delete its own blobs. reader: read private blobs. backup: read
 * everything, the feed of changes included. admin: all of that for everybody's blobs, and administer the store.
 */
export type Role = "admin" | "writer" | "reader" | "backup";

/** A blob by its identity: `download` reads these bytes or none. */
export interface BlobRef {
	/** A path of 1 to 1,024 bytes in UTF-8, at most 32 segments. */
	readonly key: string;
	/** 32 bytes: SHA-256 over size, chunk size and the hash of every chunk. */
	readonly root: Uint8Array;
}

/**
 * Names a change of a store, and the version of a key that it made: a manifest is one, too. Both numbers belong
 * together: `sequence` starts again from an earlier number where a store is rolled back to a snapshot or installed
 * again, `canisterVersion` never does.
 */
export interface Version {
	/** Counts the changes of the store. */
	readonly sequence: bigint;
	/** The system's number of the canister's state in which the change was made. */
	readonly canisterVersion: bigint;
}

/** A name out of a list that later versions of the canister may extend: a name that is not listed is passed on as it is. */
export type Extensible<Name extends string> = Name | (string & Record<never, never>);

/**
 * What a blob is, as its commit published it. This and all that the client returns can be given to `JSON.stringify`:
 * `AsJson<Manifest>` is the shape that comes out.
 */
export interface Manifest extends BlobRef, Version {
	/** Bytes in all. */
	readonly size: number;
	/** Bytes of each chunk but the last, which may be shorter. */
	readonly chunkBytes: number;
	/** A media type such as `image/png`. */
	readonly contentType: string;
	/** Who may read it. One that this client does not know counts as private. */
	readonly visibility: Visibility;
	/** Who uploaded or copied it; may replace and delete it. */
	readonly owner: PrincipalText;
	/** When this content was published under this key, or under the one it was renamed from. */
	readonly createdAt: Date;
	/** When anything about it changed last. Times are the subnet's. */
	readonly modifiedAt: Date;
	/** What its uploader wanted to be kept with it, by name. */
	readonly metadata: Readonly<Record<string, string>>;
	/** SHA-256 of the whole as its uploader gave it; the canister vouches for the root only. */
	readonly wholeSha256: Uint8Array | undefined;
	/** When it ends: from then on the key holds nothing. Undefined: it stays until it is replaced or deleted. */
	readonly expiresAt: Date | undefined;
}

/** An upload that is open in the canister: begun, and neither committed nor aborted nor expired. */
export interface OpenUpload {
	/** 32 hex digits, chosen by whoever began it. */
	readonly id: string;
	/** Where it will be published. */
	readonly key: string;
	/** Bytes in all; undefined for a stream whose end was not known. */
	readonly size: number | undefined;
	/** Bytes of each chunk but the last. */
	readonly chunkBytes: number;
	/** Chunks that the canister holds. */
	readonly receivedChunks: number;
	/** When it was begun. */
	readonly createdAt: Date;
	/** When it is given up; moves on with every chunk. */
	readonly expiresAt: Date;
}

/** What a list holds: a blob, or (where it is not recursive) everything below a directory, folded into one. */
export type ListEntry = ListedBlob | ListedDirectory;

/** A blob in a list. */
export interface ListedBlob {
	/** Tells it from a directory. */
	readonly type: "blob";
	/** What the key holds. */
	readonly blob: Manifest;
}

/** A directory in a list: there is at least one blob below it. */
export interface ListedDirectory {
	/** Tells it from a blob. */
	readonly type: "directory";
	/** With the `/` at its end: a list with this prefix has what is in it. */
	readonly path: string;
}

/** What a principal may have at the most; Infinity is no bound. */
export interface Quota {
	/** Uploads that are open at a time. */
	readonly openUploads: number;
	/** Keys that hold a blob of its own or that an open upload of its own is to, each once. */
	readonly blobs: number;
	/** Bytes of blobs and open uploads: a chunk counts as at least 4,096, and keys, metadata and records count too. */
	readonly bytes: number;
	/** Bytes sent a day (of UTC), kept, repeated or refused. */
	readonly receivedPerDay: number;
	/** Entries of the feed and receipts a day (of UTC). */
	readonly changesPerDay: number;
	/** Cycles that it may cause a day (of UTC), as the canister estimates them. */
	readonly cyclesPerDay: number;
}

/** Of a quota, what is in use. */
export interface Usage {
	/** Uploads that are open. */
	readonly openUploads: number;
	/** Keys that hold a blob of its own or that an open upload of its own is to, each once. */
	readonly blobs: number;
	/** Bytes of blobs and open uploads, as the quota counts them. */
	readonly bytes: number;
	/** Bytes sent since midnight (UTC). */
	readonly receivedToday: number;
	/** Entries of the feed and receipts since midnight (UTC). */
	readonly changesToday: number;
	/** Cycles that it caused since midnight (UTC), as the canister estimates them. */
	readonly cyclesToday: number;
}

/** What a principal may do in a store, and what it uses of it. */
export interface Account {
	/** Whose it is. */
	readonly who: PrincipalText;
	/** Roles that were granted; who controls the canister is an administrator without: see `administers`. */
	readonly roles: readonly Extensible<Role>[];
	/** The quota that holds for it, its own or everybody's. */
	readonly quota: Quota;
	/** Whether an administrator gave it a quota of its own. */
	readonly hasOwnQuota: boolean;
	/** What it uses of the quota. */
	readonly usage: Usage;
	/**
	 * Whether it may do all that an administrator may, by its role or as a controller of the canister; undefined where
	 * the canister is of a version that does not say.
	 */
	readonly administers: boolean | undefined;
	/** Roles that it has for keys of some prefix, by grants that hold now: see `listGrants`. */
	readonly granted: readonly Extensible<GrantRole>[];
}

/** What a grant lets its holder do under its prefix: writer or reader, as the roles of these names for all keys. */
export type GrantRole = "writer" | "reader";

/** What somebody may do under a prefix of keys, until when, and how much. */
export interface GrantTerms {
	/** Whole segments with a `/` at the end, such as `inbox/ann/`; `""` for every key. */
	readonly prefix: string;
	/** What may be done there. */
	readonly role: GrantRole;
	/** When it ends, by the canister's clock. Default: never, or with the grant that it is part of. */
	readonly endsAt?: Date | undefined;
	/**
	 * Bytes in all, as quotas count them, of everything that is put by it: deleting gives nothing back. For writers.
	 * Default: no bound of its own.
	 */
	readonly bytes?: number | undefined;
	/** Blobs in all, each that is put, copied or renamed by it. For writers. Default: no bound of its own. */
	readonly blobs?: number | undefined;
	/** Whether it is for public blobs only. For writers. Default false. */
	readonly publicOnly?: boolean | undefined;
	/** Whether blobs of others may be replaced, changed and deleted. For writers. Default false. */
	readonly overOthers?: boolean | undefined;
	/** Whether its holder may give parts of it to others: at most three grants are part of each other. Default false. */
	readonly mayGive?: boolean | undefined;
	/** Whether what was deleted under the prefix, and is kept, may be removed for good. For writers. Default false. */
	readonly mayPurge?: boolean | undefined;
}

/** Names a grant. */
export interface GrantName {
	/** Who holds it. */
	readonly who: PrincipalText;
	/** 32 hex digits, chosen by who gave it. */
	readonly id: string;
}

/** A grant that was given. */
export interface Grant extends GrantName {
	/** For what it is. */
	readonly terms: GrantedTerms;
	/** The grant that it is part of; undefined where an administrator gave it. */
	readonly under: GrantName | undefined;
	/** What was put by it and by its parts, with what open uploads will take. */
	readonly used: GrantUse;
	/** Whether it holds: it has not ended, and no grant that it is part of was taken away. */
	readonly holds: boolean;
}

/** For what a grant is, with every bound: Infinity where it has none of its own. */
export interface GrantedTerms {
	/** Whole segments with a `/` at the end, or `""` for every key. */
	readonly prefix: string;
	/** What may be done by it. */
	readonly role: Extensible<GrantRole>;
	/** When it ends; undefined: never. */
	readonly endsAt: Date | undefined;
	/** Bytes in all that may be put by it. */
	readonly bytes: number;
	/** Blobs in all that may be put by it. */
	readonly blobs: number;
	/** Whether it is for public blobs only. */
	readonly publicOnly: boolean;
	/** Whether blobs of others may be replaced, changed and deleted. */
	readonly overOthers: boolean;
	/** Whether its holder may give parts of it to others. */
	readonly mayGive: boolean;
	/** Whether what was deleted under the prefix may be removed for good. */
	readonly mayPurge: boolean;
}

/** Of a grant, what was used. */
export interface GrantUse {
	/** Bytes, as quotas count them. */
	readonly bytes: number;
	/** Blobs. */
	readonly blobs: number;
}

/**
 * live: all is done. draining: nothing new may begin, open uploads go on. maintenance: nothing changes but by
 * administrators. importing: only controllers of the canister read and change anything (`beginImport`).
 */
export type Mode = "live" | "draining" | "maintenance" | "importing";

/** The modes that `setMode` switches between. */
export type SettableMode = Exclude<Mode, "importing">;

/** Mode of a store, its last change, and what it offers. */
export interface StoreMode {
	/** Which changes it takes. */
	readonly mode: Extensible<Mode>;
	/** Counts the changes of the mode; a change of it must name the one it has seen. */
	readonly generation: bigint;
	/** The last change of the store. */
	readonly last: Version;
	/** Version of the protocol that the canister speaks: this client's is 1. It changes only with what breaks clients. */
	readonly protocol: number;
	/** Names of what the canister offers beyond the first release of that protocol. */
	readonly features: readonly string[];
	/** Days for which what is deleted or replaced is kept; 0: not at all. */
	readonly keepDeletedDays: number;
	/**
	 * What comes before the key in the URLs at which HTTP gateways answer: `/files` where the blob `a` is at
	 * `https://<canister>.icp0.io/files/a`; empty where it is at `/a`.
	 */
	readonly urlPrefix: string;
}

/** What a store says about itself to administrators; docs/PROTOCOL.md says what each figure counts. */
export interface Statistics {
	/** Mode and last change. */
	readonly store: StoreMode;
	/** Keys that hold a blob. */
	readonly blobs: number;
	/** Bytes of blobs and of uploads, as quotas count them. */
	readonly bytes: number;
	/** Chunks that are stored: one that several blobs of an owner share is one. */
	readonly chunks: number;
	/** Uploads that are open, of everybody. */
	readonly openUploads: number;
	/** Places for chunks that were ever made. */
	readonly slotsMade: number;
	/** Of these, those that hold no chunk. */
	readonly slotsFree: number;
	/** Changes that the feed has. */
	readonly feedEntries: number;
	/** Blobs that were deleted or replaced and are kept. */
	readonly kept: number;
	/** Contents that nobody holds any more and that are not cleaned away yet. */
	readonly cleaning: number;
	/** Blobs whose HTTP answers are not certified yet, and sets of such that are not cleaned away yet. */
	readonly certifying: number;
	/** Bytes; undefined where the canister cannot tell. */
	readonly stableMemoryBytes: number | undefined;
	/** What the canister has left. */
	readonly cycles: bigint;
	/** What its storage costs. */
	readonly storageCyclesPerDay: bigint;
	/** `paid`, or `free` on a network that charges no cycles (a cloud engine). */
	readonly costSchedule: string;
	/** Cycles that principals without role, quota or blob caused since midnight (UTC); 0 where they have no bound. */
	readonly strangersCyclesToday: bigint;
	/** Their bound a day; Infinity where there is none. */
	readonly strangersCyclesPerDay: number;
	/** Whether every change but an administrator's is refused, to keep what cycles are left for reads. */
	readonly isReadOnly: boolean;
	/** How long the cycles last for storing alone. */
	readonly daysLeft: number;
	/** How it hashes: `native`, by the linked kernel, or `javascript`, by what the application gave it. */
	readonly sha256: string;
	/** What was asked of it, by method. */
	readonly methods: readonly MethodTally[];
	/** What it refused, by code. */
	readonly refusals: readonly RefusalTally[];
}

/** What was counted of a method since the canister was installed; an upgrade keeps it. */
export interface MethodTally {
	/** `blobs_…`. */
	readonly name: string;
	/** Update calls of it. */
	readonly calls: number;
	/** Those that ended with an error. */
	readonly refused: number;
	/** What all of them took. */
	readonly instructions: bigint;
}

/** How often a store refused an update, or an item of one of many, with an error since it was installed. */
export interface RefusalTally {
	/** Code of the error. */
	readonly code: string;
	/** How often. */
	readonly count: number;
}

/** An open upload of anybody's. */
export interface OwnedUpload extends OpenUpload {
	/** Who began it. */
	readonly owner: PrincipalText;
}

/** A place in the feed: just past this change. To be stored as it is, or as JSON: `changes` takes both. */
export interface Cursor {
	/** Of the change. */
	readonly sequence: bigint;
	/** 64 hex digits that stand for all that came before, so that a store rolled back or replaced is noticed. */
	readonly head: string;
}

/** What changed. */
export type ChangeOf =
	| BlobPublished
	| BlobDeleted
	| BlobExpired
	| BlobRestored
	| BlobPurged
	| LeaseChanged
	| KeepDeletedChanged
	| ExpiryRulesChanged
	| RoleChanged
	| QuotaChanged
	| ModeChanged
	| GrantChanged
	| BlobGiven
	| OfferChanged
	| LinkChanged
	| UnknownChange;

/** A key holds this now: published, copied, renamed to, or its type, visibility or metadata changed. */
export interface BlobPublished {
	/** Tells what changed. */
	readonly type: "published";
	/** What the key holds. */
	readonly manifest: Manifest;
}

/** A key holds nothing now. */
export interface BlobDeleted {
	/** Tells what changed. */
	readonly type: "deleted";
	/** Which key. */
	readonly key: string;
	/** What it held. */
	readonly version: Version;
}

/** A key holds nothing now, since the time of what it held is over. By nobody: the management canister, `aaaaa-aa`. */
export interface BlobExpired {
	/** Tells what changed. */
	readonly type: "expired";
	/** Which key. */
	readonly key: string;
	/** What it held. */
	readonly version: Version;
}

/** A key holds again what was deleted from it: as `published`, with what it was brought back from. */
export interface BlobRestored {
	/** Tells what changed. */
	readonly type: "restored";
	/** What the key holds. */
	readonly manifest: Manifest;
	/** The version that was deleted. */
	readonly version: Version;
}

/** What was deleted from a key, and was kept, is removed for good. What is removed since its days are over is not told. */
export interface BlobPurged {
	/** Tells what changed. */
	readonly type: "purged";
	/** Which key. */
	readonly key: string;
	/** The version that was deleted. */
	readonly version: Version;
}

/** A lease was taken, extended or released. */
export interface LeaseChanged {
	/** Tells what changed. */
	readonly type: "lease";
	/** Which. */
	readonly id: string;
	/** Who holds it. */
	readonly holder: PrincipalText;
	/** When it ends now; undefined: it was released. */
	readonly endsAt: Date | undefined;
}

/** Keeps for its holder what keys held when it was taken, until it ends (`takeLease`). */
export interface Lease {
	/** 32 hex digits, chosen by who took it. */
	readonly id: string;
	/** Who holds it. */
	readonly holder: PrincipalText;
	/** The change that it was taken by: it keeps what keys held then. */
	readonly version: Version;
	/** When it was taken. */
	readonly takenAt: Date;
	/** When it ends. */
	readonly endsAt: Date;
	/** Bytes that may be kept for it, as quotas count them. */
	readonly bytes: number;
	/** Bytes that are. */
	readonly used: number;
	/** Whether more had to be kept than it is for: then nothing is kept for it any more. */
	readonly broken: boolean;
}

/** What is deleted from now on is kept for another time. */
export interface KeepDeletedChanged {
	/** Tells what changed. */
	readonly type: "keepDeleted";
	/** For so many days; 0: not at all. */
	readonly days: number;
}

/** Names a blob that was deleted. */
export interface DeletedName {
	/** The key that held it. */
	readonly key: string;
	/** The version that it was there. */
	readonly version: Version;
}

/** A blob that was deleted or replaced, and is kept. */
export interface DeletedBlob extends DeletedName {
	/** What the key held. */
	readonly manifest: Manifest;
	/** When it was deleted. */
	readonly deletedAt: Date;
	/** Who deleted or replaced it. */
	readonly deletedBy: PrincipalText;
	/** When it is removed for good. */
	readonly keptUntil: Date;
}

/** The rules by which blobs end are others. */
export interface ExpiryRulesChanged {
	/** Tells what changed. */
	readonly type: "expiryRules";
	/** All of them. */
	readonly rules: readonly ExpiryRule[];
}

/** How long blobs live that are published under a prefix: the rule with the longest prefix that a key begins with. */
export interface ExpiryRule {
	/** Whole segments with a `/` at the end, such as `tmp/`; `""` for every key. */
	readonly prefix: string;
	/** Milliseconds from publication on, from 1,000 to 100 years. */
	readonly lifeMs: number;
}

/**
 * A change of a kind that a later version of the canister has added. Its place in the feed is verified like that of any
 * other. A copy that is kept by the feed may lack what it did: update the client, or compare whole lists.
 */
export interface UnknownChange {
	/** Tells what changed. */
	readonly type: "unknown";
}

/** Somebody has a role, or has it no more. */
export interface RoleChanged {
	/** Tells what changed. */
	readonly type: "role";
	/** Whose role. */
	readonly who: PrincipalText;
	/** Which role. */
	readonly role: Extensible<Role>;
	/** True where it was given, false where it was taken away. */
	readonly granted: boolean;
}

/** A quota is another one. */
export interface QuotaChanged {
	/** Tells what changed. */
	readonly type: "quota";
	/** Whose quota; undefined for that of all who have none of their own. */
	readonly who: PrincipalText | undefined;
	/** The quota; undefined where it is no longer one of their own. */
	readonly quota: Quota | undefined;
}

/** A grant was given, or taken away. */
export interface GrantChanged extends GrantName {
	/** Tells what changed. */
	readonly type: "grant";
	/** For what it is; undefined where it was taken away, and all that is part of it with it. */
	readonly terms: GrantedTerms | undefined;
	/** The grant that it is part of; undefined where an administrator gave it. */
	readonly under: GrantName | undefined;
}

/** A key's blob is another principal's: as `published`, with whose it was. By who took it. */
export interface BlobGiven {
	/** Tells what changed. */
	readonly type: "given";
	/** What the key holds. */
	readonly manifest: Manifest;
	/** The version that it was before. */
	readonly version: Version;
	/** Whose it was. */
	readonly from: PrincipalText;
	/** The offer that was taken. */
	readonly offer: OfferName;
}

/** Blobs were offered to another principal, or are so no more. What ends by itself is not told. */
export interface OfferChanged extends OfferName {
	/** Tells what changed. */
	readonly type: "offer";
	/** Whose blobs. */
	readonly owner: PrincipalText;
	/** To whom. */
	readonly to: PrincipalText;
	/** What was offered; undefined where the offer was taken or withdrawn. */
	readonly what: OfferedBlobs | undefined;
}

/** A principal may act for another if it accepts that, acts for it, or does so no more. */
export interface LinkChanged {
	/** Tells what changed. */
	readonly type: "link";
	/** For whom. */
	readonly owner: PrincipalText;
	/** Who acts. */
	readonly who: PrincipalText;
	/** What it is now. */
	readonly state: Extensible<"offered" | "holds" | "ended">;
}

/** Names an offer of blobs. */
export interface OfferName {
	/** Who made it. */
	readonly giver: PrincipalText;
	/** 32 hex digits, chosen by who made it. */
	readonly id: string;
}

/** One blob, or all under a prefix: whole segments with a `/` at the end, or `""` for every key. */
export type OfferedBlobs = OfferedBlob | OfferedPrefix;

/** One blob. */
export interface OfferedBlob {
	/** Its key. */
	readonly key: string;
}

/** All blobs under a prefix. */
export interface OfferedPrefix {
	/** Whole segments with a `/` at the end, or `""` for every key. */
	readonly prefix: string;
}

/** The store is in another mode. */
export interface ModeChanged {
	/** Tells what changed. */
	readonly type: "mode";
	/** The new mode. */
	readonly mode: Extensible<Mode>;
	/** How often the mode was changed, this time included. */
	readonly generation: bigint;
}

/** When something changed, by whom, and where the feed goes on. */
export interface ChangeStamp extends Version {
	/** When, by the clock of the subnet. */
	readonly at: Date;
	/** Who made it. */
	readonly by: PrincipalText;
	/** Who sent it, where that acts for `by` (`BlobOwners.offerLink`); of staged changes nobody. */
	readonly sentBy: PrincipalText | undefined;
	/** Which of the changes of a batch it is; undefined where it was made alone. */
	readonly inBatch: InBatch | undefined;
	/** Where to go on once it is dealt with. */
	readonly cursor: Cursor;
}

/**
 * Changes that one `batch` made at once stand one after the other: who keeps a copy by the feed applies them together,
 * when the one with the index `count - 1` has come.
 */
export interface InBatch {
	/** Counted from 0. */
	readonly index: number;
	/** Changes of the batch: a rename has two, a deletion of nothing none. */
	readonly count: number;
}

/** One change of a store; `type` says which. */
export type Change = ChangeOf & ChangeStamp;

/** What a deletion did, and the last change of the store when it was done. */
export interface Deleted extends Version {
	/** False where there was nothing to delete. Where the answer was lost and the key is empty, it counts as done. */
	readonly deleted: boolean;
}

/**
 * On what condition a key changes, as the headers of HTTP with these names say it. A condition that does not hold is
 * refused with `precondition_failed`, which says what the key holds. At most one of the two.
 * @default none: the key changes whatever it holds
 */
export interface Conditions {
	/** Only while the key holds this version. A manifest is a version, too. */
	ifMatch?: Version | undefined;
	/** `"*"`: only if the key holds nothing. */
	ifNoneMatch?: "*" | undefined;
}

/**
 * On whose word a read stands, wherever it can be proven.
 *
 * - `"proof"`: one node answers, and the client verifies its proof against what the subnet certified. Where a node cannot
 *   prove the answer, the client asks the subnet. Takes a fraction of a second, and may be some minutes older than now.
 * - `"subnet"`: an update call, whose answer the whole subnet certifies. Takes 1 to 2 seconds; never older than the call.
 * - `"node"`: one node answers and signs it, and it is believed. As fast as a proof. To show, not to act on.
 *
 * Reads that no proof covers (accounts, statistics, the mode, grants) take `"subnet"` or `"node"`. The bytes of a download
 * are always verified against the root of its manifest; `trust` says how that manifest was read.
 */
export type TrustLevel = "proof" | "subnet" | "node";
