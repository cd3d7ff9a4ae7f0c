import { MAX_CHUNK_BYTES, sameBytes } from "../../../protocol/index.js";
import * as is from "../../arguments.js";
import { checkArgument, checkOptions } from "../../arguments.js";
import { updateBlob } from "../../blobs/changing.js";
import { ITEM } from "../../checks.js";
import { type ClientContext, noteVersion, placeIn, requireIdentity } from "../../context.js";
import { sealed, shown, storedKey } from "../../encryption.js";
import {
	ClientError,
	type ErrorPlace,
	isBlobError,
	located,
	messageOf,
	toBlobError,
} from "../../errors/errors.js";
import { openSource } from "../../source/open.js";
import type { OpenSource } from "../../source/types.js";
import type { Manifest } from "../../types.js";
import { raceAbort, throwIfAborted } from "../../util/abort.js";
import { Budget } from "../../util/budget.js";
import { withJson } from "../../util/json.js";
import { Pool } from "../../util/pool.js";
import { untilBroken } from "../../util/until-broken.js";
import { date, toVersion } from "../../wire-map.js";
import type { UploadCalls } from "../calls.js";
import { isStoredAs } from "../import-as.js";
import { rootOfWhole } from "../leaves.js";
import { planUpload, type UploadOptions, type UploadPlan } from "../options.js";
import type { Sending } from "../send.js";
import { isTooLarge, lowerLimit } from "../too-large.js";
import { Upload } from "../upload.js";
import type { File } from "./found.js";
import type { BatchMeter } from "./meter.js";
import { candidBytes, MAX_PACKED_BYTES, PACK_BYTES, Pack, type PackOutcome, toWire } from "./pack.js";
import { putMany } from "./put-many.js";
import { changesOf, listStored, over, rootLike } from "./stored.js";
import type { ItemResult, ItemUploaded, UploadItem, UploadManyOptions, UploadManyResult } from "./types.js";

/** The caller's, and where its transfer is told of warnings and of each item's end. */
type BatchOptions = UploadManyOptions &
	Pick<Sending, "warn"> & { readonly ended: (result: ItemResult<ItemUploaded>) => void };

/** @throws ClientError `option_invalid` naming what is wrong with it */
function checkItem(item: UploadItem): void {
	checkArgument("items", item, is.object);
	checkOptions(item, ITEM);
	checkArgument("key", item.key, is.text);
	checkArgument("source", item.source, is.anything);
}

/** Files that are read and hashed at a time beside those that are being sent: enough to hide what opening one takes. */
const AHEAD = 4;

/** Many uploads that share calls, memory and progress. */
export class Batch {
	readonly #context: ClientContext;
	readonly #calls: UploadCalls;
	/** The same client, whose calls wait while this is paused. */
	readonly #through: ClientContext;
	readonly #meter: BatchMeter;
	readonly #options: BatchOptions;
	readonly #budget: Budget;
	readonly #packs = new Pool(Number.POSITIVE_INFINITY);
	readonly #results: ItemResult<ItemUploaded>[] = [];
	readonly #uploads = new Set<Upload>();
	/** Keys that were given. */
	readonly #keys = new Set<string>();
	#pack = new Pack();
	#stored: Map<string, Manifest> | undefined;
	#place: ErrorPlace = {};
	/** Errors of items. One that several share, such as that of their message, names the key of none. */
	readonly #errors = new WeakSet<object>();

	constructor(context: ClientContext, calls: UploadCalls, meter: BatchMeter, options: BatchOptions) {
		this.#context = context;
		this.#calls = calls;
		this.#through = { ...context, caller: calls.caller };
		this.#meter = meter;
		this.#options = options;
		const { memoryBytes } = context.settings;
		// Whoever waits for bytes that an unsent pack holds would wait for ever.
		this.#budget = new Budget(memoryBytes, () => this.#packs.running === 0 && this.#flush());
	}

	/** Bytes that a pack may have. */
	get #capacity(): number {
		const { settings, sendLimit } = this.#context;
		return Math.min(PACK_BYTES, settings.memoryBytes / 2, settings.chunkBytes, sendLimit.bytes);
	}

	/** @throws ClientError `items_failed` where the items cannot be read to their end, after what was given was sent */
	async run(files: Iterable<File> | AsyncIterable<File>): Promise<UploadManyResult> {
		const { prefix = "", skipUnchanged } = this.#options;
		let broken: { error: unknown } | undefined;
		const pool = new Pool(() => this.#calls.concurrency + AHEAD);
		try {
			await requireIdentity(this.#context);
			this.#place = await placeIn(this.#context);
			if (skipUnchanged) this.#stored = await listStored(this.#through, prefix, this.#calls.signal);
			for await (const file of untilBroken(files, (error) => {
				broken = { error };
			})) {
				throwIfAborted(this.#calls.signal);
				await this.#calls.opened();
				await pool.add(() => this.#one(file));
			}
			this.#meter.listed();
			await pool.drain();
			this.#flush();
			await this.#packs.drain();
		} finally {
			// Of an aborted batch nothing is under way any more when it ends.
			await pool.settle();
			await this.#packs.settle();
		}
		const count = (status: ItemResult<ItemUploaded>["status"]) =>
			this.#results.filter((result) => result.status === status).length;
		const result = {
			items: this.#results,
			uploaded: count("uploaded"),
			updated: count("updated"),
			unchanged: count("unchanged"),
			failed: count("failed"),
		};
		if (!broken) return result;
		throw new ClientError("items_failed", { reason: messageOf(broken.error), result }, broken.error);
	}

	/** Throws away what has arrived of files that are not whole. */
	async discard(caller: ClientContext["caller"]): Promise<void> {
		await Promise.all([...this.#uploads].map((upload) => upload.discard(caller)));
	}

	/** Brings one file to its end, or into the pack. */
	async #one(file: File): Promise<void> {
		let source: OpenSource | undefined;
		try {
			checkItem(file.item);
			const key = (this.#options.prefix ?? "") + file.item.key;
			// Both under way at a time would leave it to chance which is stored in the end.
			if (this.#keys.has(key)) throw new ClientError("key_repeated", { key });
			this.#keys.add(key);
			source = file.opened ?? (await this.#open(file.item));
			const stored = this.#stored?.get(storedKey(this.#context, key));
			const { ifMatch, ifNoneMatch } = file.item;
			const isFree = ifMatch === undefined && ifNoneMatch === undefined;
			const options: UploadOptions = { ...file.item, key, ...(isFree && this.#stored && over(stored)) };
			// As it was found: a file that has grown since goes up as it is when it is opened.
			if (!file.opened && source.isRepeatable) delete options.size;
			const planned = planUpload(options, source, this.#context.settings, this.#context.sendLimit);
			const sealing = sealed(this.#context, source, planned, options);
			const { plan } = sealing;
			source = sealing.source;
			const most = Math.min(MAX_PACKED_BYTES, this.#capacity / 2, plan.chunkBytes / 2);
			const isSmall = source.size !== undefined && source.size <= most;
			if (isSmall && (source.size !== 0 || !source.mayBeUnread || plan.allowEmpty))
				await this.#small(file, plan, source, stored);
			else await this.#large(file, plan, source, stored);
		} catch (error) {
			(source ?? file.opened)?.close().catch(() => {});
			this.#failed(file, error);
		}
	}

	async #open({ source, size }: UploadItem): Promise<OpenSource> {
		throwIfAborted(this.#calls.signal);
		const opened =
			typeof source === "function" ? await raceAbort(this.#source(source), this.#calls.signal) : source;
		return openSource(opened, size);
	}

	async #source(open: Extract<UploadItem["source"], () => unknown>) {
		try {
			return await open();
		} catch (error) {
			if (isBlobError(error)) throw error;
			throw new ClientError("source_failed", { reason: messageOf(error) }, error);
		}
	}

	async #small(file: File, plan: UploadPlan, source: OpenSource, stored?: Manifest): Promise<void> {
		const { sha256 } = this.#context.settings.ports;
		const size = source.size as number;
		const { total } = this.#meter;
		const release = await this.#budget.take(size, this.#calls.signal);
		try {
			const reader = source.chunks(MAX_CHUNK_BYTES);
			const content = (await raceAbort(reader.next(), this.#calls.signal)) ?? new Uint8Array(0);
			// A stream of a given size must also end.
			await raceAbort(reader.next(), this.#calls.signal);
			total.add("read", size);
			const leaf = size === 0 ? content : await sha256(content);
			const root = await rootOfWhole(size, leaf, sha256);
			total.add("hashed", size);
			await source.check();
			if (stored && this.#isKept(file, stored, root)) {
				release();
				await this.#keep(file, stored);
			} else {
				const done = async (outcome: PackOutcome) => {
					if ("error" in outcome && isTooLarge(outcome.error) && lowerLimit(this.#context.sendLimit, size))
						return this.#alone(file, plan, content).finally(release);
					release();
					await this.#packed(file, plan, root, size, outcome).catch((error) => this.#failed(file, error));
				};
				this.#add({ plan, root, content, done });
			}
			await source.close();
		} catch (error) {
			release();
			throw error;
		}
	}

	#add(item: Pack["items"][number]): void {
		const bytes = candidBytes(toWire(item));
		if (!this.#pack.fits(item, bytes, this.#capacity)) this.#flush();
		this.#pack.add(item, bytes);
	}

	#flush(): void {
		const pack = this.#pack;
		if (pack.items.length === 0) return;
		this.#pack = new Pack();
		// What ends all is known by the signal.
		this.#packs
			.add(() => putMany(pack, this.#calls, this.#meter.total, this.#context).catch(() => {}))
			.catch(() => {});
	}

	async #packed(file: File, plan: UploadPlan, root: Uint8Array, size: number, outcome: PackOutcome) {
		if ("error" in outcome) return this.#failed(file, outcome.error);
		this.#meter.total.add("loaded", size);
		noteVersion(this.#context, outcome.version);
		const { importAs } = plan;
		const manifest: Manifest = {
			key: plan.key,
			root,
			...toVersion(outcome.version),
			size,
			chunkBytes: MAX_CHUNK_BYTES,
			contentType: plan.contentType,
			visibility: plan.visibility,
			owner: (importAs?.owner ?? (await this.#context.principal())).toText(),
			createdAt: importAs === undefined ? outcome.at : date(importAs.created_at),
			modifiedAt: importAs === undefined ? outcome.at : date(importAs.modified_at),
			metadata: Object.fromEntries(plan.metadata),
			wholeSha256: plan.wholeSha256,
			expiresAt: outcome.expiresAt,
		};
		this.#done(file, "uploaded", withJson(manifest));
	}

	/** A file that is too large for one message on this way: in chunks, out of memory, whose bytes it holds already. */
	async #alone(file: File, plan: UploadPlan, content: Uint8Array): Promise<void> {
		const chunkBytes = Math.min(plan.chunkBytes, this.#context.sendLimit.bytes);
		await this.#send(file, { ...plan, chunkBytes }, openSource(content), new Budget(content.length));
	}

	async #large(file: File, plan: UploadPlan, source: OpenSource, stored?: Manifest): Promise<void> {
		const context = this.#context;
		if (stored && source.isRepeatable && source.size === stored.size) {
			const root = await rootLike(stored, source, context, this.#calls, this.#budget);
			if (this.#isKept(file, stored, root)) {
				await source.check();
				await source.close();
				return this.#keep(file, stored);
			}
		}
		await this.#send(file, plan, source, this.#budget);
	}

	async #send(file: File, plan: UploadPlan, source: OpenSource, budget: Budget): Promise<void> {
		const meter = this.#meter.of(source.size);
		const parts = { context: this.#context, calls: this.#calls, warn: this.#options.warn };
		const upload = new Upload({ ...parts, plan, source, meter, budget });
		this.#uploads.add(upload);
		try {
			this.#done(file, "uploaded", await upload.run());
			this.#uploads.delete(upload);
		} catch (error) {
			this.#failed(file, error, meter.progress.loaded);
		}
	}

	/** Whether the stored blob stays: its bytes are those of the file, and nothing is asked that takes an upload. */
	#isKept({ item }: File, stored: Manifest, root: Uint8Array): boolean {
		if (!sameBytes(stored.root, root)) return false;
		const { wholeSha256, importAs } = item;
		const held = shown(this.#context, stored);
		// To change what is said of it would change its times.
		if (importAs && (changesOf(item, held) !== undefined || !isStoredAs(stored, importAs))) return false;
		if (wholeSha256 && !(held.wholeSha256 && sameBytes(held.wholeSha256, wholeSha256))) return false;
		// Refused by the store, with what the key holds.
		return item.ifNoneMatch === undefined || changesOf(item, held) === undefined;
	}

	/** Ends with the bytes that are stored, said of them what is asked for. */
	async #keep(file: File, stored: Manifest): Promise<void> {
		const { item } = file;
		const { encryption } = this.#context.settings;
		const changes = changesOf(item, shown(this.#context, stored));
		let manifest = stored;
		if (changes !== undefined) {
			const asked = encryption ? await encryption.sealUpdate(changes, async () => stored) : changes;
			const ifMatch = item.ifMatch ?? stored;
			manifest = await updateBlob(this.#through, stored.key, { ...asked, ifMatch });
		}
		this.#meter.total.reuse(stored.size);
		this.#done(file, changes === undefined ? "unchanged" : "updated", manifest);
	}

	#done(file: File, status: ItemUploaded["status"], manifest: Manifest): void {
		const held = shown(this.#context, manifest);
		this.#ended(file, { key: held.key, status, manifest: held }, manifest.size);
	}

	#failed(file: File, error: unknown, loaded = 0): void {
		const key = (this.#options.prefix ?? "") + (file.item?.key ?? "");
		const failure = toBlobError(error);
		const isShared = this.#errors.has(failure);
		this.#errors.add(failure);
		located(failure, { ...this.#place, key: isShared ? undefined : key });
		this.#ended(file, { key, status: "failed", error: failure }, loaded);
	}

	#ended(file: File, result: ItemResult<ItemUploaded>, done: number): void {
		this.#results[file.index] = result;
		this.#meter.ended(result.status, file.size, done);
		this.#options.ended(result);
	}
}
