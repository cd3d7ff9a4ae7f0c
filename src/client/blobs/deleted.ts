import {
	checkKey,
	MAX_KEEP_DELETED_DAYS,
	MAX_LIST_PAGE,
	sortable,
	type WireDeletedBlob,
	type WireDeletedName,
} from "../../protocol/index.js";
import * as is from "../arguments.js";
import { checkArgument } from "../arguments.js";
import { type AskOptions, ask, type CallOptions, change, newId } from "../asking.js";
import { type ClientContext, noteVersion } from "../context.js";
import { type BlobEncryption, shown, storedKey } from "../encryption.js";
import { refuseInvalid } from "../errors/errors.js";
import { fromWireManifest, readManifest, toManifest } from "../manifest.js";
import { checkInteger } from "../options.js";
import type { Conditions, DeletedBlob, DeletedName, Manifest } from "../types.js";
import { withJson } from "../util/json.js";
import { orderOfSequence, pages } from "../util/pages.js";
import { date, fromConditions, fromVersion, optional } from "../wire-map.js";
import { attempt } from "./attempts.js";

/** Blobs that were deleted or replaced, and are kept. */

/** Which of them are listed. */
export interface ListDeletedOptions extends AskOptions {
	/** Those whose key begins with this text. @default "" (all) */
	prefix?: string | undefined;
}

/** How one is brought back. */
export interface RestoreOptions extends CallOptions, Conditions {}

/** Of who asks; of everybody, for administrators and the role backup. */
export function listDeleted(
	context: ClientContext,
	options: ListDeletedOptions = {},
): AsyncGenerator<DeletedBlob> {
	const { encryption } = context.settings;
	const { prefix = "" } = options;
	if (encryption === undefined) return listStored(context, options, prefix);
	return opened(
		encryption,
		listStored(context, options, encryption.sealList({ prefix }).prefix ?? ""),
		prefix,
	);
}

async function* opened(
	encryption: BlobEncryption,
	stored: AsyncIterable<DeletedBlob>,
	prefix: string,
): AsyncGenerator<DeletedBlob> {
	for await (const each of stored) {
		const found = encryption.openDeleted(each);
		// Of sealed names the store knows whole segments only.
		if (found.key.startsWith(prefix)) yield found;
	}
}

function listStored(
	context: ClientContext,
	options: ListDeletedOptions,
	prefix: string,
): AsyncGenerator<DeletedBlob> {
	return pages({
		method: "blobs_list_deleted",
		limit: MAX_LIST_PAGE,
		orderOf,
		fetch: async (after: WireDeletedName | undefined) => {
			const request = { prefix, after: optional(after), limit: MAX_LIST_PAGE };
			const { deleted, next } = await ask(context, "blobs_list_deleted", [request], options);
			return { items: deleted.map(toDeleted), next };
		},
	});
}

/** Keys in order of their segments, each before those below it; versions in order of their numbers. */
const orderOf = ({ key, version }: WireDeletedName): string =>
	`${sortable(key)}\0\x01${orderOfSequence(version.sequence)}`;

function toDeleted({ manifest, deleted_at, deleted_by, kept_until }: WireDeletedBlob): DeletedBlob {
	const blob = toManifest(manifest);
	const { key, sequence, canisterVersion } = blob;
	return withJson({
		key,
		version: withJson({ sequence, canisterVersion }),
		manifest: blob,
		deletedAt: date(deleted_at),
		deletedBy: deleted_by.toText(),
		keptUntil: date(kept_until),
	});
}

/** @throws ClientError `option_invalid`, CanisterError `invalid_argument` */
function toName(context: ClientContext, what: DeletedName): WireDeletedName {
	checkArgument("what", what, is.object);
	const { key, version } = what;
	checkArgument("what.key", key, is.text);
	checkArgument("what.version", version, is.version);
	const stored = storedKey(context, key);
	refuseInvalid(checkKey(stored));
	return { key: stored, version: fromVersion(version) };
}

/** Which deletion it was is not told by what the key holds then: without an answer the outcome stays unknown. */
export async function restore(
	context: ClientContext,
	deleted: DeletedName,
	{ signal, ...conditions }: RestoreOptions = {},
): Promise<Manifest> {
	const request = {
		id: newId(context),
		...toName(context, deleted),
		precondition: fromConditions(conditions),
	};
	const answer = await attempt(
		context,
		(onRetry) => context.caller.update("blobs_restore", [request], { signal, onRetry, verify: true }),
		async () => undefined,
	);
	const wire = readManifest(answer);
	noteVersion(context, wire);
	return shown(context, fromWireManifest(wire));
}

export async function purge(
	context: ClientContext,
	deleted: DeletedName,
	options: CallOptions = {},
): Promise<void> {
	await change(context, "blobs_purge", { id: newId(context), ...toName(context, deleted) }, options);
}

export async function setKeepDeleted(
	context: ClientContext,
	days: number,
	options: CallOptions = {},
): Promise<void> {
	checkArgument("days", days, is.number);
	checkInteger("days", days, 0, MAX_KEEP_DELETED_DAYS);
	await change(context, "blobs_set_keep_deleted", { id: newId(context), days }, options);
}
