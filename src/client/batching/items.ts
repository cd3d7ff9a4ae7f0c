import {
	checkChunking,
	checkContentType,
	checkKey,
	checkMetadata,
	chunkCount,
	MAX_CHUNK_BYTES,
	MAX_CHUNKS,
	type WireBatchItem,
	weightOf,
} from "../../protocol/index.js";
import * as is from "../arguments.js";
import { type Check, checkArgument, checkOptions, invalidOption } from "../arguments.js";
import { toMove, toUpdate } from "../blobs/changing.js";
import * as checks from "../checks.js";
import type { ClientContext } from "../context.js";
import { sealed, storedKey } from "../encryption.js";
import { refuseInvalid } from "../errors/errors.js";
import { openSource } from "../source/open.js";
import type { OpenSource } from "../source/types.js";
import { publicationOf } from "../upload/commit.js";
import { planOver } from "../upload/empty.js";
import { fromImportAs } from "../upload/import-as.js";
import { rootOfWhole } from "../upload/leaves.js";
import { planUpload, type UploadPlan } from "../upload/options.js";
import { fromHex } from "../util/bytes.js";
import { fromPrecondition, fromTime, preconditionOf } from "../wire-map.js";
import type { BatchCommit, BatchItem, BatchMove, BatchPut, BatchUpdate } from "./types.js";

/** Items of a batch, checked and made what travels. */

/** An item that passed all checks that need neither the store nor its source. */
export interface Checked {
	/** Key that names the item in results, and the keys that it changes. */
	readonly key: string;
	readonly changes: readonly string[];
	/** A further key that it reads. */
	readonly reads?: string | undefined;
	/** The wire form; of a put without content and root. */
	readonly wire: WireBatchItem;
	readonly weight: number;
	readonly put?: { readonly plan: UploadPlan; readonly source: OpenSource } | undefined;
	readonly upload?: Uint8Array | undefined;
}

const TYPES = ["put", "commit", "delete", "rename", "copy", "update"] as const;
const TYPE: Check = is.oneOf(...TYPES);

/** @throws ClientError `option_invalid` with the invalid option, `source_invalid`; CanisterError `invalid_argument` */
export function checkItem(context: ClientContext, item: BatchItem): Checked {
	checkArgument("items", item, is.object);
	checkArgument("type", item.type, TYPE);
	if (item.type === "put") return checkPut(context, item);
	if (item.type === "commit") return checkCommit(item);
	if (item.type === "update") return checkUpdate(context, item);
	if (item.type !== "delete") return checkMove(context, item);
	checkOptions(item, checks.BATCH_DELETE);
	checkArgument("key", item.key, is.text);
	const key = storedKey(context, item.key);
	refuseInvalid(checkKey(key));
	return checked(key, { delete: { key, precondition: fromPrecondition(item.ifMatch) } });
}

const checked = (key: string, wire: WireBatchItem): Checked => ({
	key,
	changes: [key],
	wire,
	weight: weightOf(wire),
});

const NO_BYTES = new Uint8Array(0);

function checkPut(context: ClientContext, item: BatchPut): Checked {
	checkOptions(item, checks.BATCH_PUT);
	checkArgument("key", item.key, is.text);
	checkArgument("source", item.source, is.anything);
	const { type: _, source: from, ...options } = item;
	const given = openSource(from, item.size);
	const { source, plan } = sealed(context, given, planUpload(options, given, context.settings), item);
	const { key } = plan;
	const wire = { put: { ...publicationOf(plan, NO_BYTES), key, content: NO_BYTES } };
	return { ...checked(key, wire), put: { plan, source } };
}

function checkCommit(item: BatchCommit): Checked {
	checkOptions(item, checks.BATCH_COMMIT);
	checkArgument("upload", item.upload, is.object);
	const { upload } = item;
	for (const [name, check] of Object.entries(checks.PREPARED_UPLOAD))
		checkArgument(`upload.${name}`, upload[name as keyof typeof upload], check);
	const { wholeSha256, ifMatch, ifNoneMatch, expiresAt, importAs } = upload;
	checkOptions({ wholeSha256, ifMatch, ifNoneMatch, expiresAt, importAs }, checks.PREPARED_OPTIONS, "upload");
	const { key, chunkBytes } = upload;
	const id = fromHex(upload.id);
	const metadata = Object.entries(upload.metadata);
	refuseInvalid(checkKey(key) ?? checkContentType(upload.contentType) ?? checkMetadata(metadata));
	const size = sizeOf(upload.size);
	const said = {
		...upload,
		metadata,
		precondition: preconditionOf(upload),
		expiresAt: expiresAt && fromTime("upload.expiresAt", expiresAt),
		importAs: importAs && fromImportAs(importAs),
	};
	refuseInvalid(checkChunking(chunkBytes, size));
	const wire = { commit: { id, size, ...publicationOf(said, upload.root) } };
	const weight = weightOf(wire, key, Math.min(MAX_CHUNKS, chunkCount(size, chunkBytes)));
	return { ...checked(key, wire), weight, upload: id };
}

function sizeOf(size: number): bigint {
	if (Number.isSafeInteger(size) && size >= 0) return BigInt(size);
	throw invalidOption("upload.size", `it must be a whole number, and is ${size}`);
}

function checkMove(context: ClientContext, item: BatchMove): Checked {
	checkOptions(item, checks.BATCH_MOVE);
	checkArgument("from", item.from, is.text);
	checkArgument("to", item.to, is.text);
	const { type } = item;
	const [from, to] = [storedKey(context, item.from), storedKey(context, item.to)];
	const move = toMove(from, to, item);
	if (type === "copy") return { ...checked(to, { copy: move }), reads: from };
	return { ...checked(to, { rename: move }), changes: [from, to] };
}

function checkUpdate(context: ClientContext, item: BatchUpdate): Checked {
	checkOptions(item, checks.BATCH_UPDATE);
	checkArgument("key", item.key, is.text);
	// The metadata contain the parameters for decryption, so the client would have to read them first.
	context.settings.encryption?.checkUpdate(item);
	const key = storedKey(context, item.key);
	return checked(key, { update: toUpdate(key, item) });
}

/** Reads the bytes of a put, at most `most`. Undefined if there are more. */
export async function readPut(
	context: ClientContext,
	{ plan, source }: NonNullable<Checked["put"]>,
	most: number,
	signal: AbortSignal | undefined,
): Promise<WireBatchItem | undefined> {
	if (source.size !== undefined && source.size > most) return undefined;
	const content = await contentOf(source, most);
	if (content === undefined) return undefined;
	await source.check();
	const { sha256 } = context.settings.ports;
	const its = await planOver(plan, source, content, async (request) =>
		context.caller.update("blobs_stat", [request], { signal, verify: true }),
	);
	const leaf = content.length === 0 ? content : await sha256(content);
	const root = await rootOfWhole(content.length, leaf, sha256);
	return { put: { ...publicationOf(its, root), key: plan.key, content } };
}

async function contentOf(source: OpenSource, most: number): Promise<Uint8Array | undefined> {
	const reader = source.chunks(MAX_CHUNK_BYTES);
	const content = await reader.next();
	if (content === undefined) return NO_BYTES;
	if (content.length > most) return undefined;
	// Check that a stream of declared size ends there.
	return (await reader.next()) === undefined ? content : undefined;
}
