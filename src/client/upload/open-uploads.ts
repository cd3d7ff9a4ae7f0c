import type { ClientContext } from "../context.js";
import { type BlobError, isBlobError } from "../errors.js";
import { optional, toOpenUpload } from "../wire-map.js";

/** As many as an error names. */
const MOST_NAMED = 100;

/**
 * Names the caller's open uploads in an error that a quota was exceeded: they take room and count, and to abort one may
 * be all that is needed. Asked by query, once; where that fails the error stays as it is.
 */
export async function nameOpenUploads(context: ClientContext, error: unknown): Promise<void> {
	if (!isBlobError(error, "quota_exceeded")) return;
	try {
		const request = {
			key: optional<string>(undefined),
			after: optional<Uint8Array>(undefined),
			limit: MOST_NAMED,
		};
		const { uploads } = await context.caller.query("blobs_list_uploads", [request], { isBound: false });
		(error as BlobError).openUploads = uploads.map(toOpenUpload);
	} catch {
		// What the caller needs to know is the quota.
	}
}
