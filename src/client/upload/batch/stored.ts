import type { UpdateOptions } from "../../blobs/changing.js";
import { listPages } from "../../blobs/list.js";
import type { ClientContext } from "../../context.js";
import type { OpenSource } from "../../source/types.js";
import type { Conditions, Manifest } from "../../types.js";
import { raceAbort } from "../../util/abort.js";
import type { Budget } from "../../util/budget.js";
import type { UploadCalls } from "../calls.js";
import { Leaves } from "../leaves.js";
import type { UploadItem } from "./types.js";

/** What the store holds below a prefix, by its own keys: proven, or certified by the subnet. */
export async function listStored(
	context: ClientContext,
	prefix: string,
	signal: AbortSignal,
): Promise<Map<string, Manifest>> {
	const stored = new Map<string, Manifest>();
	const { encryption } = context.settings;
	const asked = { prefix, signal };
	for await (const entries of listPages(context, encryption ? encryption.sealList(asked) : asked))
		for (const entry of entries) if (entry.type === "blob") stored.set(entry.blob.key, entry.blob);
	return stored;
}

/** What is asked for and differs from what is stored: what is not asked for stays. */
export function changesOf(
	{ contentType, visibility, metadata, expiresAt }: UploadItem,
	stored: Manifest,
): Said | undefined {
	const changes: Said = {
		...(contentType && contentType !== stored.contentType && { contentType }),
		...(visibility && visibility !== stored.visibility && { visibility }),
		...(metadata && !isSameMetadata(metadata, stored.metadata) && { replaceMetadata: metadata }),
		...(expiresAt !== undefined && Number(expiresAt) !== stored.expiresAt?.getTime() && { expiresAt }),
	};
	return Object.keys(changes).length > 0 ? changes : undefined;
}

type Said = Pick<UpdateOptions, "contentType" | "visibility" | "replaceMetadata" | "expiresAt">;

function isSameMetadata(a: Manifest["metadata"], b: Manifest["metadata"]): boolean {
	const text = (metadata: Manifest["metadata"]) => JSON.stringify(Object.entries(metadata).sort());
	return text(a) === text(b);
}

/** Only over what the list showed: what somebody else has stored since then is not overwritten. */
export const over = (stored: Manifest | undefined): Conditions =>
	stored ? { ifMatch: stored } : { ifNoneMatch: "*" };

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
