import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { isBlobError } from "../../client/errors/errors.js";
import type { BlobClient, Cursor } from "../../client/index.js";
import { BackupError } from "../errors.js";
import type { Json } from "../format/json.js";
import { hex, sha256 } from "../format/names.js";
import { encodeSnapshot, namedOf, type Snapshot, type SnapshotTree } from "../format/snapshot.js";
import { inOrder } from "../in-order.js";
import type { ItemWriter } from "../repository/item-writer.js";
import type { Repository } from "../repository/repository.js";
import { TreeBuilder, type TreeRef } from "../tree/builder.js";
import { findEntry } from "../tree/cursor.js";
import { type Edit, editTree } from "../tree/edit.js";
import { type BlobEntry, blobCodec, type SettingEntry } from "../tree/entry.js";
import { EMPTY_PAGE } from "../tree/page.js";
import { ChangeLog } from "./change-log.js";
import { Contents, type Fetched, isLost, type Lost } from "./contents.js";
import { type Draft, draftOf, settingsOf } from "./drafts.js";
import { HeldLease } from "./holding/lease.js";
import { compareLists, listSettings } from "./lists.js";

/** Concurrent blobs. */
const PARALLEL_BLOBS = 32;
/** How often the feed is read again for blobs that were gone, before they count as missing. */
const MAX_ROUNDS = 8;
const ROUND_MS = 1_000;
/** The head of an empty feed. */
const NO_HEAD = "0".repeat(64);

export interface AttemptOptions {
	readonly client: BlobClient;
	readonly canister: string;
	readonly parent: { readonly id: string; readonly snapshot: Snapshot } | undefined;
	readonly tags: readonly string[];
	readonly wasmHash: string | undefined;
	readonly acceptRollback: boolean;
	/** Whether the backup takes a lease, by which the store keeps the contents of one position of the feed. */
	readonly takesLease: boolean;
	readonly memoryBytes: number;
	readonly signal: AbortSignal;
	readonly onProgress: (fetched: Fetched) => void;
	readonly note: (text: string) => void;
}

export interface Attempted {
	readonly id: string;
	readonly snapshot: Snapshot;
	readonly fetched: Fetched;
	/** Changes of the feed that were read, except those of leases. */
	readonly changes: number;
	/** Whether a lease held its position in the feed from the first byte to the last. */
	readonly isLeased: boolean;
}

/** Stores everything that the store holds, and writes the snapshot, which no generation names yet. */
export class Attempt {
	readonly #repository: Repository;
	readonly #writer: ItemWriter;
	readonly #options: AttemptOptions;
	readonly #contents: Contents;
	readonly #blobLog = new ChangeLog<Draft>();
	readonly #settingLog = new ChangeLog<Json>();
	/** Blobs that cannot be fetched, by key. */
	readonly #lost = new Map<string, Lost>();
	#cursor: Cursor | undefined;
	#changes = 0;
	#hasUnknown = false;
	/** Whether there may be bytes to fetch. */
	#hasContent = false;
	#lease: HeldLease | undefined;
	/** Whether the feed is read up to the lease only. */
	#isHeld = false;

	constructor(repository: Repository, writer: ItemWriter, options: AttemptOptions) {
		this.#repository = repository;
		this.#writer = writer;
		this.#options = options;
		const { client, signal, memoryBytes, onProgress } = options;
		this.#contents = new Contents(client, writer, {
			signal,
			memoryBytes,
			onProgress: () => onProgress(this.#contents.fetched),
		});
	}

	async run(): Promise<Attempted> {
		try {
			return await this.#run();
		} finally {
			await this.#lease?.release();
			await this.#blobLog.dispose();
			await this.#settingLog.dispose();
		}
	}

	async #run(): Promise<Attempted> {
		const { parent, client, signal, note } = this.#options;
		let blobs: TreeRef = parent ? refOf(parent.snapshot.blobs) : EMPTY_TREE;
		let settings: TreeRef = parent ? refOf(parent.snapshot.settings) : EMPTY_TREE;
		let settingsComplete = parent?.snapshot.settingsComplete ?? true;
		let method: Snapshot["method"] = "feed";
		this.#cursor = parent && cursorOf(parent.snapshot);
		// Look again for blobs that the last snapshot lacks.
		for (const { key } of parent?.snapshot.missing ?? []) await this.#lookAgain(key);
		const reason = (await this.#readFeed()) ?? this.#whyNotFeed();
		if (reason !== undefined) {
			method = "lists";
			note(`The feed cannot tell what changed (${reason}): whole lists are compared.`);
			this.#cursor = await client.latestCursor({ signal });
			const isComplete = await listSettings(client, this.#settingLog, signal);
			// Without the accounts, the settings of the last snapshot are the best available.
			settings = await this.#applySettings(isComplete ? EMPTY_TREE : settings);
			settingsComplete = isComplete;
			if (!isComplete)
				note("Roles and quotas cannot be listed without the role admin: they may be incomplete.");
			// The list is older than the lease's position; the feed supplies the changes between them.
			await this.#hold();
			const upTo = this.#lease?.sequence;
			await compareLists(client, this.#repository.blobs, blobs.root, this.#blobLog, { signal, upTo });
			if (this.#lease) await this.#logKept(this.#lease);
			// Without a lease, fetch what was listed first, since the feed grows meanwhile.
			if (!this.#isHeld) blobs = await this.#apply(blobs);
			await this.#readOn();
		} else if (this.#hasContent) {
			await this.#hold();
			await this.#readOn();
		}
		blobs = await this.#apply(blobs);
		settings = await this.#applySettings(settings);
		if (this.#isHeld && this.#isAnyGone()) this.#giveUpLease();
		for (let round = 0; round < MAX_ROUNDS && this.#isAnyGone(); round++) {
			if (round > 0) await sleep(ROUND_MS, undefined, { signal });
			await this.#readFeed();
			blobs = await this.#apply(blobs);
			settings = await this.#applySettings(settings);
		}
		return this.#finish({ blobs, settings, settingsComplete, method });
	}

	#isAnyGone(): boolean {
		return [...this.#lost.values()].some(({ isGone }) => isGone);
	}

	/** Takes a lease on the current contents. From here on the feed is read up to the lease only. */
	async #hold(): Promise<void> {
		const { client, signal, note, takesLease } = this.#options;
		if (!takesLease) return;
		this.#lease = await HeldLease.take(client, { signal, note });
		this.#isHeld = this.#lease !== undefined;
	}

	/** Logs the contents that the lease keeps and that the keys no longer hold. */
	async #logKept({ id }: HeldLease): Promise<void> {
		const { client, signal } = this.#options;
		try {
			for await (const manifest of client.listLeased(id, { signal }))
				await this.#log(manifest.key, draftOf(manifest));
		} catch (error) {
			if (!isBlobError(error, "lease_broken") && !isBlobError(error, "lease_not_found")) throw error;
			this.#giveUpLease();
		}
	}

	#giveUpLease(): void {
		this.#options.note("The store keeps what is backed up no more: the feed is read on.");
		this.#isHeld = false;
	}

	/** Reads the feed from the cursor on. */
	async #readOn(): Promise<void> {
		if ((await this.#readFeed()) !== undefined)
			throw new BackupError("rolled_back", { sequence: this.#cursor?.sequence ?? 0n });
	}

	#whyNotFeed(): string | undefined {
		const { missing, missingCount } = this.#options.parent?.snapshot ?? { missing: [], missingCount: 0 };
		if (missingCount > missing.length) return "the last snapshot lacks more blobs than it names";
		return this.#hasUnknown ? "it has changes of a later version" : undefined;
	}

	async #lookAgain(key: string): Promise<void> {
		const { client, signal } = this.#options;
		try {
			await this.#log(key, draftOf(await client.stat(key, { trust: "subnet", signal })));
		} catch (error) {
			if (!isBlobError(error, "blob_not_found")) throw error;
		}
	}

	/** Logs the changes after the cursor. @returns why the feed cannot supply them; undefined if it could */
	async #readFeed(): Promise<string | undefined> {
		const { client, signal, acceptRollback, note } = this.#options;
		try {
			const after = this.#cursor;
			for await (const change of client.changes(after === undefined ? { signal } : { signal, after })) {
				if (this.#isHeld && change.sequence > (this.#lease as HeldLease).sequence) break;
				// Backups take leases: if these counted, each backup would cause a change for the next.
				if (change.type !== "lease") this.#changes++;
				if (change.type === "published" || change.type === "restored" || change.type === "given")
					await this.#log(change.manifest.key, draftOf(change.manifest));
				else if (change.type === "deleted" || change.type === "expired") await this.#log(change.key, null);
				else if (change.type === "unknown") this.#hasUnknown = true;
				for (const [key, value] of settingsOf(change)) await this.#settingLog.set(key, value);
				this.#cursor = change.cursor;
			}
			return undefined;
		} catch (error) {
			if (isBlobError(error, "cursor_pruned")) return `it reaches back to change ${error.details.first} only`;
			if (!isBlobError(error, "cursor_unknown")) throw error;
			const sequence = this.#cursor?.sequence ?? 0n;
			if (!acceptRollback) throw new BackupError("rolled_back", { sequence }, error);
			note(
				`The store no longer has change ${sequence} as the last snapshot saw it: it was rolled back or forked.`,
			);
			return "it is not the feed of the last snapshot";
		}
	}

	async #log(key: string, draft: Draft | null): Promise<void> {
		this.#lost.delete(key);
		if (draft) this.#hasContent = true;
		await this.#blobLog.set(key, draft);
	}

	/** The tree after all logged changes, with all their bytes in the repository. */
	async #apply(tree: TreeRef): Promise<TreeRef> {
		if (this.#blobLog.isEmpty) return tree;
		const { blobs } = this.#repository;
		const edits = inOrder(this.#blobLog.take(), PARALLEL_BLOBS, async ({ key, value }) => {
			if (value === null) return { key, entry: undefined };
			const entry = await this.#contents.bring(value, await findEntry(blobs, tree.root, key));
			if (!isLost(entry)) return { key, entry };
			this.#lost.set(key, entry);
			return { key, entry: undefined };
		});
		return this.#edited(editTree<BlobEntry>(blobs, tree.root, edits, this.#writer));
	}

	async #applySettings(tree: TreeRef): Promise<TreeRef> {
		if (this.#settingLog.isEmpty) return tree;
		return this.#edited(
			editTree(this.#repository.settings, tree.root, settingEdits(this.#settingLog), this.#writer),
		);
	}

	/** Flushes: written pages must be in the sink before they are read. */
	async #edited(editing: Promise<TreeRef>): Promise<TreeRef> {
		const tree = await editing;
		await this.#writer.flush();
		return tree;
	}

	async #finish(made: {
		blobs: TreeRef;
		settings: TreeRef;
		settingsComplete: boolean;
		method: Snapshot["method"];
	}): Promise<Attempted> {
		const { canister, parent, tags, wasmHash } = this.#options;
		if ([made.blobs, made.settings].some(({ root }) => root === EMPTY_PAGE))
			await new TreeBuilder(this.#writer, blobCodec).finish();
		const lost = [...this.#lost.values()];
		const snapshot: Snapshot = {
			canister,
			at: new Date().toISOString(),
			tags,
			sequence: (this.#cursor?.sequence ?? 0n).toString(),
			head: this.#cursor === undefined ? NO_HEAD : this.#cursor.head,
			...made,
			wasmHash,
			parent: parent?.id,
			missing: namedOf(lost),
			missingCount: lost.length,
			nonce: hex(randomBytes(16)),
		};
		const bytes = encodeSnapshot(snapshot);
		const id = hex(sha256(bytes));
		await this.#writer.add("snapshot", id, bytes);
		await this.#writer.flush();
		return {
			id,
			snapshot,
			fetched: this.#contents.fetched,
			changes: this.#changes,
			isLeased: this.#isHeld,
		};
	}
}

async function* settingEdits(log: ChangeLog<Json>): AsyncGenerator<Edit<SettingEntry>> {
	for await (const { key, value } of log.take())
		yield { key, entry: value === null ? undefined : { key, value } };
}

const EMPTY_TREE: TreeRef = { root: EMPTY_PAGE, level: 0, entries: 0, bytes: 0 };

const refOf = ({ root, level, entries, bytes }: SnapshotTree): TreeRef => ({ root, level, entries, bytes });

const cursorOf = ({ sequence, head }: Snapshot): Cursor | undefined =>
	head === NO_HEAD ? undefined : { sequence: BigInt(sequence), head };
