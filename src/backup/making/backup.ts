import { randomBytes } from "node:crypto";
import { isBlobError } from "../../client/errors.js";
import type { BlobClient } from "../../client/index.js";
import { follow } from "../../client/util/abort.js";
import { BackupError } from "../errors.js";
import type { Generation, SnapshotSummary } from "../format/generation.js";
import { encodeJson } from "../format/json.js";
import { hex, RUNS, runName } from "../format/names.js";
import { type Snapshot, summaryOf } from "../format/snapshot.js";
import { compactIndexes } from "../repository/compact.js";
import { ItemWriter, type Written } from "../repository/item-writer.js";
import type { Repository } from "../repository/repository.js";
import { adoptOrphans } from "./adopt.js";
import { Attempt, type Attempted } from "./attempt.js";

/** What is backed up, and how. */
export interface BackupOptions {
	/** A client of the store, whose caller has the role backup. It should have no other use meanwhile. */
	readonly client: BlobClient;
	/** The store's canister, in text. */
	readonly canister: string;
	/** Words by which snapshots are found and kept. */
	readonly tags?: readonly string[] | undefined;
	/** SHA-256 of the module that the canister runs, as hexadecimal digits. */
	readonly wasmHash?: string | undefined;
	/**
	 * Go on where the store's feed is not the one of the last snapshot, by comparing whole lists.
	 * @default false: refuse
	 */
	readonly acceptRollback?: boolean | undefined;
	/** Bytes of chunks that wait at a time. @default 16,777,216 */
	readonly memoryBytes?: number | undefined;
	/** Told how far it is, after each chunk. */
	readonly onProgress?: (((progress: BackupProgress) => void) | undefined) | undefined;
	/** Told what a person should know, such as that the feed was pruned. */
	readonly onNote?: (((text: string) => void) | undefined) | undefined;
	/** Aborts the backup. What was written stays, and the next one finds it. */
	readonly signal?: AbortSignal | undefined;
}

/** How far a backup is. */
export interface BackupProgress {
	/** Blobs whose bytes were looked for. */
	readonly blobs: number;
	/** Bytes that the store has sent. */
	readonly fetchedBytes: number;
	/** Bytes that the repository had. */
	readonly reusedBytes: number;
}

/** A snapshot that was made. */
export interface BackupResult extends BackupProgress {
	/** As lists show it. */
	readonly summary: SnapshotSummary;
	/** All that it says. Where `missingCount` is not 0, blobs are not in it. */
	readonly snapshot: Snapshot;
	/** Changes of the feed that were read. */
	readonly changes: number;
	/** Bytes written to the sink. */
	readonly writtenBytes: number;
	/** Objects written to the sink. */
	readonly writtenObjects: number;
}

const DEFAULT_MEMORY_BYTES = 16 * 2 ** 20;
const MAX_ATTEMPTS = 20;
const MAX_TAGS = 32;

/** Thrown within a commit where what the backup wrote may be gone. */
class Condemned extends Error {}

/**
 * Makes a snapshot of a store: the first with all that it holds, a later one with what the feed says has changed. Any
 * number of backups and prunes may run at a time. One that was killed leaves chunks that the next does not fetch again.
 * @throws BackupError `rolled_back` where the store is not the one of the last snapshot; BlobError of the client
 */
export async function backup(repository: Repository, options: BackupOptions): Promise<BackupResult> {
	const tags = options.tags ?? [];
	if (tags.length > MAX_TAGS || tags.some((tag) => tag === "" || tag.length > 256))
		throw new BackupError("option_invalid", {
			option: "tags",
			reason: `at most ${MAX_TAGS}, of 1 to 256 characters`,
		});
	const { controller, release } = follow(options.signal);
	const totals: Written = { objects: 0, bytes: 0, chunkBytes: 0 };
	const dead = await runsIn(repository);
	const runs: string[] = [];
	try {
		for (let attempt = 1; ; attempt++) {
			const base = await repository.refresh();
			// A name of its own for each, so that what was condemned of the one is no object of the other.
			const run = hex(randomBytes(8));
			runs.push(run);
			await repository.sink.put(runName(run), encodeJson({ at: new Date().toISOString() }));
			const { signal } = controller;
			const writer = new ItemWriter(repository.sink, repository.index, { run, signal });
			try {
				if (attempt === 1 && dead.length > 0) await adoptOrphans(repository, writer, new Set(dead));
				const attempted = await new Attempt(repository, writer, {
					client: options.client,
					canister: options.canister,
					parent: await parentIn(repository, base, options.canister),
					tags,
					wasmHash: options.wasmHash,
					acceptRollback: options.acceptRollback ?? false,
					memoryBytes: options.memoryBytes ?? DEFAULT_MEMORY_BYTES,
					signal: controller.signal,
					onProgress: ({ blobs, bytes, reusedBytes }) =>
						options.onProgress?.({ blobs, fetchedBytes: bytes, reusedBytes }),
					note: options.onNote ?? (() => {}),
				}).run();
				await commit(repository, writer, base, attempted);
				add(totals, writer.written);
				await compactIndexes(repository);
				for (const name of [...runs, ...dead]) await repository.sink.delete(runName(name));
				return resultOf(attempted, totals);
			} catch (error) {
				controller.signal.throwIfAborted();
				await writer.settle();
				add(totals, writer.written);
				if (!(error instanceof Condemned)) throw error;
				if (attempt === MAX_ATTEMPTS) throw new BackupError("commit_contended", { attempts: attempt });
				options.onNote?.("Another process deletes what this backup relies on: it looks again.");
			}
		}
	} catch (error) {
		controller.abort(isBlobError(error) ? error : undefined);
		throw error;
	} finally {
		release();
	}
}

async function runsIn({ sink }: Repository): Promise<string[]> {
	const runs: string[] = [];
	for await (const { name } of sink.list(RUNS)) runs.push(name.slice(RUNS.length));
	return runs;
}

async function parentIn(repository: Repository, base: Generation, canister: string) {
	const summary = base.snapshots.filter((each) => each.canister === canister).at(-1);
	return summary && { id: summary.id, snapshot: await repository.read(summary.id) };
}

/**
 * Adds the snapshot to the newest generation, and takes the marks off all that it relies on.
 * @throws Condemned where an object that it relies on was condemned since it began, or that cannot be told
 */
async function commit(
	repository: Repository,
	writer: ItemWriter,
	started: Generation,
	{ id, snapshot }: Attempted,
): Promise<void> {
	const isOurs = (object: string) => writer.isOwn(object) || writer.relied.has(object);
	await repository.generations.commit("backup", (base) => {
		const { condemned, condemnedAt, condemnedBefore, snapshots, marked } = base;
		const isParentKept =
			snapshot.parent === undefined || snapshots.some((each) => each.id === snapshot.parent);
		if (condemnedAt > started.generation) {
			// Without its parent, pages and chunks of that may be among them, which nothing here has counted.
			if (condemnedBefore > started.generation || condemned.some(isOurs) || !isParentKept)
				throw new Condemned();
		} else if (!isParentKept) throw new Condemned();
		return {
			snapshots: [...snapshots, summaryOf(id, snapshot)],
			marked: marked.filter(({ object }) => !isOurs(object)),
		};
	});
}

function add(totals: Written, written: Written): void {
	totals.objects += written.objects;
	totals.bytes += written.bytes;
	totals.chunkBytes += written.chunkBytes;
}

const resultOf = ({ id, snapshot, fetched, changes }: Attempted, written: Written): BackupResult => ({
	summary: summaryOf(id, snapshot),
	snapshot,
	changes,
	blobs: fetched.blobs,
	fetchedBytes: fetched.bytes,
	reusedBytes: fetched.reusedBytes,
	writtenBytes: written.bytes,
	writtenObjects: written.objects,
});
