import { throwIfAborted } from "../../client/util/abort.js";
import { checkOptions, PRUNE } from "../checks.js";
import { BackupError, damaged } from "../errors.js";
import { type Generation, MAX_MARKS, type Mark } from "../format/generation.js";
import { CHUNKS, PACKS, parseChunkName } from "../format/names.js";
import { rewriteIndexes } from "../repository/compact.js";
import { type FoundRecord, IndexGone, type Segment } from "../repository/item-index.js";
import type { Repository } from "../repository/repository.js";
import { RecordSet, visit } from "./needed.js";

/** Options of `prune`. */
export interface PruneOptions {
	/**
	 * Milliseconds from mark to deletion, by this machine's clock. A shorter time is safe but costs work: a backup that
	 * runs longer writes again what it has lost. With 0, marked objects are deleted at once, in a generation of their
	 * own. @default 86,400,000 (a day)
	 */
	readonly graceMs?: number | undefined;
	/** Rewrites a pack if less than this share of its bytes is needed. @default 0.5 */
	readonly minUsed?: number | undefined;
	/** Reports what would be done, and changes nothing. @default false */
	readonly dryRun?: boolean | undefined;
	/** Aborts the prune between two objects. */
	readonly signal?: AbortSignal | undefined;
}

/** Result of a prune, or of a dry run. */
export interface PruneResult {
	/** Unneeded objects that this prune marked. */
	readonly marked: number;
	/** Objects marked before that this prune deleted. */
	readonly deleted: number;
	/** Size of the deleted objects in bytes. */
	readonly deletedBytes: number;
	/** Packs whose needed items were written into other packs. */
	readonly rewritten: number;
	/** Size in bytes of the objects that snapshots need. */
	readonly neededBytes: number;
}

const DAY_MS = 86_400_000;
const MAX_ATTEMPTS = 20;

/** Another process made a generation during this prune, so its findings may be outdated. */
class Outrun extends Error {}

/**
 * Frees objects that no snapshot needs, in two steps: see "Deleting without locks" in docs/BACKUP.md. Backups and
 * prunes may run at the same time.
 * @throws BackupError `repository_damaged`, `item_missing` if a snapshot cannot be read: then nothing is deleted
 */
export async function prune(repository: Repository, options: PruneOptions = {}): Promise<PruneResult> {
	checkOptions(options, PRUNE);
	const first = await pruneOnce(repository, options);
	if (options.graceMs !== 0 || options.dryRun) return first;
	const second = await pruneOnce(repository, options);
	return {
		...second,
		marked: first.marked,
		deleted: first.deleted + second.deleted,
		deletedBytes: first.deletedBytes + second.deletedBytes,
		rewritten: first.rewritten + second.rewritten,
	};
}

async function pruneOnce(repository: Repository, options: PruneOptions): Promise<PruneResult> {
	for (let attempt = 1; ; attempt++) {
		try {
			return await attemptPrune(repository, options);
		} catch (error) {
			if (!(error instanceof Outrun) && !(error instanceof IndexGone)) throw error;
			if (attempt === MAX_ATTEMPTS) throw new BackupError("commit_contended", { attempts: attempt }, error);
		}
	}
}

async function attemptPrune(repository: Repository, options: PruneOptions): Promise<PruneResult> {
	const { graceMs = DAY_MS, dryRun = false, signal } = options;
	const { sink, generations, index } = repository;
	const base = await repository.refresh();
	const { segments } = index;
	// Objects that a killed prune condemned. They are gone for all processes.
	if (!dryRun) for (const object of base.condemned) await sink.delete(object);
	const needs = await needsOf(repository, base, options);
	const found = await unneeded(repository, base, needs, signal);
	const before = new Map(base.marked.map((mark) => [mark.object, mark]));
	const now = Date.now();
	const isDue = ({ at }: Mark) => now - Date.parse(at) >= graceMs;
	const marked: Mark[] = [];
	const condemned: string[] = [];
	let deletedBytes = 0;
	for (const { object, bytes } of found.unneeded) {
		const mark = before.get(object);
		if (mark && isDue(mark)) {
			condemned.push(object);
			deletedBytes += bytes;
		} else marked.push(mark ?? { object, generation: base.generation + 1, at: new Date(now).toISOString() });
	}
	const result = {
		marked: marked.filter(({ object }) => !before.has(object)).length,
		deleted: condemned.length,
		deletedBytes,
		rewritten: needs.rewritten.size,
		neededBytes: found.neededBytes,
	};
	if (dryRun) return result;
	throwIfAborted(signal);
	await generations.commit("prune", ({ generation, condemnedAt }) => {
		// Needed items were counted by records, which move when indexes are merged.
		if (generation !== base.generation || index.segments !== segments) throw new Outrun();
		const isNew = condemned.length > 0;
		return {
			marked,
			// The last condemned objects stay named: by these names a paused backup detects what it has lost.
			condemned: isNew ? condemned : base.condemned,
			condemnedAt: isNew ? generation + 1 : condemnedAt,
			condemnedBefore: isNew ? condemnedAt : base.condemnedBefore,
		};
	});
	await repository.refresh();
	for (const object of condemned) await sink.delete(object);
	await forgetInIndexes(repository, new Set([...condemned, ...base.condemned]));
	await generations.shorten();
	await sink.tidy?.();
	return result;
}

interface Needs {
	readonly records: RecordSet;
	/** Packs that contain a needed item. */
	readonly packs: ReadonlySet<string>;
	/** Packs whose needed items are now in other packs. */
	readonly rewritten: ReadonlySet<string>;
}

/** The records that snapshots need: one copy of each item. */
async function needsOf(
	repository: Repository,
	{ snapshots, marked }: Generation,
	{ minUsed = 0.5, dryRun, signal }: PruneOptions,
): Promise<Needs> {
	const { sink, index, items } = repository;
	const records = new RecordSet();
	const used = new Map<string, { bytes: number; readonly size: number }>();
	const isThere = new Map<string, boolean>();
	const marks = new Set(marked.map(({ object }) => object));
	await visit(repository, snapshots, {
		item: async (sha, blob) => {
			throwIfAborted(signal);
			const found = await index.find(sha);
			if (found.some((record) => records.has(record))) return "seen";
			// Of two copies, choose the one to keep.
			const isMarked = ({ location }: FoundRecord) => (marks.has(location.object) ? 1 : 0);
			for (const record of [...found].sort((a, b) => isMarked(a) - isMarked(b))) {
				const { object, objectBytes, length } = record.location;
				let there = isThere.get(object);
				if (there === undefined) {
					there = (await sink.size(object)) === objectBytes;
					if (!parseChunkName(object)) isThere.set(object, there);
				}
				if (!there) continue;
				// Several indexes may name the same object.
				for (const each of found) if (each.location.object === object) records.add(each);
				if (!parseChunkName(object)) {
					const use = used.get(object) ?? { bytes: 0, size: objectBytes };
					use.bytes += length;
					used.set(object, use);
				}
				return "new";
			}
			// Without its chunk a blob cannot be restored, but nothing else depends on the chunk.
			if (blob) return "bad";
			throw damaged(sha, "a page or snapshot is missing");
		},
		broken: (what, reason, blob) => {
			if (!blob) throw damaged(what, reason);
		},
	});
	const packs = new Set(used.keys());
	const rewritten = new Set(
		[...used].filter(([, { bytes, size }]) => bytes < size * minUsed).map(([name]) => name),
	);
	if (dryRun || rewritten.size === 0) return { records, packs, rewritten };
	const writer = repository.writer(signal ?? new AbortController().signal);
	for await (const record of index.all()) {
		const { location } = record;
		if (!rewritten.has(location.object) || !records.has(record)) continue;
		const bytes = await items.readAt(location);
		// `repair` handles damage: the pack stays unchanged.
		if (bytes === undefined) rewritten.delete(location.object);
		else await writer.rewrite(location.kind, location.sha, bytes);
	}
	await writer.flush();
	for (const object of rewritten) packs.delete(object);
	for (const object of writer.ownPacks) packs.add(object);
	return { records, packs, rewritten };
}

async function unneeded(
	{ sink, index }: Repository,
	{ marked, condemned }: Generation,
	{ records, packs }: Needs,
	signal: AbortSignal | undefined,
) {
	const gone = new Set(condemned);
	const marks = new Set(marked.map(({ object }) => object));
	const found: { readonly object: string; readonly bytes: number }[] = [];
	let neededBytes = 0;
	let room = MAX_MARKS - marks.size;
	for (const prefix of [CHUNKS, PACKS])
		for await (const { name, size } of sink.list(prefix)) {
			throwIfAborted(signal);
			if (gone.has(name)) continue;
			const chunk = parseChunkName(name);
			const isNeeded = chunk
				? (await index.find(chunk.sha)).some(
						(record) => record.location.object === name && records.has(record),
					)
				: packs.has(name);
			if (isNeeded) neededBytes += size;
			// Objects beyond the limit wait for a later prune; those marked before come first.
			else if (marks.has(name) || room-- > 0) found.push({ object: name, bytes: size });
		}
	return { unneeded: found, neededBytes };
}

/** Rewrites the indexes that name deleted objects. */
export async function forgetInIndexes(repository: Repository, gone: ReadonlySet<string>): Promise<void> {
	if (gone.size === 0) return;
	const stale = new Set<Segment>();
	try {
		for await (const { segment, location } of repository.index.all())
			if (gone.has(location.object)) stale.add(segment);
	} catch (error) {
		// Another process merged the index. A record of a deleted object does no harm, and the next prune finds it.
		if (!(error instanceof IndexGone)) throw error;
	}
	if (stale.size > 0) await rewriteIndexes(repository, [...stale], ({ object }) => !gone.has(object));
}
