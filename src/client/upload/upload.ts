import { ID_BYTES, MAX_SINGLE_CALL_BYTES } from "../../protocol/index.js";
import type { PreparedUpload } from "../batching/types.js";
import { attempt } from "../blobs/attempts.js";
import { type ClientContext, noteVersion, requireIdentity } from "../context.js";
import { CanisterError, ClientError, isBlobError, messageOf } from "../errors/errors.js";
import type { ChunkReader } from "../source/types.js";
import type { Manifest } from "../types.js";
import { raceAbort } from "../util/abort.js";
import { hex } from "../util/bytes.js";
import { withJson } from "../util/json.js";
import { date, fromVersion } from "../wire-map.js";
import { once } from "./calls.js";
import { commit, confirm, findPublished, publicationOf, published } from "./commit.js";
import { planOver } from "./empty.js";
import { toImportAs } from "./import-as.js";
import { rootOfWhole } from "./leaves.js";
import { linkHeld } from "./link.js";
import { nameOpenUploads } from "./open-uploads.js";
import type { UploadPlan } from "./options.js";
import { type Sending, type Sent, sendChunks } from "./send.js";
import { isGone, openSession, type Session } from "./session.js";
import { isTooLarge, lowerLimit, Refused, recut } from "./too-large.js";
import { warnOfParts } from "./warning.js";

/** Sessions that one upload may begin or take up before it gives way to whoever else uploads to the key. */
const MAX_SESSIONS = 4;

/** What is done when all chunks were sent. */
type Finish<T> = (session: Session, sent: Sent) => Promise<T>;

/** One upload from source to manifest, or to where only its commit is left. */
export class Upload {
	#sending: Sending;
	#session: Session | undefined;

	constructor(sending: Sending) {
		this.#sending = sending;
	}

	/** @returns what the store has. @throws BlobError */
	async run(): Promise<Manifest> {
		const manifest = await this.#closing(() => this.#upload());
		noteVersion(this.#sending.context, fromVersion(manifest));
		return manifest;
	}

	/** Sends all chunks, for a batch that commits them. @throws BlobError */
	async prepare(): Promise<PreparedUpload> {
		const prepared = await this.#closing(async () => {
			const { source, plan, calls } = this.#sending;
			await calls.opened();
			return this.#inSessions(source.chunks(plan.chunkBytes), (session, sent) => this.#ready(session, sent));
		});
		// It is no other transfer's to take up.
		this.#sending.context.busyUploads.add(prepared.id);
		return prepared;
	}

	async #closing<T>(work: () => Promise<T>): Promise<T> {
		const { source, context } = this.#sending;
		try {
			await requireIdentity(context);
			return await work();
		} catch (error) {
			const { direct } = this.#sending.calls;
			await nameOpenUploads({ ...context, caller: direct }, error);
			// A session is for one size: no upload will ever go on with this one, which takes room until it expires.
			if (isOfOtherSize(error)) await this.discard(direct).catch(() => {});
			throw error;
		} finally {
			// Not waited for: a stream that hangs would hang the caller, who has nothing more to expect of it.
			source.close().catch(() => {});
		}
	}

	/** Throws away what has arrived. */
	async discard(caller: ClientContext["caller"]): Promise<void> {
		if (!this.#session || this.#session.isFinished) return;
		try {
			await caller.update("blobs_abort_upload", [this.#session.id], { verify: true });
		} catch (error) {
			if (!isGone(error)) throw error;
		}
		this.#sending.context.notes.remove(hex(this.#session.id));
	}

	async #upload(): Promise<Manifest> {
		const { source, plan, calls, budget } = this.#sending;
		await calls.opened();
		const single = Math.min(MAX_SINGLE_CALL_BYTES, plan.chunkBytes);
		if (source.size !== undefined && source.size <= single) {
			const release = await budget.take(source.size, calls.signal);
			try {
				const reader = source.chunks(MAX_SINGLE_CALL_BYTES);
				const bytes = (await this.#next(reader)) ?? new Uint8Array(0);
				await this.#next(reader);
				return await this.#putOrCut(bytes, reader, release);
			} finally {
				release();
			}
		}
		const reader = source.chunks(plan.chunkBytes);
		if (source.size !== undefined) return this.#committed(reader);
		// A stream that ends within its first chunk is as good as bytes.
		const first = (await this.#next(reader)) ?? new Uint8Array(0);
		const isWhole = first.length < plan.chunkBytes && first.length <= MAX_SINGLE_CALL_BYTES;
		return isWhole ? this.#putOrCut(first, reader) : this.#committed(after(first, reader));
	}

	#committed(reader: ChunkReader): Promise<Manifest> {
		return this.#inSessions(reader, (session, sent) => this.#commit(session, sent));
	}

	/**
	 * Puts all bytes in one call, or in chunks where that is too large for the way.
	 * @param release gives back what the bytes hold of the budget, of which chunks take their own
	 */
	async #putOrCut(bytes: Uint8Array, reader: ChunkReader, release = () => {}): Promise<Manifest> {
		try {
			return await this.#putWhole(bytes);
		} catch (error) {
			this.#halve(error, bytes.length);
			release();
			return this.#committed(recut([bytes], reader, this.#sending.plan.chunkBytes));
		}
	}

	/** Goes on with chunks of half the size where this was too large. @throws the error where that cannot help */
	#halve(error: unknown, bytes: number): void {
		const { context, plan, meter, calls } = this.#sending;
		const cause = error instanceof Refused ? error.cause : error;
		if (!isTooLarge(cause) || !lowerLimit(context.sendLimit, bytes)) throw cause;
		calls.retried(cause);
		meter.restart();
		const chunkBytes = Math.min(plan.chunkBytes, context.sendLimit.bytes);
		this.#sending = { ...this.#sending, plan: { ...plan, chunkBytes } };
	}

	#next(reader: ChunkReader): Promise<Uint8Array | undefined> {
		return raceAbort(reader.next(), this.#sending.calls.signal);
	}

	/** A blob of at most one chunk, in one call. Its chunk size is always the largest. */
	async #putWhole(bytes: Uint8Array): Promise<Manifest> {
		const { context, meter, source, calls } = this.#sending;
		const { sha256, randomBytes } = context.settings.ports;
		const plan = await this.#planFor(bytes);
		meter.add("read", bytes.length);
		meter.ended(bytes.length);
		const leaf = bytes.length === 0 ? bytes : await sha256(bytes);
		meter.add("hashed", bytes.length);
		const root = await rootOfWhole(bytes.length, leaf, sha256);
		await source.check();
		const request = { id: randomBytes(ID_BYTES), key: plan.key, ...publicationOf(plan, root) };
		const onSent = once(() => meter.add("sent", bytes.length));
		const put = async (onRetry: (error: unknown) => void) => {
			const options = { onSent, verify: true, onRetry };
			const answer = await calls.carry("blobs_put_blob", [request, bytes], bytes.length, options);
			return published(answer, root);
		};
		const manifest = await attempt(context, put, (since) => findPublished(context, calls, plan, root, since));
		meter.add("loaded", bytes.length);
		return manifest;
	}

	#planFor(bytes: Pick<Uint8Array, "length">): Promise<UploadPlan> {
		const { plan, source, calls } = this.#sending;
		return planOver(plan, source, bytes, (request) => calls.update("blobs_stat", [request]));
	}

	/** Sends in a session, and in another one where the first is lost to somebody else or cannot be used. */
	async #inSessions<T>(firstReader: ChunkReader, finish: Finish<T>): Promise<T> {
		const { context, source, meter, calls } = this.#sending;
		let reader: ChunkReader | undefined = firstReader;
		let lost: unknown;
		for (let sessions = 0; sessions < MAX_SESSIONS; ) {
			const { plan } = this.#sending;
			if (!reader) {
				if (!source.isRepeatable)
					throw new ClientError("source_not_repeatable", { reason: messageOf(lost) }, lost);
				reader = source.chunks(plan.chunkBytes);
				meter.restart();
			}
			const mayResume = plan.resume && sessions === 0;
			const session = await openSession(context, plan, source.size, mayResume, calls);
			this.#session = session;
			const current: ChunkReader = reader;
			reader = undefined;
			try {
				return await this.#inSession(session, current, finish);
			} catch (error) {
				if (error instanceof Refused || isTooLarge(error)) {
					this.#halve(error, plan.chunkBytes);
					const { chunkBytes } = this.#sending.plan;
					if (error instanceof Refused) reader = recut(error.chunks, current, chunkBytes);
					else if (!source.isRepeatable) throw error;
					// It holds nothing that could be of use.
					await this.discard(this.#sending.calls.direct).catch(() => {});
				} else {
					if (!isGone(error) && !isUnusable(error, session)) throw error;
					session.isFinished ||= isGone(error);
					lost = error;
					sessions++;
				}
			} finally {
				context.busyUploads.delete(hex(session.id));
				if (session.isFinished) context.notes.remove(hex(session.id));
			}
		}
		throw new ClientError("contended", { key: this.#sending.plan.key, attempts: MAX_SESSIONS }, lost);
	}

	async #inSession<T>(session: Session, reader: ChunkReader, finish: Finish<T>): Promise<T> {
		const { plan, source, warn } = this.#sending;
		const warning =
			source.size === undefined ? undefined : warnOfParts(plan.key, source.size, plan.chunkBytes);
		if (warning) warn(warning);
		const ahead = plan.reuse && source.isRepeatable ? await linkHeld(this.#sending, session) : undefined;
		return finish(session, await sendChunks(this.#sending, session, reader, ahead));
	}

	async #ready(session: Session, sent: Sent): Promise<PreparedUpload> {
		// By another transfer: then another session is begun.
		if (session.isFinished) throw new CanisterError({ upload_finished: { outcome: "committed" } });
		const root = await confirm(this.#sending, session, sent);
		const planned = await this.#planFor({ length: sent.size });
		const { key, chunkBytes, contentType, visibility, metadata, wholeSha256, precondition } = planned;
		const { expiresAt, importAs } = planned;
		await this.#planFor({ length: sent.size });
		const said = {
			contentType,
			visibility,
			metadata: Object.fromEntries(metadata),
			wholeSha256,
			ifMatch: precondition === "absent" ? undefined : precondition,
			ifNoneMatch: precondition === "absent" ? ("*" as const) : undefined,
			expiresAt: expiresAt === undefined ? undefined : date(expiresAt),
			importAs: importAs && toImportAs(importAs),
		};
		return withJson({ id: hex(session.id), key, size: sent.size, chunkBytes, root, ...said });
	}

	async #commit(session: Session, sent: Sent): Promise<Manifest> {
		try {
			const manifest = session.isFinished
				? await this.#finishedByOther(sent)
				: await commit(this.#sending, session, sent);
			session.isFinished = true;
			return manifest;
		} catch (error) {
			if (!isBlobError(error, "upload_finished") || session.isFinished) throw error;
			session.isFinished = true;
			return this.#finishedByOther(sent);
		}
	}

	/**
	 * Another transfer in the same session (another tab, another process) may have committed it. If what the key now
	 * holds is what we would have published, this upload has succeeded too.
	 */
	async #finishedByOther(sent: Sent): Promise<Manifest> {
		const { context, plan, meter, calls } = this.#sending;
		const root = await sent.leaves.root(sent.size, plan.chunkBytes, context.settings.ports.sha256);
		const present = await findPublished(context, calls, plan, root);
		if (!present) throw new ClientError("contended", { key: plan.key, attempts: 1 });
		meter.reuse(sent.unacknowledged);
		return present;
	}
}

const isOfOtherSize = (error: unknown): boolean =>
	isBlobError(error, "source_too_short") ||
	(isBlobError(error, "source_changed") && error.details.size !== undefined);

/** Errors by which a session taken up from somebody else shows that it was meant for other bytes. */
const MISFITS = ["chunk_wrong_size", "chunk_out_of_range", "upload_conflict", "invalid_argument"];

function isUnusable(error: unknown, session: Session): boolean {
	if (isBlobError(error, "contended")) return true;
	return session.isResumed && isBlobError(error) && MISFITS.includes(error.code);
}

/** A reader that begins with a chunk already read. */
function after(first: Uint8Array, reader: ChunkReader): ChunkReader {
	let head: Uint8Array | undefined = first;
	return {
		next: async () => {
			const bytes = head ?? (await reader.next());
			head = undefined;
			return bytes;
		},
		close: () => reader.close(),
	};
}
