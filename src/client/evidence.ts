import {
	sameBytes,
	type WireDeleted,
	type WireManifest,
	type WireMove,
	type WireStatAnswer,
	type WireUpdate,
} from "../protocol/index.js";
import { newId } from "./administration/administration.js";
import type { Attempts } from "./attempts.js";
import type { ClientContext } from "./context.js";
import { isBlobError } from "./errors.js";

/**
 * What shows that a change without bytes was made whose answer was lost (attempts.ts). Of a rename nothing does: who
 * asks for it does not say which bytes are moved, so what is under the new key may have come there in another way.
 */

type Signal = AbortSignal | undefined;

/** What a key holds, by the subnet's word. */
const held = (context: ClientContext, key: string, signal: Signal): Promise<WireStatAnswer> =>
	context.caller.update("blobs_stat", [{ key, min_sequence: [] }], { signal, verify: true });

/** No version has it: numbers of changes are far below. */
const NO_VERSION = 2n ** 64n - 1n;

/**
 * The key is empty, which is all that was asked for. What the caller may not read is as if it were not there; only
 * a delete is refused with what the key holds, to who may delete that. So it is asked under a condition that nothing
 * meets, and changes nothing.
 */
export async function findDeleted(
	context: ClientContext,
	key: string,
	signal: Signal,
): Promise<WireDeleted | undefined> {
	const { manifest, sequence } = await held(context, key, signal);
	if (manifest.length > 0) return undefined;
	const request = { id: newId(context), key, precondition: { sequence: NO_VERSION } };
	try {
		await context.caller.update("blobs_delete", [request], { signal, verify: true });
	} catch (error) {
		if (!isBlobError(error, "precondition_failed")) throw error;
		return error.details.sequence === 0n ? { deleted: true, sequence } : undefined;
	}
	return undefined;
}

/** What is said about the blob is what was asked for, and was said since, not when it was published. */
export async function findUpdated(
	context: ClientContext,
	request: WireUpdate,
	since: Attempts,
	signal: Signal,
): Promise<WireManifest | undefined> {
	const [now] = (await held(context, request.key, signal)).manifest;
	if (!now || !since.isSince(now) || now.created_at === now.modified_at) return undefined;
	const [content_type = now.content_type] = request.content_type;
	const [visibility = now.visibility] = request.visibility;
	const [metadata = now.metadata] = request.metadata;
	return isSaidOf(now, { content_type, visibility, metadata }) ? now : undefined;
}

/** There is a copy of the caller's, and the source is still the one that it was made of. */
export async function findCopy(
	context: ClientContext,
	{ from, source, to }: WireMove,
	since: Attempts,
	signal: Signal,
): Promise<WireManifest | undefined> {
	const keys = [from, to].map(async (key) => (await held(context, key, signal)).manifest[0]);
	const [original, copy] = await Promise.all(keys);
	const owner = (await context.principal()).toText();
	if (!original || !copy || !since.isSince(copy) || copy.owner.toText() !== owner) return undefined;
	if ("sequence" in source && source.sequence !== original.sequence) return undefined;
	const isSame = sameBytes(copy.root, original.root) && isSaidOf(copy, original);
	return isSame && original.sequence < copy.sequence ? copy : undefined;
}

type Said = Pick<WireManifest, "content_type" | "visibility" | "metadata">;

/** Type, visibility and metadata, in whatever order its entries are. */
export function isSaidOf(blob: Said, wanted: Said): boolean {
	const text = ({ content_type, visibility, metadata }: Said) =>
		JSON.stringify([content_type, visibility, [...metadata].sort()]);
	return text(blob) === text(wanted);
}
