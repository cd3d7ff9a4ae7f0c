import { type CallOptions, change, newId } from "../asking.js";
import type { ClientContext } from "../context.js";

export const beginImport = (context: ClientContext, options: CallOptions = {}): Promise<void> =>
	change(context, "blobs_begin_import", { id: newId(context) }, options);

export const endImport = (context: ClientContext, options: CallOptions = {}): Promise<void> =>
	change(context, "blobs_end_import", { id: newId(context) }, options);
