import type { MethodArgs, MethodName } from "../../../../src/protocol/index.js";
import * as administration from "./administration.js";
import * as blobs from "./blobs.js";
import type { Model } from "./model.js";
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
	blobs_grant_role: administration.grant,
	blobs_revoke_role: administration.revoke,
	blobs_set_quota: administration.setQuota,
	blobs_set_mode: administration.setMode,
	blobs_abort_any_upload: administration.abortAny,
};

/** Methods of which the model knows what they do: the updates. */
export const EXPECTED = Object.keys(EXPECTATIONS) as MethodName[];

/** What a call should answer; the model changes as the store should. Throws Refused where it should be refused. */
export function expectationOf<Name extends MethodName>(
	model: Model,
	who: number,
	method: Name,
	args: MethodArgs<Name>,
): unknown {
	const expectation = EXPECTATIONS[method];
	if (expectation === undefined) throw new Error(`the model does not know ${method}`);
	return (expectation as (model: Model, who: number, args: MethodArgs<Name>) => unknown)(model, who, args);
}
