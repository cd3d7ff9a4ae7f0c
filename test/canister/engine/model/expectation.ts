import type { MethodArgs, MethodName } from "../../../../src/protocol/index.js";
import * as administration from "./administration.js";
import { batch, contentOf } from "./batch.js";
import * as bin from "./bin.js";
import * as blobs from "./blobs.js";
import * as grants from "./grants.js";
import * as leases from "./leases.js";
import { ANONYMOUS, CONTROLLER, type Model, refuse } from "./model.js";
import * as owners from "./owners.js";
import * as staged from "./staged.js";
import * as uploads from "./uploads.js";

const EXPECTATIONS: {
	[Name in MethodName]?: (model: Model, who: number, args: MethodArgs<Name>) => unknown;
} = {
	blobs_begin_upload: uploads.begin,
	blobs_put_chunk: uploads.put,
	blobs_link_chunks: uploads.link,
	blobs_commit_upload: uploads.commit,
	blobs_abort_upload: uploads.abort,
	blobs_put_blob: blobs.putBlob,
	blobs_put_many: blobs.putMany,
	blobs_delete: blobs.deleteBlob,
	blobs_delete_many: blobs.deleteMany,
	blobs_update: blobs.update,
	blobs_copy: blobs.copy,
	blobs_rename: blobs.rename,
	blobs_batch: batch,
	blobs_stage: staged.stage,
	blobs_unstage: staged.unstage,
	blobs_reveal: staged.reveal,
	blobs_drop_batch: staged.drop,
	blobs_grant_role: administration.grant,
	blobs_revoke_role: administration.revoke,
	blobs_set_quota: administration.setQuota,
	blobs_set_mode: administration.setMode,
	blobs_restore: bin.restore,
	blobs_purge: bin.purge,
	blobs_take_lease: leases.takeLease,
	blobs_extend_lease: leases.extendLease,
	blobs_release_lease: leases.releaseLease,
	blobs_set_keep_deleted: bin.setKeepDeleted,
	blobs_set_expiry_rules: administration.setExpiryRules,
	blobs_begin_import: administration.beginImport,
	blobs_end_import: administration.endImport,
	blobs_abort_any_upload: administration.abortAny,
	blobs_give_grant: grants.give,
	blobs_revoke_grant: grants.revokeGrant,
	blobs_offer: owners.offer,
	blobs_withdraw_offer: owners.withdraw,
	blobs_take_offer: owners.take,
	blobs_remove_owned: owners.removeOwned,
	blobs_offer_link: owners.offerLink,
	blobs_accept_link: owners.acceptLink,
	blobs_end_link: owners.endLink,
};

/** Methods of which the model knows what they do: the updates. */
export const EXPECTED = Object.keys(EXPECTATIONS) as MethodName[];

/** What a call should answer; the model changes as the store should. Throws Refused where it should be refused. */
export function expectationOf<Name extends MethodName>(
	model: Model,
	signer: number,
	method: Name,
	args: MethodArgs<Name>,
): unknown {
	model.owners.signer = signer;
	const who = model.owners.actsFor(signer);
	const expectation = EXPECTATIONS[method];
	if (expectation === undefined) throw new Error(`the model does not know ${method}`);
	let isLetIn = isAdmitted(model, who, method);
	let isDone = false;
	try {
		if (model.isImporting && (who !== CONTROLLER || method === "blobs_set_mode")) refuse("not_live");
		if (isLetIn && !isAdministration(model, who, method)) {
			isLetIn = false;
			model.requireCycles(who);
			isLetIn = true;
		}
		const answer = (expectation as (model: Model, who: number, args: MethodArgs<Name>) => unknown)(
			model,
			who,
			args,
		);
		isDone = true;
		return answer;
	} finally {
		const content = isLetIn ? (CONTENT[method]?.(args as never) ?? 0) : 0;
		if (content > 0) {
			model.todayOf(who).received += content;
			model.counted.add(who);
		}
		// What is refused is counted where there is a bound to hold.
		if (isDone || model.hasCyclesBound(who)) model.spend(who);
	}
}

const BEGIN: readonly MethodName[] = [
	"blobs_begin_upload",
	"blobs_put_blob",
	"blobs_put_many",
	"blobs_stage",
];
const ADMINISTRATION: readonly MethodName[] = [
	"blobs_grant_role",
	"blobs_revoke_role",
	"blobs_set_quota",
	"blobs_set_mode",
	"blobs_set_expiry_rules",
	"blobs_set_keep_deleted",
	"blobs_begin_import",
	"blobs_end_import",
	"blobs_abort_any_upload",
];
const GRANTING: readonly MethodName[] = ["blobs_give_grant", "blobs_revoke_grant"];
const LEASING: readonly MethodName[] = ["blobs_take_lease", "blobs_extend_lease", "blobs_release_lease"];
/** What concerns those who send it. */
const PARTY: readonly MethodName[] = [
	"blobs_withdraw_offer",
	"blobs_offer_link",
	"blobs_accept_link",
	"blobs_end_link",
];
const isAdministration = (model: Model, who: number, method: MethodName): boolean =>
	ADMINISTRATION.includes(method) || ([...GRANTING, ...LEASING, ...PARTY].includes(method) && model.has(who));

/** Whether mode and role let the call in, whatever it asks for. */
function isAdmitted(model: Model, who: number, method: MethodName): boolean {
	if (model.isImporting && who !== CONTROLLER) return false;
	if (isAdministration(model, who, method)) return model.has(who);
	if (!model.takes(BEGIN.includes(method) ? "live" : "draining") || who === ANONYMOUS) return false;
	if (GRANTING.includes(method)) return model.grants.holds(who);
	if (LEASING.includes(method)) return model.has(who, "backup");
	return (
		method === "blobs_abort_upload" ||
		method === "blobs_drop_batch" ||
		PARTY.includes(method) ||
		model.writesSome(who)
	);
}

/** Bytes of blobs that a call brings. */
const CONTENT: { [Name in MethodName]?: (args: MethodArgs<Name>) => number } = {
	blobs_put_chunk: ([, , bytes]) => bytes.length,
	blobs_put_blob: ([, bytes]) => bytes.length,
	blobs_put_many: ([{ blobs }]) => blobs.reduce((sum, { content }) => sum + content.length, 0),
	blobs_batch: ([{ items }]) => contentOf(items),
	blobs_stage: ([{ items }]) => staged.stagedContentOf(items),
};
