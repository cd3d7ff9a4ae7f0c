import type { ClientContext } from "../context.js";
import { type BlobError, isBlobError } from "../errors/errors.js";
import type { OpenUpload } from "../types.js";
import { optional, toOpenUpload } from "../wire-map.js";

/** As many as an error names. */
const MOST_NAMED = 100;

/**
 * Names the caller's open uploads in errors that a quota was exceeded: they take room and count, and to abort one may
 * be all that is needed. Asked by query, once for all errors of one operation; where that fails they stay as they are.
 */
export function openUploadsNamer(context: ClientContext): (error: unknown) => Promise<void> {
	let asked: Promise<readonly OpenUpload[] | undefined> | undefined;
	return async (error) => {
		if (!isBlobError(error, "quota_exceeded")) return;
		asked ??= askOpenUploads(context).catch(() => undefined);
		const uploads = await asked;
		if (uploads) (error as BlobError).openUploads = uploads;
	};
}

export const nameOpenUploads = (context: ClientContext, error: unknown): Promise<void> =>
	openUploadsNamer(context)(error);

async function askOpenUploads(context: ClientContext): Promise<readonly OpenUpload[]> {
	const request = {
		key: optional<string>(undefined),
		after: optional<Uint8Array>(undefined),
		limit: MOST_NAMED,
	};
	const { uploads } = await context.caller.query("blobs_list_uploads", [request], { isBound: false });
	return uploads.map(toOpenUpload);
}
