import type { MethodName } from "../../protocol/index.js";
import type { Kind } from "./modes.js";
import type { State } from "./state.js";

/** Who may ask for it at all: who may change some key, administrators, or anybody who is signed in. */
type Who = "writer" | "admin" | "anybody";

/**
 * What each update asks of the store's mode and of its caller, whatever its arguments are. Looked at before these are
 * read: a message may bring 2 MiB of texts, at 45 to 130 instructions a byte.
 */
const ADMISSIONS: { readonly [Name in MethodName]?: { readonly kind: Kind; readonly who: Who } } = {
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
	blobs_grant_role: { kind: "administer", who: "admin" },
	blobs_revoke_role: { kind: "administer", who: "admin" },
	blobs_set_quota: { kind: "administer", who: "admin" },
	blobs_set_mode: { kind: "administer", who: "admin" },
	blobs_abort_any_upload: { kind: "administer", who: "admin" },
};

/** Refuses an update that this caller may not make, or not now. Queries are for anybody, or decide for themselves. */
export function admit({ modes, access, room, spending, now }: State, method: MethodName): void {
	const admission = ADMISSIONS[method];
	if (admission === undefined) return;
	modes.require(admission.kind);
	const { who } = admission;
	if (who === "writer") access.writer();
	else if (who === "admin") access.require("admin");
	else access.caller();
	if (admission.kind === "administer") return;
	spending.check(access.anyone, now);
	room.checkWritable();
}

/** Whether what the caller has spent today, and what the canister has left, let a message in to this method. */
export function mayCost({ access, roles, room, spending, now }: State, method: MethodName): boolean {
	if (ADMISSIONS[method]?.kind === "administer") return true;
	const who = access.anyone;
	return spending.lets(who, now) && (!room.isReadOnly || roles.has(who, "admin"));
}
