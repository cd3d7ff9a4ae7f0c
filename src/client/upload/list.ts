import type { MethodArgs } from "../../protocol/index.js";
import type { CallOptions } from "../asking.js";
import type { ClientContext } from "../context.js";
import type { OpenUpload } from "../types.js";
import { hex } from "../util/bytes.js";
import { toOpenUpload } from "../wire-map.js";
import { openUploads } from "./session.js";

/** Which open uploads are listed. */
export interface ListUploadsOptions {
	/** Those to this key. Default: all. */
	key?: string | undefined;
	/** Aborts the list. */
	signal?: AbortSignal | undefined;
}

/** The caller's own open uploads. */
export async function* listUploads(
	{ caller }: ClientContext,
	{ key, signal }: ListUploadsOptions = {},
): AsyncGenerator<OpenUpload> {
	const ask = (request: MethodArgs<"blobs_list_uploads">) =>
		caller.query("blobs_list_uploads", request, { signal, isBound: false });
	for await (const upload of openUploads(key, ask)) yield toOpenUpload(upload);
}

/** One of the caller's own. */
export async function abortUpload(
	context: ClientContext,
	id: Uint8Array,
	{ signal }: CallOptions = {},
): Promise<void> {
	await context.caller.update("blobs_abort_upload", [id], { signal, verify: true });
	context.notes.remove(hex(id));
}
