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

/** Thrown within a commit if written or relied-on objects may be gone. */
class Condemned extends Error {}

/** A snapshot whose items are all in the repository, and that no generation names yet. */
export interface NewSnapshot {
	readonly id: string;
	readonly snapshot: Snapshot;
}

export interface WritingOptions {
	readonly by: string;
	readonly signal: AbortSignal;
	readonly note: (text: string) => void;
	/** Whether they are inserted by their times; otherwise they come last, whatever their times. */
	readonly isByTime: boolean;
	/** The snapshot in the repository whose pages and chunks count as present without a look-up. */
	readonly relied: (snapshot: Snapshot) => string | undefined;
}

/**
 * Calls `write` for new snapshots, and adds them to the repository by one commit. Calls it again if objects that they
 * rely on were condemned meanwhile.
 * @param write gets the state of the repository, and writes what the repository lacks
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
		// A new writer for each attempt, so that no object has the name of a condemned one.
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
 * Adds the snapshots to the newest generation, and unmarks all objects that they rely on.
 * @throws Condemned if an object that they rely on was condemned since they began, or if that is unknown
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
		// If the relied-on snapshot was forgotten, its pages and chunks may be gone, and the writer has not recorded
		// them.
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
