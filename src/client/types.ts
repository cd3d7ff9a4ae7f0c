/**
 * A principal as text, such as `2vxsx-fae`. Agent packages each have their own Principal class, and a page may load
 * several. Text works with all of them: it compares with `===`, and `Principal.fromText` of any class accepts it.
 */
export type PrincipalText = string;

/**
 * Who may read a blob. `public`: every caller. `private`: its owner and the principals with a role or grant that reads.
 */
export type Visibility = "public" | "private";

/**
 * What a principal may do. writer: upload, and replace and delete its own blobs. reader: read private blobs. backup:
 * read everything, including the feed. admin: all of these for the blobs of all owners, and administer the store.
 */
export type Role = "admin" | "writer" | "reader" | "backup";

/** Identifies exact bytes under a key: `download` returns these bytes or fails. */
export interface BlobRef {
	/** A path of 1 to 1,024 bytes in UTF-8, at most 32 segments. */
	readonly key: string;
	/** 32 bytes: SHA-256 over size, chunk size and the hash of every chunk. */
	readonly root: Uint8Array;
}

/**
 * Identifies a change of a store, and the blob version that it published; a manifest is a version too. Compare both
 * numbers: `sequence` restarts from an earlier number after a rollback to a snapshot or a new installation,
 * `canisterVersion` never decreases.
 */
export interface Version {
	/** Number of the change in the store. */
	readonly sequence: bigint;
	/** The system's counter of the canister's states, read when the change was made. */
	readonly canisterVersion: bigint;
}

/** A name from a list that later canister versions may extend. Unlisted names are passed on unchanged. */
export type Extensible<Name extends string> = Name | (string & Record<never, never>);

/**
 * The record of a blob, as certified by its publication. All results of the client can be passed to `JSON.stringify`:
 * `AsJson<Manifest>` is the resulting shape.
 */
export interface Manifest extends BlobRef, Version {
	/** Size in bytes. */
	readonly size: number;
	/** Bytes of each chunk except the last, which may be shorter. */
	readonly chunkBytes: number;
	/** A media type such as `image/png`. */
	readonly contentType: string;
	/** Who may read the blob. Treat an unknown value as private. */
	readonly visibility: Visibility;
	/** The principal that owns the blob, and may replace and delete it. */
	readonly owner: PrincipalText;
	/** When this content was published under this key, or under the key it was renamed from, by the subnet's clock. */
	readonly createdAt: Date;
	/** Time of the last change to the content or the manifest, by the subnet's clock. */
	readonly modifiedAt: Date;
	/** Names and values that the application stored with the blob. */
	readonly metadata: Readonly<Record<string, string>>;
	/** SHA-256 of the whole blob as the uploader stated it; the canister vouches only for the root. */
	readonly wholeSha256: Uint8Array | undefined;
	/** Expiry: from then on the key holds nothing. Undefined: the blob stays until it is replaced or deleted. */
	readonly expiresAt: Date | undefined;
}

/** An open upload: begun, and not yet committed, aborted or expired. */
export interface OpenUpload {
	/** 32 hex digits, chosen by the client that began the upload. */
	readonly id: string;
	/** The key to publish under. */
	readonly key: string;
	/** Size in bytes; undefined for a stream of unknown size. */
	readonly size: number | undefined;
	/** Bytes of each chunk except the last. */
	readonly chunkBytes: number;
	/** Number of chunks that the canister holds. */
	readonly receivedChunks: number;
	/** When the upload was begun. */
	readonly createdAt: Date;
	/** When the upload expires; each chunk extends it. */
	readonly expiresAt: Date;
}

/** An entry of a list: a blob or, in a non-recursive list, a directory that stands for all blobs below it. */
export type ListEntry = ListedBlob | ListedDirectory;

/** A blob in a list. */
export interface ListedBlob {
	/** Discriminates from `ListedDirectory`. */
	readonly type: "blob";
	/** The manifest of the blob. */
	readonly blob: Manifest;
}

/** A directory in a list: at least one blob is below it. */
export interface ListedDirectory {
	/** Discriminates from `ListedBlob`. */
	readonly type: "directory";
	/** The path with its final `/`: list with this prefix for the directory's entries. */
	readonly path: string;
}

/** Limits for one principal; Infinity means unlimited. */
export interface Quota {
	/** Uploads open at the same time. */
	readonly openUploads: number;
	/** Keys that hold one of its blobs or that one of its open uploads is to, each counted once. */
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
	/** Cycles that its calls used since midnight (UTC), as the canister estimates them. */
	readonly cyclesToday: number;
}

/** Permissions, quota and usage of a principal. */
export interface Account {
	/** The principal. */
	readonly who: PrincipalText;
	/** Granted roles. Controllers are administrators without a granted role: see `administers`. */
	readonly roles: readonly Extensible<Role>[];
	/** The quota that applies: its own or the default quota. */
	readonly quota: Quota;
	/** Whether the principal has a quota of its own. */
	readonly hasOwnQuota: boolean;
	/** Current usage, in the units of `Quota`. */
	readonly usage: Usage;
	/**
	 * Whether it may do all that an administrator may, by its role or as a controller; undefined if the canister is an
	 * older version that does not report this.
	 */
	readonly administers: boolean | undefined;
	/** Roles that current grants give it under some prefix: see `listGrants`. */
	readonly granted: readonly Extensible<GrantRole>[];
}

/** What a grant permits under its prefix: the same as the store-wide role of this name. */
export type GrantRole = "writer" | "reader";

/** The prefix, permissions, expiry and limits of a grant. */
export interface GrantTerms {
	/** Whole segments with a `/` at the end, such as `inbox/ann/`; `""` for every key. */
	readonly prefix: string;
	/** The role under the prefix. */
	readonly role: GrantRole;
	/** Expiry, by the canister's clock. Default: never, or with its parent. */
	readonly endsAt?: Date | undefined;
	/**
	 * Bytes in total that may be put by the grant, counted as for quotas; deletions do not reduce the count. For
	 * writers. Default: no limit of its own.
	 */
	readonly bytes?: number | undefined;
	/** Blobs in total that may be put, copied or renamed by the grant. For writers. Default: no limit of its own. */
	readonly blobs?: number | undefined;
	/** Restricts the grant to public blobs. For writers. Default false. */
	readonly publicOnly?: boolean | undefined;
	/** Permits replacing, changing and deleting the blobs of other owners. For writers. Default false. */
	readonly overOthers?: boolean | undefined;
	/**
	 * Permits its holder to give parts of it to other principals. A chain of parts has at most three grants. Default
	 * false.
	 */
	readonly mayGive?: boolean | undefined;
	/** Permits purging deleted blobs under the prefix. For writers. Default false. */
	readonly mayPurge?: boolean | undefined;
}

/** Identifies a grant. */
export interface GrantName {
	/** The holder. */
	readonly who: PrincipalText;
	/** 32 hex digits, chosen by the principal that gave the grant. */
	readonly id: string;
}

/** A grant that was given, with its usage. */
export interface Grant extends GrantName {
	/** Its prefix, permissions, expiry and limits. */
	readonly terms: GrantedTerms;
	/** The grant of which this is a part; undefined if an administrator gave it. */
	readonly under: GrantName | undefined;
	/** Usage of the grant and of its parts, including the reserves of open uploads. */
	readonly used: GrantUse;
	/** Whether the grant is in force: it has not ended, and no parent was revoked. */
	readonly holds: boolean;
}

/** The terms of a grant, all limits filled in: Infinity if it has no limit of its own. */
export interface GrantedTerms {
	/** Whole segments with a `/` at the end, or `""` for every key. */
	readonly prefix: string;
	/** The role under the prefix. */
	readonly role: Extensible<GrantRole>;
	/** Expiry; undefined: never. */
	readonly endsAt: Date | undefined;
	/** Bytes in total that may be put by the grant. */
	readonly bytes: number;
	/** Blobs in total that may be put by the grant. */
	readonly blobs: number;
	/** Whether the grant is restricted to public blobs. */
	readonly publicOnly: boolean;
	/** Whether it permits replacing, changing and deleting the blobs of other owners. */
	readonly overOthers: boolean;
	/** Whether its holder may give parts of it. */
	readonly mayGive: boolean;
	/** Whether it permits purging deleted blobs under the prefix. */
	readonly mayPurge: boolean;
}

/** Usage of a grant. */
export interface GrantUse {
	/** Bytes, counted as for quotas. */
	readonly bytes: number;
	/** Number of blobs. */
	readonly blobs: number;
}

/**
 * live: accepts all changes. draining: accepts no new uploads or puts; open uploads may finish. maintenance: accepts
 * changes from administrators only. importing: only controllers of the canister may read and change the store
 * (`beginImport`).
 */
export type Mode = "live" | "draining" | "maintenance" | "importing";

/** The modes that `setMode` accepts. */
export type SettableMode = Exclude<Mode, "importing">;

/** Mode of a store, its last change, and its features. */
export interface StoreMode {
	/** The current mode: which changes the store accepts. */
	readonly mode: Extensible<Mode>;
	/** Counts mode changes. A call that changes the mode must pass the value it has seen. */
	readonly generation: bigint;
	/** The last change of the store. */
	readonly last: Version;
	/**
	 * Version of the protocol that the canister implements: this client's is 1. It increases only with incompatible
	 * changes.
	 */
	readonly protocol: number;
	/** Names of features added since the first release of that protocol. */
	readonly features: readonly string[];
	/** Days for which deleted and replaced blobs are kept; 0: not at all. */
	readonly keepDeletedDays: number;
	/**
	 * Path before the key in the URLs of HTTP gateways. With `/files` the blob `a` is at
	 * `https://<canister>.icp0.io/files/a`; if empty it is at `/a`.
	 */
	readonly urlPrefix: string;
}

/** Figures about a store, for administrators. docs/PROTOCOL.md defines each. */
export interface Statistics {
	/** Mode and last change. */
	readonly store: StoreMode;
	/** Keys that hold a blob. */
	readonly blobs: number;
	/** Bytes of blobs and uploads, counted as for quotas. */
	readonly bytes: number;
	/** Stored chunks. A chunk that several blobs of an owner share counts once. */
	readonly chunks: number;
	/** Open uploads of all principals. */
	readonly openUploads: number;
	/** Chunk slots allocated so far, free ones included. */
	readonly slotsMade: number;
	/** Free chunk slots. */
	readonly slotsFree: number;
	/** Changes in the feed. */
	readonly feedEntries: number;
	/** Deleted and replaced blobs that are kept. */
	readonly kept: number;
	/** Unreferenced contents that are not yet freed. */
	readonly cleaning: number;
	/** Blobs whose HTTP responses are not yet certified, and replaced sets of such responses that are not yet freed. */
	readonly certifying: number;
	/** Size of stable memory in bytes; undefined if the canister cannot determine it. */
	readonly stableMemoryBytes: number | undefined;
	/** Cycle balance of the canister. */
	readonly cycles: bigint;
	/** Storage cost. */
	readonly storageCyclesPerDay: bigint;
	/** `paid`, or `free` on a network that charges no cycles (a cloud engine). */
	readonly costSchedule: string;
	/** Cycles that strangers used since midnight (UTC); 0 if their use is not limited. */
	readonly strangersCyclesToday: bigint;
	/** Their daily limit; Infinity if not limited. */
	readonly strangersCyclesPerDay: number;
	/** Whether the store refuses all changes except those of administrators, to save its remaining cycles for reads. */
	readonly isReadOnly: boolean;
	/** Days for which the cycles pay for storage alone. */
	readonly daysLeft: number;
	/** SHA-256 implementation: `native` (the linked kernel) or `javascript` (supplied by the application). */
	readonly sha256: string;
	/** Calls by method. */
	readonly methods: readonly MethodTally[];
	/** Refusals by error code. */
	readonly refusals: readonly RefusalTally[];
}

/** Counters of a method since the canister was installed; upgrades keep them. */
export interface MethodTally {
	/** Method name: `blobs_…`. */
	readonly name: string;
	/** Number of update calls. */
	readonly calls: number;
	/** Number of calls that ended with an error. */
	readonly refused: number;
	/** Instructions of all calls together. */
	readonly instructions: bigint;
}

/** Refusals with one error code since installation, of update calls and of items in calls that take many. */
export interface RefusalTally {
	/** Error code. */
	readonly code: string;
	/** Number of refusals. */
	readonly count: number;
}

/** An open upload of any principal. */
export interface OwnedUpload extends OpenUpload {
	/** The principal that began it. */
	readonly owner: PrincipalText;
}

/** A position in the feed, just after a change. Store it as an object or as JSON: `changes` accepts both. */
export interface Cursor {
	/** Sequence number of the change. */
	readonly sequence: bigint;
	/**
	 * 64 hex digits: hash over all changes up to this one, so that a rollback or replacement of the store is detected.
	 */
	readonly head: string;
}

/** The kinds of change. */
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

/** A blob was published, copied or renamed to this key, or its type, visibility or metadata was updated. */
export interface BlobPublished {
	/** Discriminates the union `Change`. */
	readonly type: "published";
	/** The new manifest. */
	readonly manifest: Manifest;
}

/** A blob was deleted; its key holds nothing now. */
export interface BlobDeleted {
	/** Discriminates the union `Change`. */
	readonly type: "deleted";
	/** The key. */
	readonly key: string;
	/** The deleted version. */
	readonly version: Version;
}

/** A blob expired; its key holds nothing now. `by` is the management canister, `aaaaa-aa`. */
export interface BlobExpired {
	/** Discriminates the union `Change`. */
	readonly type: "expired";
	/** The key. */
	readonly key: string;
	/** The expired version. */
	readonly version: Version;
}

/** A deleted blob was restored under its key: as `published`, with the version that was deleted. */
export interface BlobRestored {
	/** Discriminates the union `Change`. */
	readonly type: "restored";
	/** The new manifest. */
	readonly manifest: Manifest;
	/** The version that was deleted. */
	readonly version: Version;
}

/** A deleted blob was purged. Removal at the end of the retention is not a change. */
export interface BlobPurged {
	/** Discriminates the union `Change`. */
	readonly type: "purged";
	/** The key that held it. */
	readonly key: string;
	/** The version that was deleted. */
	readonly version: Version;
}

/** A lease was taken, extended or released. */
export interface LeaseChanged {
	/** Discriminates the union `Change`. */
	readonly type: "lease";
	/** Id of the lease. */
	readonly id: string;
	/** Its holder. */
	readonly holder: PrincipalText;
	/** The new expiry; undefined: it was released. */
	readonly endsAt: Date | undefined;
}

/** Keeps the blobs that keys held when it was taken readable for its holder, until it ends (`takeLease`). */
export interface Lease {
	/** 32 hex digits, chosen by the client that took it. */
	readonly id: string;
	/** The principal that took it. */
	readonly holder: PrincipalText;
	/** The last change when the lease was taken: it keeps the store's state after that change. */
	readonly version: Version;
	/** When it was taken. */
	readonly takenAt: Date;
	/** When it ends. */
	readonly endsAt: Date;
	/** Maximum bytes kept for it, counted as for quotas. */
	readonly bytes: number;
	/** Bytes kept for it now. */
	readonly used: number;
	/** Whether it exceeded `bytes`: then the store keeps nothing for it any more. */
	readonly broken: boolean;
}

/** The retention of deleted blobs changed. */
export interface KeepDeletedChanged {
	/** Discriminates the union `Change`. */
	readonly type: "keepDeleted";
	/** Retention in days; 0: deleted blobs are not kept. */
	readonly days: number;
}

/** Identifies a deleted blob. */
export interface DeletedName {
	/** The key that held it. */
	readonly key: string;
	/** The version that was deleted. */
	readonly version: Version;
}

/** A deleted or replaced blob that is still kept. */
export interface DeletedBlob extends DeletedName {
	/** The manifest before the deletion. */
	readonly manifest: Manifest;
	/** When it was deleted. */
	readonly deletedAt: Date;
	/** Who deleted or replaced it. */
	readonly deletedBy: PrincipalText;
	/** When it is removed permanently. */
	readonly keptUntil: Date;
}

/** The expiry rules changed. */
export interface ExpiryRulesChanged {
	/** Discriminates the union `Change`. */
	readonly type: "expiryRules";
	/** All rules now in force. */
	readonly rules: readonly ExpiryRule[];
}

/** Lifetime of blobs published under a prefix. Of several matching rules the one with the longest prefix applies. */
export interface ExpiryRule {
	/** Whole segments with a `/` at the end, such as `tmp/`; `""` for every key. */
	readonly prefix: string;
	/** Lifetime in milliseconds from publication, from 1,000 to 100 years. */
	readonly lifeMs: number;
}

/**
 * A change of a kind that a later canister version has added. Its position in the feed is verified like any other. A
 * copy that follows the feed may lack its effect: update the client, or compare whole lists.
 */
export interface UnknownChange {
	/** Discriminates the union `Change`. */
	readonly type: "unknown";
}

/** A role was granted or revoked. */
export interface RoleChanged {
	/** Discriminates the union `Change`. */
	readonly type: "role";
	/** The principal. */
	readonly who: PrincipalText;
	/** The role. */
	readonly role: Extensible<Role>;
	/** True if granted, false if revoked. */
	readonly granted: boolean;
}

/** A quota changed. */
export interface QuotaChanged {
	/** Discriminates the union `Change`. */
	readonly type: "quota";
	/** The principal; undefined for the default quota. */
	readonly who: PrincipalText | undefined;
	/** The new quota; undefined if the principal's own quota was removed. */
	readonly quota: Quota | undefined;
}

/** A grant was given or revoked. */
export interface GrantChanged extends GrantName {
	/** Discriminates the union `Change`. */
	readonly type: "grant";
	/** Its terms; undefined if it was revoked, together with all its parts. */
	readonly terms: GrantedTerms | undefined;
	/** The grant of which it is a part; undefined if an administrator gave it. */
	readonly under: GrantName | undefined;
}

/** A blob's ownership was transferred: as `published`, with the former owner. `by` is the recipient. */
export interface BlobGiven {
	/** Discriminates the union `Change`. */
	readonly type: "given";
	/** The new manifest. */
	readonly manifest: Manifest;
	/** The version before the transfer. */
	readonly version: Version;
	/** The former owner. */
	readonly from: PrincipalText;
	/** The accepted offer. */
	readonly offer: OfferName;
}

/** An offer was made, accepted or withdrawn. The expiry of an offer is not a change. */
export interface OfferChanged extends OfferName {
	/** Discriminates the union `Change`. */
	readonly type: "offer";
	/** Owner of the offered blobs. */
	readonly owner: PrincipalText;
	/** The recipient. */
	readonly to: PrincipalText;
	/** The offered blobs; undefined if the offer was accepted or withdrawn. */
	readonly what: OfferedBlobs | undefined;
}

/** A link was offered, accepted or ended: the permission of one principal to act for another. */
export interface LinkChanged {
	/** Discriminates the union `Change`. */
	readonly type: "link";
	/** The owner acted for. */
	readonly owner: PrincipalText;
	/** The principal that acts. */
	readonly who: PrincipalText;
	/** The new state. */
	readonly state: Extensible<"offered" | "holds" | "ended">;
}

/** Identifies an offer of blobs. */
export interface OfferName {
	/** The principal that made the offer. */
	readonly giver: PrincipalText;
	/** 32 hex digits, chosen by the giver. */
	readonly id: string;
}

/** One blob, or all blobs under a prefix: whole segments with a `/` at the end, or `""` for every key. */
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

/** The mode of the store changed. */
export interface ModeChanged {
	/** Discriminates the union `Change`. */
	readonly type: "mode";
	/** The new mode. */
	readonly mode: Extensible<Mode>;
	/** Number of mode changes so far, this one included. */
	readonly generation: bigint;
}

/** Time, author and feed position of a change. */
export interface ChangeStamp extends Version {
	/** Time of the change, by the subnet's clock. */
	readonly at: Date;
	/** The principal that made the change. */
	readonly by: PrincipalText;
	/** The principal that sent it, if it acts for `by` (`BlobOwners.offerLink`). Undefined for staged changes. */
	readonly sentBy: PrincipalText | undefined;
	/** Position within its batch; undefined for a single change. */
	readonly inBatch: InBatch | undefined;
	/** The cursor to store after processing this change. */
	readonly cursor: Cursor;
}

/**
 * Changes of one `batch` are consecutive in the feed. A copy that follows the feed should apply them together, after
 * the one with index `count - 1`.
 */
export interface InBatch {
	/** Counted from 0. */
	readonly index: number;
	/** Number of changes in the batch: a rename makes two, a deletion of an empty key none. */
	readonly count: number;
}

/** One change of a store; `type` says which. */
export type Change = ChangeOf & ChangeStamp;

/** Result of a deletion, and the last change of the store after it. */
export interface Deleted extends Version {
	/** False if the key held nothing. If the response was lost and the key is now empty, the result is true. */
	readonly deleted: boolean;
}

/**
 * Preconditions on a key, named after the HTTP headers. If one does not hold, the change is refused with
 * `precondition_failed`, which contains the key's current version. Set at most one of the two.
 * @default none: the change is unconditional
 */
export interface Conditions {
	/** Change only while the key holds this version. A manifest is a version too. */
	ifMatch?: Version | undefined;
	/** `"*"`: change only if the key holds nothing. */
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
