import { createReadStream } from "node:fs";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pipeline } from "node:stream/promises";
import { sortable } from "../../protocol/listing.js";
import { BackupError } from "../errors.js";
import type { Json } from "../format/json.js";
import { whyFull } from "../full.js";

/** Changes held in memory. Further changes are sorted into files. */
const IN_MEMORY = 8_192;
/** Files merged at a time. */
const MAX_FILES = 64;

/** The last change of a key: its value, or null if the key is empty. */
export interface Logged<T> {
	readonly key: string;
	readonly value: T | null;
}

interface Run {
	readonly path: string;
}

/**
 * The last change of each key, for any number of keys, in the order of keys. Holds a bounded number of changes in
 * memory, and the others in sorted files of its own directory.
 */
export class ChangeLog<T extends Json> {
	#changes = new Map<string, T | null>();
	/** Runs, the oldest first. */
	#runs: Run[] = [];
	#directory: string | undefined;
	#made = 0;

	async set(key: string, value: T | null): Promise<void> {
		this.#changes.set(key, value);
		if (this.#changes.size >= IN_MEMORY) await this.#spill();
	}

	/** Whether the log is empty. */
	get isEmpty(): boolean {
		return this.#changes.size === 0 && this.#runs.length === 0;
	}

	/** All logged changes, sorted, each key once. Empties the log. */
	async *take(): AsyncGenerator<Logged<T>> {
		const runs = this.#runs;
		const changes = this.#changes;
		this.#runs = [];
		this.#changes = new Map();
		yield* merged<T>([...runs.map(({ path }) => readRun<T>(path)), fromMemory(sorted(changes))]);
		for (const { path } of runs) await rm(path, { force: true });
	}

	/** Removes the files. */
	async dispose(): Promise<void> {
		if (this.#directory) await rm(this.#directory, { recursive: true, force: true });
	}

	async #spill(): Promise<void> {
		await this.#write(fromMemory(sorted(this.#changes)));
		this.#changes = new Map();
		if (this.#runs.length < MAX_FILES) return;
		const runs = this.#runs;
		this.#runs = [];
		await this.#write(merged<T>(runs.map(({ path }) => readRun<T>(path))));
		for (const { path } of runs) await rm(path, { force: true });
	}

	async #write(changes: AsyncIterable<Logged<T>>): Promise<void> {
		this.#directory ??= await mkdtemp(join(tmpdir(), "canister-blobs-backup-"));
		const path = join(this.#directory, `${this.#made++}.jsonl`);
		// The files contain keys and metadata of private blobs: only this user may read them.
		const file = await open(path, "wx", 0o600);
		const lines = async function* () {
			for await (const change of changes) yield `${JSON.stringify(change)}\n`;
		};
		await pipeline(lines, file.createWriteStream()).catch((error) => {
			const reason = whyFull(error, tmpdir());
			throw reason === undefined ? error : new BackupError("path_refused", { path, reason }, error);
		});
		this.#runs.push({ path });
	}
}

function sorted<T>(changes: ReadonlyMap<string, T | null>): Logged<T>[] {
	return [...changes]
		.map(([key, value]) => ({ order: sortable(key), change: { key, value } }))
		.sort((a, b) => (a.order < b.order ? -1 : 1))
		.map(({ change }) => change);
}

async function* fromMemory<T>(changes: readonly Logged<T>[]): AsyncGenerator<Logged<T>> {
	yield* changes;
}

async function* readRun<T>(path: string): AsyncGenerator<Logged<T>> {
	const lines = createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY });
	for await (const line of lines) yield JSON.parse(line) as Logged<T>;
}

interface Head<T> {
	readonly order: string;
	readonly change: Logged<T>;
	readonly source: AsyncGenerator<Logged<T>>;
	readonly age: number;
}

/** Merges sorted sources. If several have a key, the last source wins. */
async function* merged<T>(sources: readonly AsyncGenerator<Logged<T>>[]): AsyncGenerator<Logged<T>> {
	const heads: Head<T>[] = [];
	const advance = async (source: AsyncGenerator<Logged<T>>, age: number) => {
		const { done, value } = await source.next();
		if (!done) heads.push({ order: sortable(value.key), change: value, source, age });
	};
	for (const [age, source] of sources.entries()) await advance(source, age);
	while (heads.length > 0) {
		const least = heads.reduce((a, b) =>
			b.order < a.order || (b.order === a.order && b.age > a.age) ? b : a,
		);
		yield least.change;
		for (const head of heads.filter(({ order }) => order === least.order)) {
			heads.splice(heads.indexOf(head), 1);
			await advance(head.source, head.age);
		}
	}
}
