import { createReadStream } from "node:fs";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { sortable } from "../../protocol/listing.js";
import type { Json } from "../format/json.js";
import { orFull } from "../full.js";

/** Changes held in memory. Further changes are sorted into files. */
const IN_MEMORY = 4_096;
/** Files merged at a time. */
const MAX_FILES = 64;
const BLOCK_BYTES = 16_384;

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
	/** As lines of JSON, which take a third of the memory of objects. */
	#changes = new Map<string, string>();
	/** Runs, the oldest first. */
	#runs: Run[] = [];
	#directory: string | undefined;
	#made = 0;

	async set(key: string, value: T | null): Promise<void> {
		this.#changes.set(key, JSON.stringify({ key, value }));
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
		yield* merged<T>([...runs.map(({ path }) => readRun<T>(path)), parsed<T>(sorted(changes))]);
		for (const { path } of runs) await rm(path, { force: true });
	}

	/** Removes the files. */
	async dispose(): Promise<void> {
		if (this.#directory) await rm(this.#directory, { recursive: true, force: true });
	}

	async #spill(): Promise<void> {
		await this.#write(sorted(this.#changes));
		this.#changes = new Map();
		if (this.#runs.length < MAX_FILES) return;
		const runs = this.#runs;
		this.#runs = [];
		await this.#write(linesOf(merged<T>(runs.map(({ path }) => readRun<T>(path)))));
		for (const { path } of runs) await rm(path, { force: true });
	}

	async #write(lines: Iterable<string> | AsyncIterable<string>): Promise<void> {
		this.#directory ??= await mkdtemp(join(tmpdir(), "canister-blobs-backup-"));
		const path = join(this.#directory, `${this.#made++}.jsonl`);
		// The files contain keys and metadata of private blobs: only this user may read them.
		const file = await open(path, "wx", 0o600);
		const text = async function* () {
			for await (const line of lines) yield `${line}\n`;
		};
		await pipeline(text, file.createWriteStream()).catch((error) => {
			throw orFull(error, path, tmpdir());
		});
		this.#runs.push({ path });
	}
}

function sorted(changes: ReadonlyMap<string, string>): string[] {
	return [...changes]
		.map(([key, line]) => ({ order: sortable(key), line }))
		.sort((a, b) => (a.order < b.order ? -1 : 1))
		.map(({ line }) => line);
}

async function* parsed<T>(lines: readonly string[]): AsyncGenerator<Logged<T>> {
	for (const line of lines) yield JSON.parse(line) as Logged<T>;
}

async function* linesOf<T>(changes: AsyncIterable<Logged<T>>): AsyncGenerator<string> {
	for await (const change of changes) yield JSON.stringify(change);
}

/** Holds one block of the file. Many runs are read at a time, and `readline` would hold a thousand lines of each. */
async function* readRun<T>(path: string): AsyncGenerator<Logged<T>> {
	let rest = "";
	for await (const block of createReadStream(path, { encoding: "utf8", highWaterMark: BLOCK_BYTES })) {
		const lines = `${rest}${block}`.split("\n");
		rest = lines.pop() as string;
		for (const line of lines) yield JSON.parse(line) as Logged<T>;
	}
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
