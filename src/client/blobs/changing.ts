import {
	checkContentType,
	checkKey,
	checkMetadata,
	type WireManifest,
	type WireMoveItem,
	type WireUpdateItem,
} from "../../protocol/index.js";
import { invalidOption } from "../arguments.js";
import { type CallOptions, newId } from "../asking.js";
import { retry } from "../call/retry.js";
import { type ClientContext, noteVersion } from "../context.js";
import { isBlobError, refuseInvalid } from "../errors/errors.js";
import { fromWireManifest, readManifest } from "../manifest.js";
import { quoteParameters } from "../source/media-type.js";
import type { Conditions, Deleted, Manifest, Version, Visibility } from "../types.js";
import { nameOpenUploads } from "../upload/open-uploads.js";
import { withJson } from "../util/json.js";
import {
	fromConditions,
	fromExpiry,
	fromPrecondition,
	fromVisibility,
	optional,
	toVersion,
} from "../wire-map.js";
import { attempt } from "./attempts.js";
import { findCopy, findDeleted, findUpdated } from "./evidence.js";
import type { StatOptions } from "./stat.js";

/** Changes of blobs that carry no bytes. */

/** How a blob is deleted. */
export interface DeleteOptions extends CallOptions {
	/** Delete only while the key holds this version. Default: whatever it holds. */
	ifMatch?: Version | undefined;
}

/** What is said about a blob from now on. */
export interface UpdateOptions extends CallOptions {
	/** A media type such as `image/png`. Not given, or empty: it stays. */
	contentType?: string | undefined;
	/** Who may read it. Default: it stays. */
	visibility?: Visibility | undefined;
	/** All of its metadata from now on: names that are left out are removed. Default: it stays. */
	replaceMetadata?: Readonly<Record<string, string>> | undefined;
	/**
	 * Metadata to add to what the blob has, or to change there; a name with `null` is removed. The client reads the manifest
	 * and updates it only while the key holds that version. If another caller was faster it tries again, with pauses,
	 * until the deadline of `retry`; with `ifMatch` it does not. Not with `replaceMetadata`.
	 */
	mergeMetadata?: Readonly<Record<string, string | null>> | undefined;
	/**
	 * When it ends, as a Date or in milliseconds since 1970, or `never`: but a rule of the store for its key ends it before,
	 * counted from this change. Default: as before.
	 */
	expiresAt?: Date | number | "never" | undefined;
	/** Change only while the key holds this version. Default: whatever it holds. */
	ifMatch?: Version | undefined;
}

/** How a blob is copied or renamed. */
export interface MoveOptions extends CallOptions, MoveConditions {}

/** What the key that a blob is copied or renamed from must hold, and what (`ifMatch`, `ifNoneMatch`) the other one. */
export interface MoveConditions extends Conditions {
	/** Only while the source holds this version. Default: whatever it holds. */
	sourceIfMatch?: Version | undefined;
}

export async function deleteBlob(
	context: ClientContext,
	key: string,
	{ ifMatch, signal }: DeleteOptions = {},
): Promise<Deleted> {
	refuseInvalid(checkKey(key));
	const request = { id: newId(context), key, precondition: fromPrecondition(ifMatch) };
	const answer = await attempt(
		context,
		(onRetry) => context.caller.update("blobs_delete", [request], { signal, onRetry, verify: true }),
		() => findDeleted(context, key, signal),
	);
	noteVersion(context, answer.version);
	return withJson({ deleted: answer.deleted, ...toVersion(answer.version) });
}

/** @throws CanisterError `invalid_argument`, ClientError `option_invalid` */
export function toUpdate(
	key: string,
	{ contentType, visibility, replaceMetadata, expiresAt, ifMatch }: Omit<UpdateOptions, "signal">,
): WireUpdateItem {
	const entries = replaceMetadata && Object.entries(replaceMetadata);
	refuseInvalid(checkKey(key));
	const type = contentType ? quoteParameters(contentType) : undefined;
	refuseInvalid(type === undefined ? undefined : checkContentType(type));
	refuseInvalid(entries && checkMetadata(entries));
	return {
		key,
		precondition: fromPrecondition(ifMatch),
		content_type: optional(type),
		visibility: optional(visibility && fromVisibility(visibility)),
		metadata: optional(entries),
		expiry: optional(expiresAt === undefined ? undefined : fromExpiry(expiresAt)),
	};
}

/** @throws CanisterError `invalid_argument` */
export function toMove(
	from: string,
	to: string,
	{ sourceIfMatch, ...conditions }: Omit<MoveOptions, "signal">,
): WireMoveItem {
	refuseInvalid(checkKey(from, "from"));
	refuseInvalid(checkKey(to, "to"));
	return {
		from,
		source: fromPrecondition(sourceIfMatch),
		to,
		precondition: fromConditions(conditions),
	};
}

export async function updateBlob(
	context: ClientContext,
	key: string,
	options: UpdateOptions,
): Promise<Manifest> {
	const { signal } = options;
	const request = { id: newId(context), ...toUpdate(key, options) };
	const answer = await attempt(
		context,
		async (onRetry) =>
			readManifest(await context.caller.update("blobs_update", [request], { signal, onRetry, verify: true })),
		(since) => findUpdated(context, request, since, signal),
	);
	return changed(context, answer);
}

/**
 * Updates with the metadata that the blob has and what is to be merged into it.
 * @param find reads what the key holds, from a state that has seen `minVersion`
 */
export async function updateMerged(
	{ settings: { retry: policy, ports } }: Pick<ClientContext, "settings">,
	{ mergeMetadata, ...options }: UpdateOptions,
	find: (options: Pick<StatOptions, "trust" | "minVersion">) => Promise<Manifest>,
	update: (options: UpdateOptions) => Promise<Manifest>,
): Promise<Manifest> {
	if (options.replaceMetadata !== undefined)
		throw invalidOption(
			"mergeMetadata",
			"metadata is either merged or replaced: give one of mergeMetadata and replaceMetadata",
		);
	const { ifMatch, signal } = options;
	const merge = async (attempt: number): Promise<Manifest> => {
		const held = await find({
			trust: attempt === 1 ? "proof" : "subnet",
			...(ifMatch && { minVersion: ifMatch }),
		});
		const merged = Object.entries({ ...held.metadata, ...mergeMetadata }).filter(
			(entry): entry is [string, string] => entry[1] !== null,
		);
		return update({
			...options,
			replaceMetadata: Object.fromEntries(merged),
			ifMatch: ifMatch ?? held,
		});
	};
	return retry(merge, {
		// Each refusal means that another caller's change was made: time is the only bound.
		policy: { ...policy, maxAttempts: Number.POSITIVE_INFINITY },
		ports,
		signal,
		retryable: (error) => ifMatch === undefined && isBlobError(error, "precondition_failed"),
	});
}

export async function moveBlob(
	context: ClientContext,
	method: "blobs_copy" | "blobs_rename",
	from: string,
	to: string,
	options: MoveOptions = {},
): Promise<Manifest> {
	const { signal } = options;
	const request = { id: newId(context), ...toMove(from, to, options) };
	const answer = attempt(
		context,
		async (onRetry) =>
			readManifest(await context.caller.update(method, [request], { signal, onRetry, verify: true })),
		async (since) => (method === "blobs_copy" ? findCopy(context, request, since, signal) : undefined),
	);
	try {
		return changed(context, await answer);
	} catch (error) {
		// A copy counts for its caller, a renamed blob for its owner.
		if (method === "blobs_copy") await nameOpenUploads(context, error);
		throw error;
	}
}

function changed(context: ClientContext, wire: WireManifest): Manifest {
	noteVersion(context, wire);
	return fromWireManifest(wire);
}
