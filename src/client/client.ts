import { account, mode } from "./account.js";
import type { Administration } from "./administration/index.js";
import { lazyAdministration } from "./administration/loaded.js";
import * as is from "./arguments.js";
import { type Checks, checkArgument, checked, checkedAll, checkId, checkOptions } from "./arguments.js";
import type { AskOptions, CallOptions } from "./asking.js";
import type {
	DropBatchOptions,
	StagedBatch,
	StagedItems,
	StagedKey,
	StageOptions,
} from "./batching/staged-types.js";
import type { BatchedItem, BatchItems, BatchOptions, PreparedUpload } from "./batching/types.js";
import type { DeleteOptions, MoveOptions, UpdateOptions } from "./blobs/changing.js";
import type { ListDeletedOptions, RestoreOptions } from "./blobs/deleted.js";
import { type DeleteItems, startDeleting } from "./blobs/deleting.js";
import type { ListOptions } from "./blobs/list.js";
import { proving } from "./blobs/proving.js";
import type { StatOptions } from "./blobs/stat.js";
import type { AgentLike, IdentityLike } from "./call/agent.js";
import { lazyConnection } from "./call/lazy-connection.js";
import type { RequestEvent } from "./call/request-event.js";
import { Throttle } from "./call/throttle.js";
import * as checks from "./checks.js";
import { type ClientContext, contexts, NO_CHANGE } from "./context.js";
import { Download, type DownloadOptions, type RefDownloadOptions } from "./download/download.js";
import { shown, storedKey, storedUpdate } from "./encryption.js";
import { isBlobError, locating } from "./errors/errors.js";
import type { ChangesOptions } from "./feed/changes.js";
import type { ExtendLeaseOptions, TakeLeaseOptions, TakenLease } from "./feed/leases.js";
import { Lane } from "./lane/lane.js";
import { type BlobClientOptions, normalise, type PrincipalLike } from "./options.js";
import type { Ports } from "./platform/ports.js";
import { webPorts } from "./platform/web.js";
import { Notes } from "./sessions/notes.js";
import type { BlobSource } from "./source/types.js";
import type {
	Account,
	BlobRef,
	Change,
	Cursor,
	Deleted,
	DeletedBlob,
	DeletedName,
	Lease,
	ListEntry,
	Manifest,
	OpenUpload,
	StoreMode,
	Version,
} from "./types.js";
import type { UploadItems } from "./upload/batch/found.js";
import { startBatch } from "./upload/batch/index.js";
import type {
	DeleteManyProgress,
	DeleteManyResult,
	ItemDeleted,
	ItemResult,
	ItemUploaded,
	UploadManyOptions,
	UploadManyProgress,
	UploadManyResult,
} from "./upload/batch/types.js";
import { startPreparing, startUpload } from "./upload/index.js";
import type { ListUploadsOptions } from "./upload/list.js";
import type { UploadOptions } from "./upload/options.js";
import type { Transfer } from "./upload/transfer.js";
import { Emitter } from "./util/emitter.js";
import { notify } from "./util/notify.js";
import { listed, part } from "./util/part.js";

/** What few pages need. */
const staging = part(() => import("./batching/stage.js"));
const batching = part(() => import("./batching/batch.js"));
const feed = part(() => import("./feed/changes.js"));
const listing = part(() => import("./blobs/list.js"));
const changing = part(() => import("./blobs/changing.js"));
const openUploads = part(() => import("./upload/list.js"));
const leasing = part(() => import("./feed/leases.js"));
const undeleting = part(() => import("./blobs/deleted.js"));

/** What a client tells, by event. */
export interface ClientEvents {
	/** An HTTP request has ended. */
	request: RequestEvent;
}

/** A blob store in a canister. Everything it throws is a BlobError. */
export class BlobClient {
	readonly #context: ClientContext;
	readonly #events = new Emitter<ClientEvents>();
	readonly #admin: Administration;

	/** @throws ClientError `option_invalid`: nothing is asked of the network before a method is called */
	constructor(options: BlobClientOptions, platform: Ports = webPorts) {
		checkArgument("options", options, is.object);
		checkOptions(options, checks.CLIENT);
		checkOptions(options.retry, checks.RETRY, "retry");
		checkOptions(options.concurrency, checks.PER_DIRECTION, "concurrency");
		checkOptions(options.minConcurrency, checks.PER_DIRECTION, "minConcurrency");
		checkArgument("agent", options.agent, is.agent);
		checkArgument("canisterId", options.canisterId, is.principal);
		const settings = normalise(options, platform);
		const throttle = new Throttle(settings.ports, settings.retry.deadlineMs);
		const { requests } = settings.ports;
		const told = () => {
			if (!this.#events.has("request") && !requests?.hasSubscribers) return undefined;
			return (request: RequestEvent) => {
				this.#events.emit("request", request);
				if (requests) notify((event: RequestEvent) => requests.publish(event), request);
			};
		};
		const connect = (agent: AgentLike, identity: IdentityLike | undefined) =>
			lazyConnection(agent, identity, settings, { throttle, told });
		this.#context = {
			settings,
			...connect(settings.agent, settings.identity),
			connect,
			lanes: {
				upload: new Lane(settings.concurrency.upload, settings.ports),
				download: new Lane(settings.concurrency.download, settings.ports),
			},
			sendLimit: { bytes: Number.POSITIVE_INFINITY },
			notes: new Notes(options.sessions, settings.canisterId.toText(), settings.ports),
			busyUploads: new Set(),
			seen: { version: NO_CHANGE },
			standing: {},
		};
		this.#admin = lazyAdministration(this.#context);
		contexts.set(this, this.#context);
	}

	/**
	 * Roles, quotas, modes, settings, grants, accounts and statistics. Most of it takes an administrator. What a page does
	 * not call is not in its main chunk: the code is loaded at the first call, by a dynamic import.
	 */
	get admin(): Administration {
		return this.#admin;
	}

	/**
	 * Subscribes to an event: `request` tells each HTTP request as it ends. In Node the channel `canister-blobs:request` of
	 * `node:diagnostics_channel` tells those of all clients.
	 * @returns a function that unsubscribes
	 */
	on<Name extends keyof ClientEvents>(
		event: Name,
		listener: (value: ClientEvents[Name]) => void,
	): () => void {
		return this.#events.on(event, listener);
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
	 * ones travel together, as many as a message holds. An item that fails does not fail the others: see the result, and the
	 * event `item`. What the options say of type, visibility and metadata holds for items that say nothing of it. A key that
	 * is given again fails with `key_repeated`.
	 * @throws ClientError `items_failed` where `items` throws: what was given before is uploaded, and `details.result`
	 *   says what became of it
	 */
	uploadMany(
		items: UploadItems,
		options: UploadManyOptions = {},
	): Transfer<UploadManyResult, UploadManyProgress, ItemResult<ItemUploaded>> {
		return startBatch(this.#context, items, options);
	}

	/** A blob to be read: what the key holds. */
	download(key: string, options?: DownloadOptions): Download;
	/** A blob to be read: exactly the one with this root. */
	download(target: string | BlobRef, options?: RefDownloadOptions): Download;
	download(target: string | BlobRef, options: DownloadOptions = {}): Download {
		return new Download(this.#context, target, options);
	}

	/**
	 * What a key holds, proven by one node or certified by the subnet.
	 * @throws CanisterError `blob_not_found`; ClientError `certificate_invalid`, `certificate_stale`, `witness_invalid`,
	 *   `manifest_corrupt` where the answers of three nodes did not verify
	 */
	stat(key: string, options?: StatOptions): Promise<Manifest> {
		return this.#keyed(key, options, checks.STAT, async (stored) => {
			const { stat } = await proving();
			return shown(this.#context, await stat(this.#context, stored, options));
		});
	}

	/**
	 * The same, but undefined where the key holds nothing.
	 * @throws ClientError `certificate_invalid`, `certificate_stale`, `witness_invalid`, `manifest_corrupt` as `stat`
	 */
	find(key: string, options?: StatOptions): Promise<Manifest | undefined> {
		return this.stat(key, options).catch((error: unknown) => {
			if (isBlobError(error, "blob_not_found")) return undefined;
			throw error;
		});
	}

	/**
	 * Blobs and directories in order, page by page as they are taken. Pages are proven by one node or certified by the
	 * subnet (`trust`); they are not a snapshot: a change between two pages shows if it is past the first of them.
	 * @throws ClientError `not_admitted` for a caller that has private blobs of its own and no role: see `visibility`
	 * @throws ClientError `list_corrupt`, `witness_invalid`, `certificate_invalid`, `certificate_stale`, `reply_invalid`
	 *   where the answers of three nodes did not verify
	 */
	list(options?: ListOptions): AsyncGenerator<ListEntry> {
		return checkedAll(options, checks.LIST, () => this.#list(options));
	}

	async *#list(options: ListOptions | undefined): AsyncGenerator<ListEntry> {
		const { encryption } = this.#context.settings;
		const asked = encryption ? encryption.sealList(options ?? {}) : options;
		for await (const entries of (await listing()).listPages(this.#context, asked))
			for (const entry of entries) {
				const found = encryption ? encryption.openEntry(entry, options ?? {}) : entry;
				if (found) yield found;
			}
	}

	/**
	 * Changes in order, past a cursor, up to the last one there is: what is published, and who may do what. Each is
	 * handed out only when it is proven to be part of the certified feed, and has the cursor to go on from later. Takes
	 * the role reader or backup.
	 * @throws CanisterError `cursor_unknown` where the store never was at the cursor (it was rolled back or replaced),
	 *   `cursor_pruned` where the feed no longer reaches back to it; ClientError `feed_corrupt`
	 */
	changes(options?: ChangesOptions): AsyncGenerator<Change> {
		return checkedAll(options, checks.CHANGES, () =>
			listed(feed().then(({ changes }) => changes(this.#context, options))),
		);
	}

	/** Where the feed ends now: what to go on from once whole lists were compared. Takes the role reader or backup. */
	latestCursor(options?: CallOptions): Promise<Cursor> {
		return checked(options, checks.CALL, async () => (await feed()).latestCursor(this.#context, options));
	}

	/** Deletes what a key holds; that there is nothing is no error. @throws CanisterError `precondition_failed` */
	delete(key: string, options?: DeleteOptions): Promise<Deleted> {
		return this.#keyed(key, options, checks.DELETE, async (stored) =>
			(await changing()).deleteBlob(this.#context, stored, options),
		);
	}

	/**
	 * Deletes what many keys hold as one transfer, 1,000 in a message. A key that fails does not fail the others: see the
	 * result, and the event `item`. A key that is given again fails with `key_repeated`.
	 * @throws ClientError `items_failed` where `keys` throws: what was given before is deleted, and `details.result` says
	 *   what became of it
	 */
	deleteMany(
		keys: DeleteItems,
		options?: CallOptions,
	): Transfer<DeleteManyResult, DeleteManyProgress, ItemResult<ItemDeleted>> {
		return startDeleting(this.#context, keys, options);
	}

	/**
	 * Blobs that were deleted or replaced and are kept (see `setKeepDeleted`), in order of their keys, the oldest version
	 * first: the caller's own, for administrators and the role backup everybody's.
	 */
	listDeleted(options?: ListDeletedOptions): AsyncGenerator<DeletedBlob> {
		return checkedAll(options, checks.LIST_DELETED, () =>
			listed(undeleting().then(({ listDeleted }) => listDeleted(this.#context, options))),
		);
	}

	/**
	 * Brings a deleted blob back under its key, as a new version of the same owner. Takes who owns it and may write to the
	 * key, or an administrator.
	 * @throws CanisterError `blob_not_found` where it is not kept any more, `not_authorized`, `precondition_failed`,
	 *   `quota_exceeded`
	 */
	restore(what: DeletedName, options?: RestoreOptions): Promise<Manifest> {
		return checked(options, checks.RESTORE, async () =>
			(await undeleting()).restore(this.#context, what, options),
		);
	}

	/**
	 * Changes what is said about a blob: type, visibility, metadata, when it ends. Its bytes stay, its sequence number grows.
	 * @throws CanisterError `blob_not_found`, `not_authorized`, `precondition_failed`, `invalid_argument`
	 */
	update(key: string, options: UpdateOptions): Promise<Manifest> {
		return this.#keyed(key, options, checks.UPDATE, async (stored) => {
			checkArgument("options", options, is.object);
			const { updateBlob, updateMerged } = await changing();
			const update = async (asked: UpdateOptions) => {
				const sealed = await storedUpdate(this.#context, stored, asked);
				return shown(this.#context, await updateBlob(this.#context, stored, sealed));
			};
			if (options.mergeMetadata === undefined) return update(options);
			const { signal } = options;
			const find = (how: StatOptions) => this.stat(key, { ...how, ...(signal && { signal }) });
			return updateMerged(this.#context, options, find, update);
		});
	}

	/**
	 * Publishes a blob under another key as well, as the caller's own. No byte travels.
	 * @throws CanisterError `blob_not_found`, `not_authorized`, `precondition_failed`, `quota_exceeded`
	 */
	copy(from: string, to: string, options?: MoveOptions): Promise<Manifest> {
		return this.#moved("blobs_copy", from, to, options);
	}

	/**
	 * Moves a blob to another key; its owner stays.
	 * @throws CanisterError `blob_not_found`, `not_authorized`, `precondition_failed`
	 */
	rename(from: string, to: string, options?: MoveOptions): Promise<Manifest> {
		return this.#moved("blobs_rename", from, to, options);
	}

	#moved(method: "blobs_copy" | "blobs_rename", from: string, to: string, options?: MoveOptions) {
		return checked(options, checks.MOVE, async () => {
			checkArgument("from", from, is.text);
			checkArgument("to", to, is.text);
			const [stored, target] = [storedKey(this.#context, from), storedKey(this.#context, to)];
			const { moveBlob } = await changing();
			return shown(this.#context, await moveBlob(this.#context, method, stored, target, options));
		});
	}

	/**
	 * Sends all bytes of a source and publishes nothing yet: a `batch` commits what this returns, with others. Chunks that an
	 * earlier upload of the same key and size left are not sent again.
	 */
	prepareUpload(source: BlobSource, options: UploadOptions): Transfer<PreparedUpload> {
		return startPreparing(this.#context, source, options);
	}

	/**
	 * Makes several changes at once, all of them or none: puts of what fits a message, commits of what `prepareUpload` has
	 * sent, deletions, renames, copies and updates, each with its own condition. Readers see all of it or nothing. Each key
	 * may be touched by one item.
	 * @returns what each has made, in their order
	 * @throws ClientError `batch_refused`: which item the store refused, and why; `batch_bytes_too_many`; CanisterError
	 *   `batch_too_large`: of both, `details.fits` says how many of the items fit, and nothing was sent
	 */
	batch(items: BatchItems, options: BatchOptions = {}): Promise<BatchedItem[]> {
		return checked(options, checks.BATCH, async () => {
			checkArgument("items", items, is.iterable);
			return (await batching()).runBatch(this.#context, items, options);
		});
	}

	/**
	 * Puts changes into a batch of any size that nobody sees: as `batch` takes them, but copies, renames and updates, in as
	 * many messages as they need. What is staged is charged, and dropped 24 hours after the last of it came. A key that is
	 * staged again is staged anew. A principal has one such batch at a time.
	 * @throws ClientError `batch_refused`: which item the store refused, and why; those before it may be staged;
	 *   CanisterError `batch_revealing`, `batch_finished`, `quota_exceeded`
	 */
	stage(items: StagedItems, options: StageOptions = {}): Promise<StagedBatch> {
		return checked(options, checks.STAGE, async () => {
			checkArgument("items", items, is.iterable);
			return (await staging()).stage(this.#context, items, options);
		});
	}

	/** Takes keys out of a batch. @throws CanisterError `batch_not_found`, `batch_revealing` */
	unstage(batch: string, keys: Iterable<string>, options?: CallOptions): Promise<StagedBatch> {
		return checked(options, checks.CALL, async () => {
			const id = checkId("batch", batch);
			checkArgument("keys", keys, is.iterable);
			return (await staging()).unstage(this.#context, id, keys, options);
		});
	}

	/**
	 * Makes all of a batch visible by one change, however much it is: the store gets it ready in steps of its own, and then
	 * readers see all of it or nothing, by proofs and lists too.
	 * @returns the change, when it is made
	 * @throws ClientError `batch_broken`: for which key, and why; then nothing is seen of it, and what is staged is still
	 *   there; `batch_dropped`; CanisterError `batch_not_found`
	 */
	reveal(batch: string, options?: CallOptions): Promise<Version> {
		return checked(options, checks.CALL, async () => {
			const id = checkId("batch", batch);
			return (await staging()).reveal(this.#context, id, options);
		});
	}

	/** Gives a batch up that is not revealed. One of somebody else takes an administrator. */
	dropBatch(batch: string, options?: DropBatchOptions): Promise<void> {
		return checked(options, checks.DROP_BATCH, async () => {
			const id = checkId("batch", batch);
			return (await staging()).dropBatch(this.#context, id, options);
		});
	}

	/** Batches that are staged: the caller's, for administrators everybody's. */
	listBatches(options?: AskOptions): Promise<StagedBatch[]> {
		return checked(options, checks.ASK, async () => (await staging()).listBatches(this.#context, options));
	}

	/** What is staged in a batch of the caller's, in the order in which it was. */
	listStaged(batch: string, options?: AskOptions): AsyncGenerator<StagedKey> {
		return checkedAll(options, checks.ASK, () => this.#listStaged(batch, options));
	}

	async *#listStaged(batch: string, options: AskOptions | undefined): AsyncGenerator<StagedKey> {
		yield* (await staging()).listStaged(this.#context, batch, options);
	}

	/** The caller's own open uploads, all or those to one key. */
	listUploads(options?: ListUploadsOptions): AsyncGenerator<OpenUpload> {
		return checkedAll(options, checks.LIST_UPLOADS, () =>
			listed(openUploads().then(({ listUploads }) => listUploads(this.#context, options))),
		);
	}

	/**
	 * Aborts an open upload of the caller's and discards its chunks; that there is none is no error. `admin.abortUpload`
	 * aborts one of another principal.
	 * @throws CanisterError `upload_finished` where it was committed
	 */
	abortUpload(id: string, options?: CallOptions): Promise<void> {
		return checked(options, checks.CALL, async () => {
			return (await openUploads()).abortUpload(this.#context, checkId("id", id), options);
		});
	}

	/**
	 * Has what keys hold now kept for the caller while it reads, though it is deleted, replaced or renamed meanwhile:
	 * until the lease ends or is released, and as far as `bytes` goes. Who does that is told nothing, and is charged for
	 * nothing. Takes the role backup.
	 * @throws CanisterError `quota_exceeded` (`leases`), `no_room`
	 */
	takeLease(options?: TakeLeaseOptions): Promise<TakenLease> {
		return checked(options, checks.TAKE_LEASE, async () =>
			(await leasing()).takeLease(this.#context, options),
		);
	}

	/** Has a lease of the caller's hold for longer. @throws CanisterError `lease_not_found`, `lease_broken` */
	extendLease(lease: string, options?: ExtendLeaseOptions): Promise<void> {
		return checked(options, checks.EXTEND_LEASE, async () =>
			(await leasing()).extendLease(this.#context, lease, options),
		);
	}

	/** Ends a lease; that there is none is no error. Takes its holder or an administrator. */
	releaseLease(lease: string, options?: CallOptions): Promise<void> {
		return checked(options, checks.CALL, async () =>
			(await leasing()).releaseLease(this.#context, lease, options),
		);
	}

	/** Leases that hold or are broken, of everybody. Takes the role backup. */
	listLeases(options?: AskOptions): Promise<Lease[]> {
		return checked(options, checks.ASK, async () => (await leasing()).listLeases(this.#context, options));
	}

	/**
	 * What is kept for a lease of the caller's: with what keys still hold of before it, all that there was when it was
	 * taken. Read one with `downloadLeased`. @throws CanisterError `lease_not_found`, `lease_broken`
	 */
	listLeased(lease: string, options?: CallOptions): AsyncGenerator<Manifest> {
		return checkedAll(options, checks.CALL, () =>
			listed(leasing().then(({ listLeased }) => listLeased(this.#context, lease, options))),
		);
	}

	/**
	 * Reads a version that is kept for a lease, or that its key still holds. Its manifest is taken as it is: give one that
	 * this client answered. @throws CanisterError `blob_not_found`, `blob_replaced` where it is kept no more
	 */
	downloadLeased(manifest: Manifest, options: Omit<DownloadOptions, "trust"> = {}): Download {
		// What is no manifest has no key, and fails as such when it is read.
		return new Download(this.#context, manifest?.key, options, manifest);
	}

	/** Mode of the store and its last change. */
	mode(options?: AskOptions): Promise<StoreMode> {
		return checked(options, checks.ASK, () => mode(this.#context, options));
	}

	/** Roles, quota and usage: the caller's own, or, for administrators, anybody's. @throws CanisterError `anonymous` */
	account(who?: PrincipalLike, options?: AskOptions): Promise<Account> {
		return checked(options, checks.ASK, () => {
			if (who !== undefined) checkArgument("who", who, is.principal);
			return account(this.#context, who, options);
		});
	}

	#keyed<Options extends object, T>(
		key: string,
		options: Options | undefined,
		valid: Checks<Options>,
		run: (stored: string) => Promise<T>,
	): Promise<T> {
		return checked(options, valid, () => {
			checkArgument("key", key, is.text);
			return locating({ key }, () => run(storedKey(this.#context, key)));
		});
	}
}
