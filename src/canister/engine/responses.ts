import { fromUnits } from "../../protocol/codec/utf8.js";
import { chunkCount, SHA256_BYTES, type WireManifest } from "../../protocol/index.js";
import type { LabelSets } from "../catalog/index.js";
import type { Hashing } from "../hashing.js";
import type { StableMap } from "../ports.js";
import { Blob, type Blobs, type Place } from "./blobs.js";
import type { Certified } from "./certified.js";
import { Reader, u64Key, Writer } from "./codec.js";
import type { ContentTrees } from "./content.js";
import type { Contents } from "./contents.js";
import type { HttpHashes } from "./http.js";
import type { Queue } from "./queue.js";

/** Hashes made, or labels put into a set, in one step: about 100 M instructions. */
const HASHES_PER_STEP = 1_000;
/** Nodes of a set freed in one step. */
const NODES_PER_STEP = 100;
/** What a step weighs beside what it does: reading the task and the blob, writing the next task. */
const LEAST_STEP = 20;

const NO_BYTES = new Uint8Array(0);

/** Frozen, since they are stored. */
const TASK = { hash: 1, sort: 2, build: 3, drop: 4 } as const;

/** The next step for one blob's answers, or for a set that nobody needs any more. */
interface Task {
	readonly kind: (typeof TASK)[keyof typeof TASK];
	/** Which version of which key this is for. */
	readonly sequence: number;
	readonly key: string;
	/** Steps of this kind that are done. */
	readonly done: number;
	/** The catalog's set. */
	readonly set: number;
}

/**
 * What HTTP certification needs of a public blob: the hash of each answer that it may be given as. One answer is
 * hashed with the change that publishes it. A blob of many chunks is published first; a timer hashes its answers
 * step by step, sorts them, builds the catalog's set of them, and then certifies them beside the manifest.
 */
export class Responses {
	readonly #queue: Queue;
	readonly #work: StableMap;
	readonly #blobs: Blobs;
	readonly #contents: Contents;
	readonly #certified: Certified;
	readonly #sets: LabelSets;
	readonly #trees: ContentTrees;
	readonly #http: HttpHashes;
	readonly #hashing: Hashing;

	constructor(parts: {
		queue: Queue;
		work: StableMap;
		blobs: Blobs;
		contents: Contents;
		certified: Certified;
		sets: LabelSets;
		trees: ContentTrees;
		http: HttpHashes;
		hashing: Hashing;
	}) {
		this.#queue = parts.queue;
		this.#work = parts.work;
		this.#blobs = parts.blobs;
		this.#contents = parts.contents;
		this.#certified = parts.certified;
		this.#sets = parts.sets;
		this.#trees = parts.trees;
		this.#http = parts.http;
		this.#hashing = parts.hashing;
	}

	get length(): number {
		return this.#queue.length;
	}

	/** The place with what can be certified of a blob's answers at once; the rest is put on the list of work. */
	prepare(manifest: WireManifest, place: Place): Place {
		if (!("public" in manifest.visibility) || place.responses.length > 0) return place;
		if (place.content === 0) {
			const body = place.leaf.length > 0 ? place.leaf : this.#hashing.sha256(NO_BYTES);
			const responses = this.#trees.oneResponse(this.#http.whole(manifest, body));
			const { content, leaf, uploader, directory } = place;
			return { content, leaf, uploader, responses, directory };
		}
		const sequence = Number(manifest.sequence);
		this.#push({ kind: TASK.hash, sequence, key: manifest.key, done: 0, set: 0 });
		return place;
	}

	/** A place whose answers are not certified any more, since they are others now, or private. */
	without(place: Place): Place {
		if (place.directory !== 0) this.drop(place.directory);
		return { ...place, responses: NO_BYTES, directory: 0 };
	}

	/** Frees a set, later. */
	drop(set: number): void {
		this.#push({ kind: TASK.drop, sequence: 0, key: "", done: 0, set });
	}

	/** Works for a bounded time on the tasks that have waited longest. */
	work(): void {
		for (let left = HASHES_PER_STEP; left > 0; ) {
			const record = this.#queue.peek();
			if (record === undefined) return;
			const task = decode(record);
			const blob = task.kind === TASK.drop ? undefined : this.#blobs.get(task.key);
			// A step of a small blob is small, and there may be many of them.
			left -= LEAST_STEP + Math.min(HASHES_PER_STEP, blob === undefined ? NODES_PER_STEP : countOf(blob));
			const next = task.kind === TASK.drop ? this.#drop(task) : this.#advance(task, blob);
			if (next === undefined) this.#queue.shift();
			else this.#queue.replaceHead(encode(next));
		}
	}

	#drop(task: Task): Task | undefined {
		return this.#sets.discard(task.set, NODES_PER_STEP) ? undefined : task;
	}

	#advance(task: Task, blob: Blob | undefined): Task | undefined {
		const steps = blob === undefined ? 0 : Math.ceil(countOf(blob) / HASHES_PER_STEP);
		// Replaced, renamed or made private meanwhile: what was made for it is thrown away.
		if (blob === undefined || blob.sequence !== task.sequence || !blob.isPublic) {
			const first = task.kind === TASK.build ? task.done : 0;
			for (let step = first; this.#forget(task, step); step++);
			return task.set === 0 ? undefined : { ...task, kind: TASK.drop };
		}
		if (task.kind === TASK.hash) {
			this.#hash(blob, task);
			const done = task.done + 1;
			return done < steps ? { ...task, done } : { ...task, kind: TASK.sort, done: 0 };
		}
		if (task.kind === TASK.sort) {
			this.#sort(task, steps);
			return { ...task, kind: TASK.build };
		}
		const set = this.#sets.add(task.set, this.#labels(task, task.done));
		this.#forget(task, task.done);
		const done = task.done + 1;
		if (done < steps) return { ...task, done, set };
		this.#finish(blob, set);
		return undefined;
	}

	#hash(blob: Blob, task: Task): void {
		const from = task.done * HASHES_PER_STEP;
		const to = Math.min(countOf(blob), from + HASHES_PER_STEP);
		const leaves = new Uint8Array((to - from) * SHA256_BYTES);
		this.#contents.copyLeaves(blob.place.content, from, to, leaves);
		this.#work.set(workKey(task, task.done), this.#http.parts(blob.manifest, from, leaves));
	}

	/**
	 * Puts all hashes in order, 65,000 at the most: as texts, which the engine compares itself, each with its place in
	 * two units behind it.
	 */
	#sort(task: Task, steps: number): void {
		const parts: Uint8Array[] = [];
		const texts: string[] = [];
		for (let step = 0; step < steps; step++) {
			const part = this.#read(task, step);
			parts.push(part);
			for (let at = 0; at < part.length; at += SHA256_BYTES)
				texts.push(
					fromUnits(part.subarray(at, at + SHA256_BYTES)) + String.fromCharCode(step, at / SHA256_BYTES),
				);
		}
		texts.sort();
		for (let step = 0; step < steps; step++) {
			const some = texts.slice(step * HASHES_PER_STEP, (step + 1) * HASHES_PER_STEP);
			const sorted = new Uint8Array(some.length * SHA256_BYTES);
			for (let i = 0; i < some.length; i++) {
				const text = some[i]!;
				const at = text.charCodeAt(SHA256_BYTES + 1) * SHA256_BYTES;
				sorted.set(parts[text.charCodeAt(SHA256_BYTES)]!.subarray(at, at + SHA256_BYTES), i * SHA256_BYTES);
			}
			this.#work.set(workKey(task, step), sorted);
		}
	}

	#labels(task: Task, step: number): Uint8Array[] {
		const part = this.#read(task, step);
		const labels: Uint8Array[] = [];
		for (let at = 0; at < part.length; at += SHA256_BYTES) labels.push(part.subarray(at, at + SHA256_BYTES));
		return labels;
	}

	#finish(blob: Blob, set: number): void {
		const responses = this.#trees.responses(this.#sets.digest(set));
		const done = new Blob(blob.manifest, { ...blob.place, responses, directory: set }, blob.encoded.bytes);
		this.#blobs.set(done);
		this.#certified.put(done, blob);
	}

	#push(task: Task): void {
		this.#queue.push(encode(task));
	}

	#read(task: Task, step: number): Uint8Array {
		const part = this.#work.get(workKey(task, step));
		if (part === undefined) throw new Error("hashes of answers that were made are gone");
		return part;
	}

	/** False if there was nothing. */
	#forget(task: Task, step: number): boolean {
		const key = workKey(task, step);
		if (!this.#work.has(key)) return false;
		this.#work.delete(key);
		return true;
	}
}

const countOf = ({ manifest }: Blob): number => chunkCount(manifest.size, manifest.chunk_size);

/** A version's hashes are made once, so its number names the work. */
function workKey({ sequence }: Task, step: number): Uint8Array {
	const key = new Uint8Array(9);
	key.set(u64Key(sequence));
	key[8] = step;
	return key;
}

const encode = ({ kind, sequence, key, done, set }: Task): Uint8Array =>
	new Writer().u8(kind).u64(sequence).u32(done).u32(set).text(key).done();

function decode(record: Uint8Array): Task {
	const reader = new Reader(record);
	return {
		kind: reader.u8() as Task["kind"],
		sequence: reader.u64(),
		done: reader.u32(),
		set: reader.u32(),
		key: reader.text(),
	};
}
