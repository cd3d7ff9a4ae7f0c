import { BackupError } from "../errors.js";
import type { Generation } from "../format/generation.js";
import { encodeJson } from "../format/json.js";
import { RUNS, runName } from "../format/names.js";
import { type Snapshot, summaryOf } from "../format/snapshot.js";
import { compactIndexes } from "../repository/compact.js";
import type { ItemWriter, Written } from "../repository/item-writer.js";
import type { Repository } from "../repository/repository.js";
import { adoptOrphans } from "./adopt.js";

const MAX_ATTEMPTS = 20;

/** Thrown within a commit where what was written or relied on may be gone. */
class Condemned extends Error {}

/** A snapshot whose items are all in the repository, and which nothing names yet. */
export interface NewSnapshot {
	readonly id: string;
	readonly snapshot: Snapshot;
}

export interface WritingOptions {
	readonly by: string;
	readonly signal: AbortSignal;
	readonly note: (text: string) => void;
	/** Whether they stand among the others by their times; else they come last, whatever a clock said. */
	readonly isByTime: boolean;
	/** The snapshot in the repository whose pages and chunks count as there without having been looked for. */
	readonly relied: (snapshot: Snapshot) => string | undefined;
}

/**
 * Has snapshots written, and adds them to the repository by one commit. Where what they rely on was condemned meanwhile,
 * they are written again.
 * @param write is told what the repository has, and writes what it has not
 */
export async function addSnapshots<Made extends { readonly snapshots: readonly NewSnapshot[] }>(
	repository: Repository,
	options: WritingOptions,
	write: (writer: ItemWriter, base: Generation) => Promise<Made>,
): Promise<{ readonly made: Made; readonly written: Written }> {
	const { signal, note } = options;
	const written: Written = { objects: 0, bytes: 0, chunkBytes: 0 };
	const dead = await runsIn(repository);
	const runs: string[] = [];
	for (let attempt = 1; ; attempt++) {
		const base = await repository.refresh();
		// A name of its own for each, so that what was condemned of the one is no object of the other.
		const writer = repository.writer(signal);
		runs.push(writer.run);
		await repository.sink.put(runName(writer.run), encodeJson({ at: new Date().toISOString() }));
		try {
			if (attempt === 1 && dead.length > 0) await adoptOrphans(repository, writer, new Set(dead));
			const made = await write(writer, base);
			if (made.snapshots.length > 0) await commit(repository, writer, base, made.snapshots, options);
			add(written, writer.written);
			await compactIndexes(repository);
			for (const name of [...runs, ...dead]) await repository.sink.delete(runName(name));
			return { made, written };
		} catch (error) {
			signal.throwIfAborted();
			await writer.settle();
			add(written, writer.written);
			if (!(error instanceof Condemned)) throw error;
			if (attempt === MAX_ATTEMPTS) throw new BackupError("commit_contended", { attempts: attempt });
			note("Another process deletes what this one relies on: it looks again.");
		}
	}
}

async function runsIn({ sink }: Repository): Promise<string[]> {
	const runs: string[] = [];
	for await (const { name } of sink.list(RUNS)) runs.push(name.slice(RUNS.length));
	return runs;
}

/**
 * Adds the snapshots to the newest generation, and takes the marks off all that they rely on.
 * @throws Condemned where an object that they rely on was condemned since they began, or that cannot be told
 */
async function commit(
	repository: Repository,
	writer: ItemWriter,
	started: Generation,
	made: readonly NewSnapshot[],
	{ by, relied, isByTime }: WritingOptions,
): Promise<void> {
	const isOurs = (object: string) => writer.isOwn(object) || writer.relied.has(object);
	const needed = made.map(({ snapshot }) => relied(snapshot)).filter((id) => id !== undefined);
	await repository.generations.commit(by, (base) => {
		const { condemned, condemnedAt, condemnedBefore, snapshots, marked } = base;
		const areKept = needed.every((id) => snapshots.some((each) => each.id === id));
		// Without them, pages and chunks of theirs may be gone, which nothing here has counted.
		if (!areKept) throw new Condemned();
		if (condemnedAt > started.generation && (condemnedBefore > started.generation || condemned.some(isOurs)))
			throw new Condemned();
		const added = made
			.filter(({ id }) => !snapshots.some((each) => each.id === id))
			.map(({ id, snapshot }) => summaryOf(id, snapshot));
		return {
			snapshots: isByTime ? byTime([...snapshots, ...added]) : [...snapshots, ...added],
			marked: marked.filter(({ object }) => !isOurs(object)),
		};
	});
}

const byTime = <T extends { readonly at: string }>(snapshots: readonly T[]): T[] =>
	[...snapshots].sort((a, b) => Date.parse(a.at) - Date.parse(b.at));

function add(totals: Written, written: Written): void {
	totals.objects += written.objects;
	totals.bytes += written.bytes;
	totals.chunkBytes += written.chunkBytes;
}
