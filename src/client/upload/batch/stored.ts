import { MAX_LIST_PAGE } from "../../../protocol/index.js";
import { type ClientContext, leastVersion } from "../../context.js";
import type { OpenSource } from "../../source/types.js";
import type { Manifest, Precondition } from "../../types.js";
import { raceAbort } from "../../util/abort.js";
import type { Budget } from "../../util/budget.js";
import { optional, toListEntry } from "../../wire-map.js";
import type { UploadCalls } from "../calls.js";
import { Leaves } from "../leaves.js";

/** What the store holds below a prefix, by key. */
export async function listStored(
	context: ClientContext,
	calls: UploadCalls,
	prefix: string,
): Promise<Map<string, Manifest>> {
	const stored = new Map<string, Manifest>();
	let after: string | undefined;
	do {
		const request = {
			prefix,
			recursive: true,
			after: optional(after),
			limit: MAX_LIST_PAGE,
			min_version: leastVersion(context, undefined),
		};
		const page = await calls.query("blobs_list", [request], false);
		for (const entry of page.entries.map(toListEntry))
			if (entry.type === "blob") stored.set(entry.blob.key, entry.blob);
		after = page.next[0];
	} while (after !== undefined);
	return stored;
}

/** Only over what the list showed: what somebody else has stored since then is not overwritten. */
export const over = (stored: Manifest | undefined): Precondition => stored ?? "absent";

/** The root that a source has when it is cut as the stored blob is. */
export async function rootLike(
	stored: Manifest,
	source: OpenSource,
	context: ClientContext,
	calls: UploadCalls,
	budget: Budget,
): Promise<Uint8Array> {
	const { sha256 } = context.settings.ports;
	const leaves = new Leaves();
	const reader = source.chunks(stored.chunkBytes);
	for (let index = 0; ; index++) {
		await calls.opened();
		const release = await budget.take(stored.chunkBytes, calls.signal);
		try {
			const bytes = await raceAbort(reader.next(), calls.signal);
			if (!bytes) break;
			leaves.set(index, await sha256(bytes));
		} finally {
			release();
		}
	}
	return leaves.root(stored.size, stored.chunkBytes, sha256);
}
