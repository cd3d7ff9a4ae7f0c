import {
	sameBytes,
	type WireDeleted,
	type WireManifest,
	type WireMove,
	type WireUpdate,
	type WireVersion,
	type WireVisibility,
} from "../../protocol/index.js";
import { newId } from "../asking.js";
import { type ClientContext, isAfter } from "../context.js";
import { isBlobError } from "../errors/errors.js";
import { readManifest } from "../manifest.js";
import type { Visibility } from "../types.js";
import type { Attempts } from "./attempts.js";

/**
 * What shows that a change without bytes was made whose answer was lost (attempts.ts). Of a rename nothing does: who
 * asks for it does not say which bytes are moved, so what is under the new key may have come there in another way.
 */

type Signal = AbortSignal | undefined;

/** What a key holds, by the subnet's word, and the last change. */
async function held(context: ClientContext, key: string, signal: Signal) {
	const request = { key, min_version: [] as [] };
	const { manifest, last } = await context.caller.update("blobs_stat", [request], { signal, verify: true });
	return { manifest: manifest[0] && readManifest(manifest[0]), last };
}

/** No version has it: numbers of changes are far below. */
const MAX_NAT64 = 2n ** 64n - 1n;
const NO_VERSION = { sequence: MAX_NAT64, canister_version: MAX_NAT64 };

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
	const { manifest, last } = await held(context, key, signal);
	if (manifest !== undefined) return undefined;
	const request = { id: newId(context), key, precondition: { version: NO_VERSION } };
	try {
		await context.caller.update("blobs_delete", [request], { signal, verify: true });
	} catch (error) {
		if (!isBlobError(error, "precondition_failed")) throw error;
		return error.details.sequence === 0n ? { deleted: true, version: last } : undefined;
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
	const { manifest: now } = await held(context, request.key, signal);
	if (!now || !since.isSince(now) || now.created_at === now.modified_at) return undefined;
	const [content_type = now.content_type] = request.content_type;
	const visibility = request.visibility[0] === undefined ? now.visibility : nameOf(request.visibility[0]);
	const [metadata = now.metadata] = request.metadata;
	const [expiry] = request.expiry;
	const asked = expiry !== undefined && "at" in expiry ? expiry.at : undefined;
	if (!endsAsAsked(now.expires_at[0], asked)) return undefined;
	return isSaidOf(now, { content_type, visibility, metadata }) ? now : undefined;
}

/** There is a copy of the caller's, and the source is still the one that it was made of. */
export async function findCopy(
	context: ClientContext,
	{ from, source, to }: WireMove,
	since: Attempts,
	signal: Signal,
): Promise<WireManifest | undefined> {
	const keys = [from, to].map(async (key) => (await held(context, key, signal)).manifest);
	const [original, copy] = await Promise.all(keys);
	const owner = (await context.principal()).toText();
	if (!original || !copy || !since.isSince(copy) || copy.owner.toText() !== owner) return undefined;
	if ("version" in source && !isSameVersion(source.version, original)) return undefined;
	const isSame = sameBytes(copy.root, original.root) && isSaidOf(copy, original);
	return isSame && isAfter(copy, original) ? copy : undefined;
}

const isSameVersion = (a: WireVersion, b: WireVersion): boolean =>
	a.sequence === b.sequence && a.canister_version === b.canister_version;

export const nameOf = (visibility: WireVisibility): Visibility =>
	"public" in visibility ? "public" : "private";

/** Whether a blob ends when it was asked to, or before that by a rule, which also ends what was asked to stay. */
export const endsAsAsked = (end: bigint | undefined, asked: bigint | undefined): boolean =>
	asked === undefined || (end !== undefined && end <= asked);

type Said = Pick<WireManifest, "content_type" | "visibility" | "metadata">;

/** Type, visibility and metadata, in whatever order its entries are. */
export function isSaidOf(blob: Said, wanted: Said): boolean {
	const text = ({ content_type, visibility, metadata }: Said) =>
		JSON.stringify([content_type, visibility, [...metadata].sort()]);
	return text(blob) === text(wanted);
}
