import { sameBytes } from "../../protocol/index.js";
import { Attempts } from "../blobs/attempts.js";
import { endsAsAsked, isSaidOf, nameOf } from "../blobs/evidence.js";
import type { ClientContext } from "../context.js";
import { CanisterError, ClientError, isBlobError, replyInvalid } from "../errors/errors.js";
import { fromWireManifest, readManifest, toManifest } from "../manifest.js";
import type { Manifest } from "../types.js";
import { fromPrecondition, fromVisibility, optional } from "../wire-map.js";
import type { UploadCalls } from "./calls.js";
import { isAs } from "./import-as.js";
import type { UploadPlan } from "./options.js";
import { putChunk, type Sending, type Sent } from "./send.js";
import { readHeld, type Session } from "./session.js";

/** What is published, as the wire has it. */
export function publicationOf(
	plan: Pick<
		UploadPlan,
		"contentType" | "visibility" | "metadata" | "wholeSha256" | "precondition" | "expiresAt" | "importAs"
	>,
	root: Uint8Array,
) {
	return {
		root,
		content_type: plan.contentType,
		visibility: fromVisibility(plan.visibility),
		metadata: plan.metadata,
		sha256: optional(plan.wholeSha256),
		precondition: fromPrecondition(plan.precondition),
		expires_at: optional(plan.expiresAt),
		as: optional(plan.importAs),
	};
}

/** How often chunks that were lost or overwritten are put again before it is called contention. */
const MAX_REPAIRS = 3;

/** Publishes what was sent. Chunks that the canister misses, or holds differently, are put again. */
export async function commit(sending: Sending, session: Session, sent: Sent): Promise<Manifest> {
	const { context, plan, source, calls } = sending;
	const root = await sent.leaves.root(sent.size, plan.chunkBytes, context.settings.ports.sha256);
	const request = { id: session.id, size: BigInt(sent.size), ...publicationOf(plan, root) };
	await source.check();
	const attempts = new Attempts(context);
	for (let repairs = 0; ; repairs++) {
		try {
			return published(await calls.update("blobs_commit_upload", [request], attempts.onRetry), root);
		} catch (error) {
			if (!isBlobError(error, "missing_chunks") && !isBlobError(error, "root_mismatch"))
				return attempts.orFound(error, () => findPublished(context, calls, plan, root, attempts));
			if (repairs === MAX_REPAIRS)
				throw new ClientError("contended", { key: plan.key, attempts: repairs + 1 }, error);
			await repair(sending, session, sent, error);
		}
	}
}

/** What the canister says it published, which must be what was asked of it. */
export function published(answer: Uint8Array, root: Uint8Array): Manifest {
	const manifest = toManifest(answer);
	if (sameBytes(manifest.root, root)) return manifest;
	throw replyInvalid("commit", "it published another root than ours");
}

/**
 * What a key now holds, by the subnet's word, if that is what this plan would have published there.
 * @param since not older than these attempts
 */
export async function findPublished(
	context: ClientContext,
	calls: UploadCalls,
	plan: UploadPlan,
	root: Uint8Array,
	since?: Attempts,
): Promise<Manifest | undefined> {
	const { manifest } = await calls.update("blobs_stat", [{ key: plan.key, min_version: [] }]);
	const held = manifest[0] && readManifest(manifest[0]);
	const { importAs } = plan;
	if (held === undefined || since?.isSince(held, importAs !== undefined) === false) return undefined;
	const isTheirs =
		importAs === undefined
			? held.owner.toText() === (await context.principal()).toText()
			: isAs(held, importAs);
	const planned = publicationOf(plan, root);
	const isPlanned =
		held.key === plan.key &&
		isTheirs &&
		sameBytes(held.root, root) &&
		isSaidOf(held, { ...planned, visibility: nameOf(planned.visibility) }) &&
		isSameDigest(held.sha256[0], planned.sha256[0]) &&
		endsAsAsked(held.expires_at[0], plan.expiresAt);
	return isPlanned ? fromWireManifest(held) : undefined;
}

const isSameDigest = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
	a && b ? sameBytes(a, b) : a === b;

/**
 * Sees to it that the canister holds all that was sent, by the subnet's word.
 * @returns what its chunks make
 */
export async function confirm(sending: Sending, session: Session, sent: Sent): Promise<Uint8Array> {
	const { context, plan, source } = sending;
	await source.check();
	for (let repairs = 0; ; repairs++) {
		const cause = new CanisterError({ missing_chunks: { count: sent.leaves.count, first: 0 } });
		if (!(await repair(sending, session, sent, cause))) break;
		if (repairs === MAX_REPAIRS)
			throw new ClientError("contended", { key: plan.key, attempts: repairs + 1 }, cause);
	}
	return sent.leaves.root(sent.size, plan.chunkBytes, context.settings.ports.sha256);
}

/**
 * Puts every chunk that the canister does not hold as it should, one after the other: there are few, if any.
 * @returns whether there was one
 */
async function repair(
	sending: Sending,
	session: Session,
	{ leaves }: Sent,
	cause: unknown,
): Promise<boolean> {
	const { context, plan, source, calls } = sending;
	const { held } = await readHeld(calls, session.id, true);
	let isAny = false;
	for (let index = 0; index < leaves.count; index++) {
		const leaf = leaves.get(index);
		if (held.has(index, leaf)) continue;
		const bytes = await source.chunk(index, plan.chunkBytes);
		if (!sameBytes(await context.settings.ports.sha256(bytes), leaf))
			throw new ClientError("source_changed", { reason: `chunk ${index} has other bytes than before` });
		calls.retried(cause);
		await putChunk(sending, session, index, bytes, leaf, () => {});
		isAny = true;
	}
	return isAny;
}
