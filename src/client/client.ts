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

/** Loaded on first use: few pages need staged batches. */
const staging = part(() => import("./batching/stage.js"));
const batching = part(() => import("./batching/batch.js"));
const feed = part(() => import("./feed/changes.js"));
const listing = part(() => import("./blobs/list.js"));
const changing = part(() => import("./blobs/changing.js"));
const openUploads = part(() => import("./upload/list.js"));
const leasing = part(() => import("./feed/leases.js"));
const undeleting = part(() => import("./blobs/deleted.js"));

/** Events of a client, by name. */
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
	 * Roles, quotas, modes, settings, grants, accounts and statistics. Most methods require the `admin` role. A dynamic
	 * import loads the code at the first call, so that it is not in a page's main chunk.
	 */
	get admin(): Administration {
		return this.#admin;
	}

	/**
	 * Subscribes to an event: `request` reports each HTTP request as it ends. In Node the channel
	 * `canister-blobs:request` of `node:diagnostics_channel` reports the requests of all clients.
	 * @returns a function that unsubscribes
	 */
	on<Name extends keyof ClientEvents>(
		event: Name,
		listener: (value: ClientEvents[Name]) => void,
	): () => void {
		return this.#events.on(event, listener);
	}

	/**
	 * Uploads a source under a key. The `Transfer` reports progress and can be aborted. It never holds more than a few
	 * chunks of the source. If an earlier upload of the same key and size is open, its chunks are not sent again.
	 */
	upload(source: BlobSource, options: UploadOptions): Transfer {
		return startUpload(this.#context, source, options);
	}

	/**
	 * Uploads many sources as one transfer, with shared progress, memory limit and concurrency. Small sources share
	 * messages. Items fail independently: see the result and the event `item`. The type, visibility and metadata in the
	 * options apply to items that do not set their own. If a key is repeated, the second item fails with
	 * `key_repeated`.
	 * @throws ClientError `items_failed` if `items` throws: earlier items are uploaded, and `details.result` lists the
	 * result of each
	 */
	uploadMany(
		items: UploadItems,
		options: UploadManyOptions = {},
	): Transfer<UploadManyResult, UploadManyProgress, ItemResult<ItemUploaded>> {
		return startBatch(this.#context, items, options);
	}

	/** Prepares to read the blob that a key holds. */
	download(key: string, options?: DownloadOptions): Download;
	/** Prepares to read exactly the blob with this root. */
	download(target: string | BlobRef, options?: RefDownloadOptions): Download;
	download(target: string | BlobRef, options: DownloadOptions = {}): Download {
		return new Download(this.#context, target, options);
	}

	/**
	 * The manifest of the blob under a key, proven by one node or certified by the subnet.
	 * @throws CanisterError `blob_not_found`; ClientError `certificate_invalid`, `certificate_stale`,
	 * `witness_invalid`,
	 * `manifest_corrupt` if the responses of three nodes did not verify
	 */
	stat(key: string, options?: StatOptions): Promise<Manifest> {
		return this.#keyed(key, options, checks.STAT, async (stored) => {
			const { stat } = await proving();
			return shown(this.#context, await stat(this.#context, stored, options));
		});
	}

	/**
	 * As `stat`, but returns undefined if the key holds nothing.
	 * @throws ClientError `certificate_invalid`, `certificate_stale`, `witness_invalid`, `manifest_corrupt` as `stat`
	 */
	find(key: string, options?: StatOptions): Promise<Manifest | undefined> {
		return this.stat(key, options).catch((error: unknown) => {
			if (isBlobError(error, "blob_not_found")) return undefined;
			throw error;
		});
	}

	/**
	 * Lists blobs and directories in order, one page at a time as the caller iterates. Each page is proven by one node
	 * or certified by the subnet (`trust`). The pages are not a snapshot: a change between two pages appears if its key
	 * is after the first of them.
	 * @throws ClientError `not_admitted` for a caller that owns private blobs and has no role: see `visibility`
	 * @throws ClientError `list_corrupt`, `witness_invalid`, `certificate_invalid`, `certificate_stale`,
	 * `reply_invalid`
	 * if the responses of three nodes did not verify
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
	 * Yields the changes after a cursor in order, up to the last one: publications and changes of permissions. Each is
	 * yielded only after it is proven to be part of the certified feed, and carries the cursor from which to resume.
	 * Requires the role `reader` or `backup`.
	 * @throws CanisterError `cursor_unknown` if the store's history does not contain the cursor (the store was rolled
	 * back
	 * or replaced), `cursor_pruned` if the feed no longer reaches back to it; ClientError `feed_corrupt`
	 */
	changes(options?: ChangesOptions): AsyncGenerator<Change> {
		return checkedAll(options, checks.CHANGES, () =>
			listed(feed().then(({ changes }) => changes(this.#context, options))),
		);
	}

	/**
	 * The end of the feed: the cursor to continue from after a comparison of whole lists. Requires the role `reader` or
	 * `backup`.
	 */
	latestCursor(options?: CallOptions): Promise<Cursor> {
		return checked(options, checks.CALL, async () => (await feed()).latestCursor(this.#context, options));
	}

	/** Deletes the blob under a key. Succeeds if the key holds nothing. @throws CanisterError `precondition_failed` */
	delete(key: string, options?: DeleteOptions): Promise<Deleted> {
		return this.#keyed(key, options, checks.DELETE, async (stored) =>
			(await changing()).deleteBlob(this.#context, stored, options),
		);
	}

	/**
	 * Deletes the blobs under many keys as one transfer, 1,000 per message. Keys fail independently: see the result and
	 * the event `item`. If a key is repeated, the second item fails with `key_repeated`.
	 * @throws ClientError `items_failed` if `keys` throws: earlier keys are deleted, and `details.result` lists the
	 * result of each
	 */
	deleteMany(
		keys: DeleteItems,
		options?: CallOptions,
	): Transfer<DeleteManyResult, DeleteManyProgress, ItemResult<ItemDeleted>> {
		return startDeleting(this.#context, keys, options);
	}

	/**
	 * Lists deleted and replaced blobs that are still kept (see `setKeepDeleted`), in order of their keys, the oldest
	 * version first: the caller's own, or all of them for administrators and the role `backup`.
	 */
	listDeleted(options?: ListDeletedOptions): AsyncGenerator<DeletedBlob> {
		return checkedAll(options, checks.LIST_DELETED, () =>
			listed(undeleting().then(({ listDeleted }) => listDeleted(this.#context, options))),
		);
	}

	/**
	 * Publishes a deleted blob again under its key, as a new version with the same owner. Requires an administrator, or
	 * its owner with permission to write the key.
	 * @throws CanisterError `blob_not_found` if it is no longer kept, `not_authorized`, `precondition_failed`,
	 * `quota_exceeded`
	 */
	restore(what: DeletedName, options?: RestoreOptions): Promise<Manifest> {
		return checked(options, checks.RESTORE, async () =>
			(await undeleting()).restore(this.#context, what, options),
		);
	}

	/**
	 * Updates a blob's content type, visibility, metadata or expiry. Its bytes do not change; it gets a new version.
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
	 * Publishes a blob under another key as well, owned by the caller. No bytes are sent.
	 * @throws CanisterError `blob_not_found`, `not_authorized`, `precondition_failed`, `quota_exceeded`
	 */
	copy(from: string, to: string, options?: MoveOptions): Promise<Manifest> {
		return this.#moved("blobs_copy", from, to, options);
	}

	/**
	 * Moves a blob to another key. Its owner does not change.
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
	 * Sends all bytes of a source without publishing it; `batch` commits the result together with others. Chunks that
	 * an earlier upload of the same key and size left are not sent again.
	 */
	prepareUpload(source: BlobSource, options: UploadOptions): Transfer<PreparedUpload> {
		return startPreparing(this.#context, source, options);
	}

	/**
	 * Makes several changes at once, all or none: puts that fit a message, commits of prepared uploads, deletions,
	 * renames, copies and updates, each with its own precondition. Readers see all of them or none. A key may occur in
	 * one item only.
	 * @returns the result of each item, in order
	 * @throws ClientError `batch_refused` with the refused item and its error; `batch_bytes_too_many`; CanisterError
	 * `batch_too_large`. For the last two nothing was sent, and `details.fits` is the number of items that fit
	 */
	batch(items: BatchItems, options: BatchOptions = {}): Promise<BatchedItem[]> {
		return checked(options, checks.BATCH, async () => {
			checkArgument("items", items, is.iterable);
			return (await batching()).runBatch(this.#context, items, options);
		});
	}

	/**
	 * Adds changes to a staged batch of any size, invisible to readers until it is revealed. Takes the items of `batch`
	 * except copies, renames and updates, and sends as many messages as they need. Staged changes count against the
	 * quota and expire 24 hours after the last was added. Staging a key again replaces its change. A principal has one
	 * staged batch at a time.
	 * @throws ClientError `batch_refused` with the refused item and its error; items before it may be staged;
	 * CanisterError `batch_revealing`, `batch_finished`, `quota_exceeded`
	 */
	stage(items: StagedItems, options: StageOptions = {}): Promise<StagedBatch> {
		return checked(options, checks.STAGE, async () => {
			checkArgument("items", items, is.iterable);
			return (await staging()).stage(this.#context, items, options);
		});
	}

	/** Removes keys from a staged batch. @throws CanisterError `batch_not_found`, `batch_revealing` */
	unstage(batch: string, keys: Iterable<string>, options?: CallOptions): Promise<StagedBatch> {
		return checked(options, checks.CALL, async () => {
			const id = checkId("batch", batch);
			checkArgument("keys", keys, is.iterable);
			return (await staging()).unstage(this.#context, id, keys, options);
		});
	}

	/**
	 * Makes all changes of a staged batch visible by one change, whatever their number. The store prepares them in
	 * steps; then readers, proofs and lists see all of them or none.
	 * @returns the version of the change, after it is made
	 * @throws ClientError `batch_broken` with the key and the reason: readers then see none of the batch, and it stays
	 * staged; `batch_dropped`; CanisterError `batch_not_found`
	 */
	reveal(batch: string, options?: CallOptions): Promise<Version> {
		return checked(options, checks.CALL, async () => {
			const id = checkId("batch", batch);
			return (await staging()).reveal(this.#context, id, options);
		});
	}

	/** Drops a batch that is not revealed. Another principal's batch requires an administrator. */
	dropBatch(batch: string, options?: DropBatchOptions): Promise<void> {
		return checked(options, checks.DROP_BATCH, async () => {
			const id = checkId("batch", batch);
			return (await staging()).dropBatch(this.#context, id, options);
		});
	}

	/** Lists staged batches: the caller's own, or all of them for administrators. */
	listBatches(options?: AskOptions): Promise<StagedBatch[]> {
		return checked(options, checks.ASK, async () => (await staging()).listBatches(this.#context, options));
	}

	/** Lists the staged items of one of the caller's batches, in the order in which they were staged. */
	listStaged(batch: string, options?: AskOptions): AsyncGenerator<StagedKey> {
		return checkedAll(options, checks.ASK, () => this.#listStaged(batch, options));
	}

	async *#listStaged(batch: string, options: AskOptions | undefined): AsyncGenerator<StagedKey> {
		yield* (await staging()).listStaged(this.#context, batch, options);
	}

	/** Lists the caller's own open uploads, all or those to one key. */
	listUploads(options?: ListUploadsOptions): AsyncGenerator<OpenUpload> {
		return checkedAll(options, checks.LIST_UPLOADS, () =>
			listed(openUploads().then(({ listUploads }) => listUploads(this.#context, options))),
		);
	}

	/**
	 * Aborts one of the caller's open uploads and discards its chunks. Succeeds if the upload does not exist.
	 * `admin.abortUpload` aborts another principal's.
	 * @throws CanisterError `upload_finished` if it was committed
	 */
	abortUpload(id: string, options?: CallOptions): Promise<void> {
		return checked(options, checks.CALL, async () => {
			return (await openUploads()).abortUpload(this.#context, checkId("id", id), options);
		});
	}

	/**
	 * Takes a lease: the blobs that keys hold now stay readable for the caller although they are deleted, replaced or
	 * renamed, until the lease ends or is released, or the bytes that it keeps exceed `bytes`. Owners are not notified
	 * or charged. Requires the role `backup`.
	 * @throws CanisterError `quota_exceeded` (`leases`), `no_room`
	 */
	takeLease(options?: TakeLeaseOptions): Promise<TakenLease> {
		return checked(options, checks.TAKE_LEASE, async () =>
			(await leasing()).takeLease(this.#context, options),
		);
	}

	/** Extends one of the caller's leases. @throws CanisterError `lease_not_found`, `lease_broken` */
	extendLease(lease: string, options?: ExtendLeaseOptions): Promise<void> {
		return checked(options, checks.EXTEND_LEASE, async () =>
			(await leasing()).extendLease(this.#context, lease, options),
		);
	}

	/** Releases a lease. Succeeds if it does not exist. Requires its holder or an administrator. */
	releaseLease(lease: string, options?: CallOptions): Promise<void> {
		return checked(options, checks.CALL, async () =>
			(await leasing()).releaseLease(this.#context, lease, options),
		);
	}

	/** Lists the leases of all principals, broken ones included. Requires the role `backup`. */
	listLeases(options?: AskOptions): Promise<Lease[]> {
		return checked(options, checks.ASK, async () => (await leasing()).listLeases(this.#context, options));
	}

	/**
	 * Lists the blobs that are kept only for one of the caller's leases. Together with the blobs from before the lease
	 * that keys still hold, they are the store's state when the lease was taken. Read one with `downloadLeased`. While a
	 * revealed batch is being settled, the list waits for the end of that.
	 * @throws CanisterError `lease_not_found`, `lease_broken`
	 */
	listLeased(lease: string, options?: CallOptions): AsyncGenerator<Manifest> {
		return checkedAll(options, checks.CALL, () =>
			listed(leasing().then(({ listLeased }) => listLeased(this.#context, lease, options))),
		);
	}

	/**
	 * Reads a version that a lease keeps, or that its key still holds. The manifest is trusted: pass one that this
	 * client returned. @throws CanisterError `blob_not_found`, `blob_replaced` if it is no longer kept
	 */
	downloadLeased(manifest: Manifest, options: Omit<DownloadOptions, "trust"> = {}): Download {
		// A value that is not a manifest has no key; the read then fails with the error for an invalid reference.
		return new Download(this.#context, manifest?.key, options, manifest);
	}

	/** Mode of the store, and its last change. */
	mode(options?: AskOptions): Promise<StoreMode> {
		return checked(options, checks.ASK, () => mode(this.#context, options));
	}

	/**
	 * Roles, quota and usage of the caller, or, for administrators, of any principal. @throws CanisterError `anonymous`
	 */
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
