import type { Principal } from "@dfinity/principal";
import { checkKey, ID_BYTES, MAX_LIST_PAGE } from "../protocol/index.js";
import { type AgentLike, type IdentityLike, Network } from "./call/agent.js";
import { Caller } from "./call/caller.js";
import { Transport } from "./call/transport.js";
import { type ClientContext, noteSequence } from "./context.js";
import { Download, type DownloadOptions } from "./download/download.js";
import { refuseInvalid } from "./errors.js";
import {
	type BlobClientOptions,
	checkInteger,
	checkPrincipal,
	normalise,
	type PrincipalLike,
} from "./options.js";
import type { Ports } from "./ports.js";
import { webPorts } from "./ports-web.js";
import { Notes } from "./sessions/notes.js";
import type { BlobSource } from "./source/types.js";
import { type StatOptions, stat } from "./stat.js";
import type {
	BlobRef,
	Deleted,
	ListEntry,
	Manifest,
	OpenUpload,
	Precondition,
	Role,
	RoleEntry,
} from "./types.js";
import type { UploadItems } from "./upload/batch/batch.js";
import { startBatch } from "./upload/batch/index.js";
import type { BatchProgress, BatchResult, UploadAllOptions } from "./upload/batch/types.js";
import { startUpload } from "./upload/index.js";
import { Lane } from "./upload/lane.js";
import type { UploadOptions } from "./upload/options.js";
import type { Transfer } from "./upload/transfer.js";
import { fromPrecondition, fromRole, optional, toListEntry, toOpenUpload, toRoleEntry } from "./wire-map.js";

export interface ListOptions {
	/** Keys that begin with this text. Default: all. */
	prefix?: string;
	/** False folds what is beyond the next `/` after the prefix into one directory. Default true. */
	recursive?: boolean;
	/** Start after this key, or after this directory if it ends with `/`. */
	after?: string;
	/** Entries asked for at a time, at most 500. Default 500. */
	pageSize?: number;
	/** Answer only from a state that has seen this change. Default: the latest that this client has made or seen. */
	minSequence?: bigint;
	signal?: AbortSignal;
}

export interface DeleteOptions {
	/** Delete only while the key holds this version. */
	precondition?: Precondition;
	signal?: AbortSignal;
}

/** A blob store in a canister. Everything it throws is a BlobError. */
export class BlobClient {
	readonly #context: ClientContext;

	constructor(options: BlobClientOptions, platform: Ports = webPorts) {
		const settings = normalise(options, platform);
		const connect = (agent: AgentLike, identity: IdentityLike | undefined) => {
			const network = new Network(agent, settings.localNetwork, identity);
			const transport = new Transport(
				network,
				settings.canisterId,
				settings.ports,
				settings.requestTimeoutMs,
			);
			return { caller: new Caller(transport, settings.retry), principal: () => network.principal() };
		};
		this.#context = {
			settings,
			...connect(settings.agent, settings.identity),
			connect,
			lane: new Lane(settings.uploadConcurrency, settings.ports),
			notes: new Notes(options.sessions, settings.canisterId.toText(), settings.ports),
			busyUploads: new Set(),
			seen: { sequence: 0n },
		};
	}

	/**
	 * Uploads a source under a key; see Transfer for progress and abort. Never holds more than a few chunks of it.
	 * Where an earlier upload of the same key and size is open, the chunks that it left are not sent again.
	 */
	upload(source: BlobSource, options: UploadOptions): Transfer {
		return startUpload(this.#context, source, options);
	}

	/**
	 * Uploads many sources as one transfer, with one progress, one limit of memory and of requests under way. Small
	 * ones travel together, as many as a message holds. A file that fails does not fail the others: see the result.
	 */
	uploadAll(items: UploadItems, options: UploadAllOptions = {}): Transfer<BatchResult, BatchProgress> {
		return startBatch(this.#context, items, options);
	}

	/** A blob to be read: by its key, or exactly the one with this root. */
	download(target: string | BlobRef, options: DownloadOptions = {}): Download {
		return new Download(this.#context, target, options);
	}

	/** What a key holds. @throws CanisterError `blob_not_found` */
	stat(key: string, options?: StatOptions): Promise<Manifest> {
		return stat(this.#context, key, options);
	}

	/** Blobs and directories in order, page by page as they are taken. */
	async *list(options: ListOptions = {}): AsyncGenerator<ListEntry> {
		const { prefix = "", recursive = true, signal } = options;
		const limit = checkInteger("pageSize", options.pageSize ?? MAX_LIST_PAGE, 1, MAX_LIST_PAGE);
		let after = options.after;
		do {
			const minSequence = options.minSequence ?? (this.#context.seen.sequence || undefined);
			const request = {
				prefix,
				recursive,
				after: optional(after),
				limit,
				min_sequence: optional(minSequence),
			};
			const page = await this.#context.caller.query("blobs_list", [request], { signal, isBound: false });
			yield* page.entries.map(toListEntry);
			after = page.next[0];
		} while (after !== undefined);
	}

	/** Deletes what a key holds; that there is nothing is no error. @throws CanisterError `precondition_failed` */
	async delete(key: string, { precondition, signal }: DeleteOptions = {}): Promise<Deleted> {
		refuseInvalid(checkKey(key));
		const request = { id: this.#newId(), key, precondition: fromPrecondition(precondition) };
		const answer = await this.#context.caller.update("blobs_delete", [request], { signal, verify: true });
		noteSequence(this.#context, answer.sequence);
		return answer;
	}

	/** The caller's own open uploads, all or those to one key. */
	async *listUploads({
		key,
		signal,
	}: {
		key?: string;
		signal?: AbortSignal;
	} = {}): AsyncGenerator<OpenUpload> {
		let after: Uint8Array | undefined;
		do {
			const request = { key: optional(key), after: optional(after), limit: MAX_LIST_PAGE };
			const page = await this.#context.caller.query("blobs_list_uploads", [request], {
				signal,
				isBound: false,
			});
			yield* page.uploads.map(toOpenUpload);
			after = page.next[0];
		} while (after !== undefined);
	}

	/** Gives up an open upload: what has arrived is thrown away. */
	async abortUpload(id: Uint8Array, { signal }: { signal?: AbortSignal } = {}): Promise<void> {
		await this.#context.caller.update("blobs_abort_upload", [id], { signal, verify: true });
	}

	/** Gives a principal a role. Takes an administrator. */
	async grantRole(who: PrincipalLike, role: Role): Promise<void> {
		const change = { id: this.#newId(), who: checkPrincipal("who", who), role: fromRole(role) };
		await this.#context.caller.update("blobs_grant_role", [change], { verify: true });
	}

	/** Takes a role away from a principal. Takes an administrator. */
	async revokeRole(who: PrincipalLike, role: Role): Promise<void> {
		const change = { id: this.#newId(), who: checkPrincipal("who", who), role: fromRole(role) };
		await this.#context.caller.update("blobs_revoke_role", [change], { verify: true });
	}

	/** Who has which roles. Takes an administrator. */
	async *listRoles({ signal }: { signal?: AbortSignal } = {}): AsyncGenerator<RoleEntry> {
		let after: Principal | undefined;
		do {
			const request = { after: optional(after), limit: MAX_LIST_PAGE };
			const page = await this.#context.caller.query("blobs_list_accounts", [request], {
				signal,
				isBound: false,
			});
			yield* page.accounts.map(toRoleEntry);
			after = page.next[0];
		} while (after !== undefined);
	}

	#newId(): Uint8Array {
		return this.#context.settings.ports.randomBytes(ID_BYTES);
	}
}
