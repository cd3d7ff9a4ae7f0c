import type { MethodName } from "../../protocol/index.js";
import type { Kind } from "./modes.js";
import type { State } from "./state.js";

/** Who may ask for it at all: who may change some key, administrators, or anybody who is signed in. */
type Who = "writer" | "admin" | "anybody";

/**
 * What each update asks of the store's mode and of its caller, whatever its arguments are. Looked at before these are
 * read: a message may bring 2 MiB of texts, at 45 to 130 instructions a byte.
 */
const ADMISSIONS: { readonly [Name in MethodName]?: readonly [Kind, Who] } = {
	blobs_begin_upload: ["begin", "writer"],
	blobs_put_chunk: ["goOn", "writer"],
	blobs_link_chunks: ["goOn", "writer"],
	blobs_commit_upload: ["goOn", "writer"],
	blobs_abort_upload: ["goOn", "anybody"],
	blobs_put_blob: ["begin", "writer"],
	blobs_put_many: ["begin", "writer"],
	blobs_delete: ["goOn", "writer"],
	blobs_delete_many: ["goOn", "writer"],
	blobs_update: ["goOn", "writer"],
	blobs_copy: ["goOn", "writer"],
	blobs_rename: ["goOn", "writer"],
	blobs_grant_role: ["administer", "admin"],
	blobs_revoke_role: ["administer", "admin"],
	blobs_set_quota: ["administer", "admin"],
	blobs_set_mode: ["administer", "admin"],
	blobs_abort_any_upload: ["administer", "admin"],
};

/** Refuses an update that this caller may not make, or not now. Queries are for anybody, or decide for themselves. */
export function admit({ modes, access }: State, method: MethodName): void {
	const admission = ADMISSIONS[method];
	if (admission === undefined) return;
	const [kind, who] = admission;
	modes.require(kind);
	if (who === "writer") access.writer();
	else if (who === "admin") access.require("admin");
	else access.caller();
}
