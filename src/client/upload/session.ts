import {
	ID_BYTES,
	MAX_CHUNKS,
	MAX_LEAVES_PER_PAGE,
	MAX_LIST_PAGE,
	type MethodArgs,
	type MethodOk,
	SHA256_BYTES,
	type WireUpload,
} from "../../protocol/index.js";
import type { ClientContext } from "../context.js";
import { isBlobError, replyInvalid } from "../errors/errors.js";
import { concat, fromHex, hex } from "../util/bytes.js";
import { pages } from "../util/pages.js";
import { optional } from "../wire-map.js";
import type { UploadCalls } from "./calls.js";
import { Leaves } from "./leaves.js";
import type { UploadPlan } from "./options.js";

/** An upload in the canister that a transfer works on. */
export interface Session {
	readonly id: Uint8Array;
	/** Chunks that the canister already held when the transfer took it up. */
	readonly held: Leaves;
	readonly isResumed: boolean;
	/** Set as soon as the canister says that it is committed, aborted or expired. */
	isFinished: boolean;
}

/** The canister no longer has the upload open. */
export const isGone = (error: unknown): boolean =>
	isBlobError(error, "upload_finished") || isBlobError(error, "upload_not_found");

/** Takes up an open upload of the same key, size and chunk size, or begins one. */
export async function openSession(
	context: ClientContext,
	plan: UploadPlan,
	size: number | undefined,
	mayResume: boolean,
	calls: UploadCalls,
): Promise<Session> {
	const owner = (await context.principal()).toText();
	const note = (id: Uint8Array) =>
		context.notes.put({
			id: hex(id),
			owner,
			key: plan.key,
			size,
			chunkBytes: plan.chunkBytes,
			handle: plan.handle,
		});
	if (mayResume) {
		for await (const { id, isNoted } of candidates(context, plan, size, calls)) {
			const name = hex(id);
			if (context.busyUploads.has(name)) continue;
			// Before the first wait, so that no other transfer of this client takes it up too.
			context.busyUploads.add(name);
			try {
				const { upload, held } = await readHeld(calls, id, false);
				if (fits(upload, plan, size)) {
					if (!isNoted) note(id);
					sweepNotes(context, owner);
					return { id, held, isResumed: true, isFinished: false };
				}
				context.busyUploads.delete(name);
			} catch (error) {
				context.busyUploads.delete(name);
				if (!isGone(error)) throw error;
				context.notes.remove(name);
			}
		}
	}
	const id = context.settings.ports.randomBytes(ID_BYTES);
	context.busyUploads.add(hex(id));
	const request = {
		id,
		key: plan.key,
		size: optional(size === undefined ? undefined : BigInt(size)),
		chunk_size: plan.chunkBytes,
	};
	try {
		await calls.update("blobs_begin_upload", [request]);
	} catch (error) {
		context.busyUploads.delete(hex(id));
		throw error;
	}
	note(id);
	sweepNotes(context, owner);
	return { id, held: new Leaves(), isResumed: false, isFinished: false };
}

/** Beside the upload, which does not wait for it. */
function sweepNotes(context: ClientContext, owner: string): void {
	context.notes.sweep(owner, async (name) => {
		if (context.busyUploads.has(name)) return false;
		const request = { id: fromHex(name), from: 0, limit: 1 };
		try {
			await context.caller.query("blobs_upload_status", [request], { signal: undefined, isBound: true });
			return false;
		} catch (error) {
			if (!isGone(error)) throw error;
		}
		// One node may not have seen a new one yet.
		try {
			await context.caller.update("blobs_upload_status", [request], { verify: true });
			return false;
		} catch (error) {
			if (isGone(error)) return true;
			throw error;
		}
	});
}

/** Uploads to go on with: those that are noted here, which saves a question, then those the canister has open. */
async function* candidates(
	context: ClientContext,
	plan: UploadPlan,
	size: number | undefined,
	calls: UploadCalls,
): AsyncGenerator<{ id: Uint8Array; isNoted: boolean }> {
	const notes = await context.notes.of(plan.key);
	for (const { id, ...note } of notes)
		if (note.size === size && note.chunkBytes === plan.chunkBytes) yield { id: fromHex(id), isNoted: true };
	for (const { id } of await findOpen(plan, size, calls)) yield { id, isNoted: false };
}

const fits = (upload: WireUpload, plan: UploadPlan, size: number | undefined): boolean =>
	upload.key === plan.key &&
	upload.chunk_size === plan.chunkBytes &&
	upload.size[0] === (size === undefined ? undefined : BigInt(size));

/** Open uploads that fit, the fullest first. */
async function findOpen(
	plan: UploadPlan,
	size: number | undefined,
	calls: UploadCalls,
): Promise<WireUpload[]> {
	const found: WireUpload[] = [];
	const ask = (request: MethodArgs<"blobs_list_uploads">) => calls.query("blobs_list_uploads", request, true);
	for await (const upload of openUploads(plan.key, ask)) if (fits(upload, plan, size)) found.push(upload);
	return found.sort((a, b) => b.received - a.received);
}

/** The caller's open uploads, all or those to one key. */
export function openUploads(
	key: string | undefined,
	ask: (request: MethodArgs<"blobs_list_uploads">) => Promise<MethodOk<"blobs_list_uploads">>,
): AsyncGenerator<WireUpload> {
	return pages({
		method: "blobs_list_uploads",
		limit: MAX_LIST_PAGE,
		orderOf: hex,
		fetch: async (after: Uint8Array | undefined) => {
			const request = { key: optional(key), after: optional(after), limit: MAX_LIST_PAGE };
			const { uploads, next } = await ask([request]);
			return { items: uploads, next };
		},
	});
}

interface Held {
	readonly upload: WireUpload;
	readonly held: Leaves;
}

/**
 * The leaves that the canister holds. By query they may be a little old, which only means that chunks are sent
 * again; `certified` asks by update calls for the ones of now.
 */
export async function readHeld(calls: UploadCalls, id: Uint8Array, certified: boolean): Promise<Held> {
	const parts: Uint8Array[] = [];
	for (let from = 0; ; from += MAX_LEAVES_PER_PAGE) {
		const request = { id, from, limit: MAX_LEAVES_PER_PAGE };
		const page = certified
			? await calls.update("blobs_upload_status", [request])
			: await calls.query("blobs_upload_status", [request], true);
		if (page.upload.count > MAX_CHUNKS || page.leaves.length > MAX_LEAVES_PER_PAGE * SHA256_BYTES)
			throw replyInvalid(
				"blobs_upload_status",
				`it has more than ${MAX_CHUNKS} chunks, or more than ${MAX_LEAVES_PER_PAGE} leaves on a page`,
			);
		parts.push(page.leaves);
		if (from + page.leaves.length / SHA256_BYTES >= page.upload.count || page.leaves.length === 0)
			return { upload: page.upload, held: new Leaves(concat(...parts)) };
	}
}
