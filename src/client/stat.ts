import { checkKey, sameBytes, type WireStatAnswer } from "../protocol/index.js";
import { type ClientContext, noteSequence } from "./context.js";
import { CanisterError, isBlobError, refuseInvalid } from "./errors.js";
import type { BlobRef, Manifest } from "./types.js";
import { optional, toManifest } from "./wire-map.js";

export interface StatOptions {
	/**
	 * True asks by an update call, whose answer the whole subnet certifies, in 1 to 2 seconds. False asks one node,
	 * which signs its answer, in a fraction of that. Default true.
	 */
	certified?: boolean;
	/** Answer only from a state that has seen this change. Default: the latest that this client has made or seen. */
	minSequence?: bigint;
	signal?: AbortSignal;
}

export async function stat(
	context: ClientContext,
	key: string,
	options: StatOptions = {},
): Promise<Manifest> {
	refuseInvalid(checkKey(key));
	const { certified = true, signal, minSequence = context.seen.sequence } = options;
	if (certified) {
		const request = { key, min_sequence: optional(options.minSequence) };
		const manifest = present(await context.caller.update("blobs_stat", [request], { signal, verify: true }));
		noteSequence(context, manifest.sequence);
		return manifest;
	}
	const request = { key, min_sequence: optional(minSequence || undefined) };
	return present(await context.caller.query("blobs_stat", [request], { signal, isBound: false }));
}

function present({ manifest }: WireStatAnswer): Manifest {
	if (manifest[0] === undefined) throw new CanisterError({ blob_not_found: {} });
	return toManifest(manifest[0]);
}

/**
 * The manifest of exactly this blob. One node is asked first, since the root says whether its answer is right; only
 * where it is not, the subnet.
 * @throws CanisterError `blob_replaced`, `blob_not_found`
 */
export async function statRef(context: ClientContext, ref: BlobRef, signal?: AbortSignal): Promise<Manifest> {
	const options = signal ? { signal } : {};
	try {
		const manifest = await stat(context, ref.key, { ...options, certified: false });
		if (sameBytes(manifest.root, ref.root)) return manifest;
	} catch (error) {
		if (!isBlobError(error, "blob_not_found")) throw error;
	}
	const manifest = await stat(context, ref.key, options);
	if (sameBytes(manifest.root, ref.root)) return manifest;
	throw new CanisterError({ blob_replaced: { sequence: manifest.sequence } });
}
