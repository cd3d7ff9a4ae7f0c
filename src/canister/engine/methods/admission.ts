import { METHODS, type MethodName } from "../../../protocol/index.js";
import type { Kind } from "../accounts/modes.js";
import type { State } from "../state.js";

/** Who may ask for it at all: who may change some key, administrators, controllers, who backs up, who holds a grant, whom an offer or a link concerns, or who is signed in. */
type Who = "writer" | "admin" | "controller" | "backup" | "grantee" | "party" | "anybody";

interface Admission {
	readonly kind: Kind;
	readonly who: Who;
}

/**
 * What each update asks of the store's mode and of its caller, whatever its arguments are. Looked at before these are
 * read: a message may bring 2 MiB of texts, at 45 to 130 instructions a byte.
 */
const ADMISSIONS: { readonly [Name in MethodName]?: Admission } = {
	blobs_begin_upload: { kind: "begin", who: "writer" },
	blobs_put_chunk: { kind: "goOn", who: "writer" },
	blobs_link_chunks: { kind: "goOn", who: "writer" },
	blobs_commit_upload: { kind: "goOn", who: "writer" },
	blobs_abort_upload: { kind: "goOn", who: "anybody" },
	blobs_put_blob: { kind: "begin", who: "writer" },
	blobs_put_many: { kind: "begin", who: "writer" },
	blobs_delete: { kind: "goOn", who: "writer" },
	blobs_delete_many: { kind: "goOn", who: "writer" },
	blobs_update: { kind: "goOn", who: "writer" },
	blobs_copy: { kind: "goOn", who: "writer" },
	blobs_rename: { kind: "goOn", who: "writer" },
	/** What it puts takes what puts take. */
	blobs_batch: { kind: "goOn", who: "writer" },
	blobs_stage: { kind: "begin", who: "writer" },
	blobs_unstage: { kind: "goOn", who: "writer" },
	blobs_reveal: { kind: "goOn", who: "writer" },
	blobs_drop_batch: { kind: "goOn", who: "anybody" },
	blobs_restore: { kind: "goOn", who: "writer" },
	blobs_purge: { kind: "goOn", who: "writer" },
	blobs_grant_role: { kind: "administer", who: "admin" },
	blobs_revoke_role: { kind: "administer", who: "admin" },
	blobs_set_quota: { kind: "administer", who: "admin" },
	blobs_set_mode: { kind: "administer", who: "admin" },
	blobs_begin_import: { kind: "administer", who: "controller" },
	blobs_end_import: { kind: "administer", who: "controller" },
	blobs_give_grant: { kind: "goOn", who: "grantee" },
	blobs_revoke_grant: { kind: "goOn", who: "grantee" },
	blobs_offer: { kind: "goOn", who: "writer" },
	blobs_withdraw_offer: { kind: "goOn", who: "party" },
	blobs_take_offer: { kind: "goOn", who: "writer" },
	blobs_remove_owned: { kind: "goOn", who: "writer" },
	blobs_offer_link: { kind: "goOn", who: "party" },
	blobs_accept_link: { kind: "goOn", who: "party" },
	blobs_end_link: { kind: "goOn", who: "party" },
	blobs_take_lease: { kind: "goOn", who: "backup" },
	blobs_extend_lease: { kind: "goOn", who: "backup" },
	blobs_release_lease: { kind: "goOn", who: "backup" },
	blobs_set_keep_deleted: { kind: "administer", who: "admin" },
	blobs_set_expiry_rules: { kind: "administer", who: "admin" },
	blobs_abort_any_upload: { kind: "administer", who: "admin" },
};

/** Queries that tell how a store is doing and what a caller may do, and show nothing of what is imported into it. */
const TOLD_WHILE_IMPORTING: ReadonlySet<MethodName> = new Set([
	"blobs_status",
	"blobs_account",
	"blobs_stats",
	"blobs_metrics",
]);

/**
 * The largest message that `inspect_message` lets in from a principal without a role: so one whose role was granted a
 * moment ago, by a change that this node has not seen, is told so by the method itself.
 */
const STRANGERS_BYTES = 4_096;

/** Queries that a principal without a role may send as updates, and the largest message: each is cheap to answer. */
const OPEN_QUERIES: {
	readonly [Name in MethodName]?: { readonly bytes: number; readonly who: Who | "everybody" };
} = {
	/** For a certified answer. The longest key, and what stands around it. */
	blobs_stat: { bytes: 1_152, who: "everybody" },
	/** For a client to learn why it was refused. */
	blobs_account: { bytes: 256, who: "anybody" },
};

/**
 * Whether to let an update in that a user sends, a query called as one included: one node asks, free of charge, before
 * anything is executed. Judged by roles alone, which a principal cannot give itself; an open upload is no reason.
 * Methods decide again, for calls between canisters never come by here, and this node may lag.
 */
export function lets({ access }: State, method: MethodName, bytes: number): boolean {
	const open = OPEN_QUERIES[method];
	if (open !== undefined && bytes <= open.bytes) return open.who === "everybody" || !access.isAnonymous;
	if (access.isAnonymous) return false;
	if (METHODS[method].kind === "query") return access.isKnown;
	if (bytes <= STRANGERS_BYTES) return true;
	const who = ADMISSIONS[method]?.who;
	if (who === "controller") return access.isController;
	return who === "writer" || who === "admin" ? access.mayBring(who) : access.isKnown;
}

/**
 * Refuses all but controllers: what is there up to now would be taken for the whole, by proofs of absence too. The mode
 * is left by its own method alone.
 */
function admitImporter({ modes, access }: State, method: MethodName): void {
	if (TOLD_WHILE_IMPORTING.has(method) || (access.isController && method !== "blobs_set_mode")) return;
	modes.refuse();
}

/** Refuses an update that this caller may not make, or not now. Queries are for anybody, or decide for themselves. */
export function admit(state: State, method: MethodName): void {
	const { modes, access } = state;
	const admission = ADMISSIONS[method];
	if (modes.isImporting) admitImporter(state, method);
	if (admission === undefined) return;
	const kind = kindOf(state, admission);
	modes.require(kind);
	const { who } = admission;
	if (who === "writer") access.writer();
	else if (who === "admin" || who === "backup") access.require(who);
	else if (who === "controller") access.controller();
	else if (who === "grantee") access.grantee();
	else access.caller();
}

/**
 * Refuses an update of a caller who has spent what it may today, or in a store that is read-only; not an administrator's.
 * To be asked before a message is read that is long, and after one that is short: to read that costs little, and it may
 * be none at all.
 */
export function afford(state: State, method: MethodName): void {
	const { access, capacity, spending, now } = state;
	const admission = ADMISSIONS[method];
	if (admission === undefined || kindOf(state, admission) === "administer") return;
	spending.check(access.anyone, now);
	capacity.checkWritable();
}

const isImporter = ({ modes, access }: State): boolean => modes.isImporting && access.isController;

/** What administrators do about grants, leases, offers and links is administration; others do what they may about theirs. */
function kindOf({ access }: State, { kind, who }: Admission): Kind {
	return (who === "grantee" || who === "backup" || who === "party") && access.isAdmin ? "administer" : kind;
}

/** Whether what the caller has spent today, and what the canister has left, let a message in to this method. */
export function mayCost(state: State, method: MethodName): boolean {
	const { access, roles, capacity, spending, now } = state;
	const admission = ADMISSIONS[method];
	if (admission !== undefined && kindOf(state, admission) === "administer") return true;
	const who = access.anyone;
	return (isImporter(state) || spending.lets(who, now)) && (!capacity.isReadOnly || roles.has(who, "admin"));
}
