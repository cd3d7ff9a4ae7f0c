import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { BackupError, damaged } from "../errors.js";
import {
	decodeGeneration,
	encodeGeneration,
	encodeShortened,
	type Generation,
	isShortened,
	MAX_GENERATION_BYTES,
	MAX_MARKS,
	MAX_SNAPSHOTS,
} from "../format/generation.js";
import { GENERATIONS_PER_FOLDER, generationFolder, generationName, hex, sha256 } from "../format/names.js";
import type { Sink } from "../sink.js";

/** The fields of a generation that a commit may change. */
export type Changes = Partial<
	Pick<Generation, "snapshots" | "marked" | "condemned" | "condemnedAt" | "condemnedBefore">
>;

interface Found {
	readonly value: Generation;
	readonly bytes: Uint8Array;
}

const MAX_ATTEMPTS = 100;
/** Number of the newest generations that keep their content. Older ones are shortened to their names. */
const KEPT_WHOLE = 16;

/**
 * The generations of a repository. Each is an object that is created once and whose name is never free again, so that
 * exactly one generation follows each generation. No other lock exists.
 */
export class Generations {
	readonly #sink: Sink;
	readonly #isSingleWriter: boolean;
	#folder = 0;

	constructor(sink: Sink, isSingleWriter: boolean) {
		this.#sink = sink;
		this.#isSingleWriter = isSingleWriter;
	}

	/** Makes generation 0. @returns false if it exists */
	async begin(): Promise<boolean> {
		const first = {
			generation: 0,
			parent: undefined,
			at: new Date().toISOString(),
			by: "init",
			snapshots: [],
			marked: [],
			condemned: [],
			condemnedAt: 0,
			condemnedBefore: 0,
			nonce: hex(randomBytes(16)),
		};
		return this.#create(generationName(0), encodeGeneration(first));
	}

	async latest(): Promise<Generation> {
		return (await this.#latest()).value;
	}

	async #latest(): Promise<Found> {
		const number = await this.#newest();
		const bytes = await this.#read(number);
		const value = decodeGeneration(generationName(number), bytes);
		if (value.generation !== number) throw damaged(generationName(number), "it is of another generation");
		return { value, bytes };
	}

	/** Generations are numbered without gaps, so the first generation of a folder shows whether the folder is used. */
	async #newest(): Promise<number> {
		while ((await this.#sink.size(generationName((this.#folder + 1) * GENERATIONS_PER_FOLDER))) !== undefined)
			this.#folder++;
		let next = this.#folder * GENERATIONS_PER_FOLDER;
		for await (const { name } of this.#sink.list(generationFolder(this.#folder))) {
			if (name !== generationName(next)) throw damaged(generationName(next), "this generation is missing");
			next++;
		}
		if (next === this.#folder * GENERATIONS_PER_FOLDER)
			throw damaged(generationName(next), "this generation is missing");
		return next - 1;
	}

	async #read(number: number): Promise<Uint8Array> {
		const name = generationName(number);
		const bytes = await this.#sink.get(name, 0, MAX_GENERATION_BYTES + 1);
		if (bytes === undefined) throw damaged(name, "this generation is missing");
		if (bytes.length > MAX_GENERATION_BYTES) throw damaged(name, "it is too long");
		return bytes;
	}

	/**
	 * Commits the generation that `change` makes of the newest one. Calls `change` again if another process committed
	 * first.
	 * @param change returns undefined to leave the repository unchanged
	 */
	async commit(
		by: string,
		change: (base: Generation) => Promise<Changes | undefined> | Changes | undefined,
	): Promise<Generation> {
		for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
			const { value: base, bytes: before } = await this.#latest();
			const changes = await change(base);
			if (changes === undefined) return base;
			const next = {
				...base,
				...changes,
				generation: base.generation + 1,
				parent: hex(sha256(before)),
				at: new Date().toISOString(),
				by,
				nonce: hex(randomBytes(16)),
			};
			const bytes = encodeGeneration(next);
			checkBounds(next, bytes);
			if (await this.#create(generationName(next.generation), bytes)) return next;
			await sleep(Math.random() * Math.min(1_000, 20 * attempt));
		}
		throw new BackupError("commit_contended", { attempts: MAX_ATTEMPTS });
	}

	/**
	 * Whether this process created the object, even if the response was lost and the sink reports that the name exists.
	 */
	async #create(name: string, bytes: Uint8Array): Promise<boolean> {
		if (this.#isSingleWriter) {
			if ((await this.#sink.size(name)) !== undefined) return false;
			await this.#sink.put(name, bytes);
			return true;
		}
		if (await this.#sink.create(name, bytes)) return true;
		const found = await this.#sink.get(name, 0, bytes.length + 1);
		return found !== undefined && Buffer.compare(found, bytes) === 0;
	}

	/** Shortens old generations to their names, which prevent a commit on top of an older generation. */
	async shorten(): Promise<void> {
		const newest = await this.#newest();
		for (let number = newest - KEPT_WHOLE; number >= 0; number--) {
			const bytes = await this.#read(number);
			if (isShortened(bytes, generationName(number))) return;
			await this.#sink.put(generationName(number), encodeShortened(number, bytes));
		}
	}

	/** Reads all generations, and yields an error for each that does not follow from the one before. */
	async *check(): AsyncGenerator<BackupError> {
		const newest = await this.#newest();
		let parent: string | undefined;
		for (let number = 0; number <= newest; number++) {
			const name = generationName(number);
			try {
				const bytes = await this.#read(number);
				if (isShortened(bytes, name)) {
					parent = undefined;
					continue;
				}
				const value = decodeGeneration(name, bytes);
				if (parent !== undefined && value.parent !== parent)
					yield damaged(name, "it does not follow from the generation before");
				parent = hex(sha256(bytes));
			} catch (error) {
				if (!(error instanceof BackupError)) throw error;
				parent = undefined;
				yield error;
			}
		}
	}
}

/**
 * Rejects a generation that no reader would accept: every later one is based on it, so the repository would be lost.
 */
function checkBounds({ snapshots, marked, condemned }: Generation, bytes: Uint8Array): void {
	if (snapshots.length > MAX_SNAPSHOTS || bytes.length > MAX_GENERATION_BYTES)
		throw new BackupError("option_invalid", {
			option: "snapshots",
			reason: "the repository holds too many. Forget some",
		});
	if (marked.length > MAX_MARKS || condemned.length > MAX_MARKS)
		throw new BackupError("option_invalid", {
			option: "marks",
			reason: `at most ${MAX_MARKS} objects are marked or condemned at a time`,
		});
}
