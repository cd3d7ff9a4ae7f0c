import { bytes, nat32, opt, principal, text, variant } from "../candid.js";
import type { CandidType, Shape } from "../codec/index.js";
import type { WirePrincipal } from "../principal.js";
import { keyText } from "../texts.js";
import * as administration from "./administration.js";
import * as batch from "./batch.js";
import * as bin from "./bin.js";
import { ManifestBytes } from "./blob.js";
import * as change from "./change.js";
import * as expiry from "./expiry.js";
import * as feed from "./feed.js";
import * as grants from "./grants.js";
import * as lease from "./lease.js";
import * as read from "./read.js";
import { Refusal, type WireRefusal } from "./refusal.js";
import * as staged from "./staged.js";
import * as upload from "./upload.js";
import { Version, type WireVersion } from "./version.js";

export type WireResult<T> = { ok: T } | { err: WireRefusal };
const result = <T>(ok: CandidType<T>) => variant<WireResult<T>>({ ok, err: Refusal });

export interface Method<Args extends unknown[], Ok> {
	readonly kind: "update" | "query";
	readonly args: readonly Shape[];
	readonly result: CandidType<WireResult<Ok>>;
	/** Types only: what goes in and what an `ok` carries. */
	readonly types?: { args: Args; ok: Ok };
}
type Types<Args extends unknown[]> = { [Index in keyof Args]: CandidType<Args[Index]> };
const method =
	(kind: "update" | "query") =>
	<Args extends unknown[], Ok>(args: Types<Args>, ok: CandidType<Ok>): Method<Args, Ok> => ({
		kind,
		args: args as unknown as readonly Shape[],
		result: result(ok),
	});
export const update = method("update");
export const query = method("query");

/** The methods of a blob store, but for those of owners, which have a module of their own: few pages load them. */
export const COMMON_METHODS = {
	blobs_begin_upload: update<[upload.WireBeginUpload], upload.WireUpload>(
		[upload.BeginUpload],
		upload.Upload,
	),
	/** (upload id, index, bytes) to the chunk's leaf. */
	blobs_put_chunk: update<[Uint8Array, number, Uint8Array], Uint8Array>([bytes, nat32, bytes], bytes),
	/** To the leaves that are now held at these indexes, 32 zero bytes for one that is not. */
	blobs_link_chunks: update<[upload.WireLinkChunks], Uint8Array>([upload.LinkChunks], bytes),
	blobs_commit_upload: update<[upload.WireCommitUpload], Uint8Array>([upload.CommitUpload], ManifestBytes),
	/** To the last change that was made; an abort makes none. */
	blobs_abort_upload: update<[Uint8Array], WireVersion>([bytes], Version),
	/** (what to publish, bytes): a blob of one chunk in one call. */
	blobs_put_blob: update<[upload.WirePutBlob, Uint8Array], Uint8Array>(
		[upload.PutBlob, bytes],
		ManifestBytes,
	),
	blobs_put_many: update<[upload.WirePutMany], upload.WireManyResults>([upload.PutMany], upload.ManyResults),
	blobs_delete: update<[change.WireDelete], change.WireDeleted>([change.Delete], change.Deleted),
	blobs_delete_many: update<[change.WireDeleteMany], upload.WireDeletedMany>(
		[change.DeleteMany],
		upload.DeletedMany,
	),
	blobs_update: update<[change.WireUpdate], Uint8Array>([change.Update], ManifestBytes),
	blobs_copy: update<[change.WireMove], Uint8Array>([change.Move], ManifestBytes),
	blobs_rename: update<[change.WireMove], Uint8Array>([change.Move], ManifestBytes),
	blobs_batch: update<[batch.WireBatch], batch.WireBatchDone>([batch.Batch], batch.BatchDone),
	/** Puts changes into a batch that nobody sees; the first opens it. */
	blobs_stage: update<[staged.WireStage], staged.WireStagedBatch>([staged.Stage], staged.StagedBatch),
	blobs_unstage: update<[staged.WireUnstage], staged.WireStagedBatch>([staged.Unstage], staged.StagedBatch),
	/** Asks for a batch to be revealed; blobs_staged_batch tells when it is. */
	blobs_reveal: update<[staged.WireReveal], staged.WireStagedBatch>([staged.Reveal], staged.StagedBatch),
	blobs_drop_batch: update<[staged.WireDropBatch], staged.WireStagedBatch>(
		[staged.DropBatch],
		staged.StagedBatch,
	),
	/** To the manifest of the key again. */
	blobs_restore: update<[bin.WireRestore], Uint8Array>([bin.Restore], ManifestBytes),
	blobs_purge: update<[bin.WirePurge], WireVersion>([bin.Purge], Version),
	blobs_grant_role: update<[administration.WireRoleChange], WireVersion>(
		[administration.RoleChange],
		Version,
	),
	blobs_revoke_role: update<[administration.WireRoleChange], WireVersion>(
		[administration.RoleChange],
		Version,
	),
	blobs_set_quota: update<[administration.WireSetQuota], WireVersion>([administration.SetQuota], Version),
	blobs_set_mode: update<[administration.WireSetMode], administration.WireStatus>(
		[administration.SetMode],
		administration.Status,
	),
	/** Of a store in which no blob was ever published, by who controls the canister. */
	blobs_begin_import: update<[administration.WireImportSwitch], WireVersion>(
		[administration.ImportSwitch],
		Version,
	),
	blobs_end_import: update<[administration.WireImportSwitch], WireVersion>(
		[administration.ImportSwitch],
		Version,
	),
	blobs_give_grant: update<[grants.WireGiveGrant], WireVersion>([grants.GiveGrant], Version),
	/** Of a grant that is not there, to the last change that was made. */
	blobs_revoke_grant: update<[grants.WireRevokeGrant], WireVersion>([grants.RevokeGrant], Version),
	/** By the role backup: keeps what keys hold now, until it ends. */
	blobs_take_lease: update<[lease.WireTakeLease], WireVersion>([lease.TakeLease], Version),
	blobs_extend_lease: update<[lease.WireExtendLease], WireVersion>([lease.ExtendLease], Version),
	/** Of a lease that is not there, to the last change that was made. */
	blobs_release_lease: update<[lease.WireReleaseLease], WireVersion>([lease.ReleaseLease], Version),
	blobs_set_keep_deleted: update<[bin.WireSetKeepDeleted], WireVersion>([bin.SetKeepDeleted], Version),
	blobs_set_expiry_rules: update<[expiry.WireSetExpiryRules], WireVersion>([expiry.SetExpiryRules], Version),
	/** An upload of anybody's, by an administrator. */
	blobs_abort_any_upload: update<[upload.WireUploadName], WireVersion>([upload.UploadName], Version),

	blobs_upload_status: query<[upload.WireUploadStatusRequest], upload.WireUploadStatus>(
		[upload.UploadStatusRequest],
		upload.UploadStatus,
	),
	blobs_list_uploads: query<[upload.WireListUploads], upload.WireUploads>(
		[upload.ListUploads],
		upload.Uploads,
	),
	blobs_list_all_uploads: query<[upload.WireListAllUploads], upload.WireAllUploads>(
		[upload.ListAllUploads],
		upload.AllUploads,
	),
	blobs_stat: query<[read.WireStat], read.WireStatAnswer>([read.Stat], read.StatAnswer),
	blobs_leaves: query<[read.WireLeaves], Uint8Array>([read.Leaves], bytes),
	/** (key, version, index) to the chunk's bytes. */
	blobs_get_chunk: query<[string, WireVersion, number], Uint8Array>([keyText, Version, nat32], bytes),
	blobs_list: query<[read.WireList], read.WireListPage>([read.List], read.ListPage),
	blobs_list_deleted: query<[bin.WireListDeleted], bin.WireDeletedBlobs>([bin.ListDeleted], bin.DeletedBlobs),
	blobs_list_leases: query<[], lease.WireLeases>([], lease.Leases),
	/** What is kept for a lease of the caller's. */
	blobs_list_leased: query<[lease.WireListLeased], lease.WireLeased>([lease.ListLeased], lease.Leased),
	/** A batch of the caller's, and for as long as a receipt is kept what became of it. */
	blobs_staged_batch: query<[staged.WireBatchName], staged.WireStagedBatch>(
		[staged.BatchName],
		staged.StagedBatch,
	),
	/** The caller's batches, and for administrators everybody's. */
	blobs_list_batches: query<[], staged.WireStagedBatches>([], staged.StagedBatches),
	blobs_list_staged: query<[staged.WireListStaged], staged.WireStagedKeys>(
		[staged.ListStaged],
		staged.StagedKeys,
	),
	blobs_changes: query<[feed.WireChangesRequest], feed.WireChanges>([feed.ChangesRequest], feed.Changes),
	blobs_status: query<[], administration.WireStatus>([], administration.Status),
	/** The caller's own account, or, for administrators and the backup role, anybody's. */
	blobs_account: query<[[] | [WirePrincipal]], administration.WireAccount>(
		[opt(principal)],
		administration.Account,
	),
	blobs_list_accounts: query<[administration.WireListAccounts], administration.WireAccounts>(
		[administration.ListAccounts],
		administration.Accounts,
	),
	blobs_list_grants: query<[grants.WireListGrants], grants.WireGrants>([grants.ListGrants], grants.Grants),
	blobs_expiry_rules: query<[], expiry.WireExpiryRules>([], expiry.ExpiryRules),
	blobs_stats: query<[], administration.WireStats>([], administration.Stats),
	/** The same as text for Prometheus. */
	blobs_metrics: query<[], string>([], text),
} as const;
