import { fromUnits } from "../../../protocol/codec/utf8.js";
import { chunkCount, isPublic, SHA256_BYTES, sameBytes, type WireManifest } from "../../../protocol/index.js";
import type { LabelSets } from "../../catalog/index.js";
import { concat } from "../base/codec.js";
import type { FairQueue } from "../base/fair-queue.js";
import type { HttpHashes } from "../http/hashes.js";
import { isRanged } from "../http/headers.js";
import { type OwnAnswers, PAIR_BYTES, type Substance } from "../http/own-answers.js";
import { isPlain } from "../http/plain.js";
import { Blob, type Blobs, type Place } from "../store/blobs.js";
import type { Chunks } from "../store/chunks.js";
import type { LeafLists } from "../store/leaf-lists.js";
import { type AnswerSet, AnswerSets } from "./answer-sets.js";
import { decodeTask, encodeTask, TASK, type Task } from "./answer-tasks.js";
import { MOST_OF_CLEANING } from "./budget.js";
import type { Certified } from "./certified.js";
import type { KeyTrees } from "./key-tree.js";

/** Hashes made, or labels put into a set, in one step: about 100 M instructions. */
const HASHES_PER_STEP = 1_000;
/** Nodes of a set freed in one step, or blobs forgotten that waited for it. */
const NODES_PER_STEP = 100;
/** What a step weighs beside what it does: reading the task and the set, writing the next task. */
const LEAST_STEP = 20;
/** What certifying a blob weighs. */
const BLOB_WEIGHT = 30;

const NO_BYTES = new Uint8Array(0);

/**
 * Makes what HTTP certification needs of a public blob: the hash of each answer that it may be given as. One answer is
 * hashed with the change that publishes it. A blob of several chunks is published first; a timer hashes its answers
 * step by step, sorts them, builds the catalog's set of them, and then certifies them beside the manifest. Blobs of the
 * same content and type share the set, so that a copy, a rename or an update of metadata hashes none of them again.
 * The principal who caused the work has it in its own queue.
 */
export class Responses {
	readonly #queue: FairQueue;
	readonly #sets: AnswerSets;
	readonly #blobs: Blobs;
	readonly #leafLists: LeafLists;
	readonly #chunks: Chunks;
	readonly #own: OwnAnswers;
	readonly #certified: Certified;
	readonly #labelSets: LabelSets;
	readonly #trees: KeyTrees;
	readonly #http: HttpHashes;
	/** To be called before what a key holds is changed. */
	readonly #settleKey: (key: string) => void;

	constructor(parts: {
		queue: FairQueue;
		sets: AnswerSets;
		blobs: Blobs;
		leafLists: LeafLists;
		chunks: Chunks;
		own: OwnAnswers;
		certified: Certified;
		labelSets: LabelSets;
		trees: KeyTrees;
		http: HttpHashes;
		settleKey: (key: string) => void;
	}) {
		this.#queue = parts.queue;
		this.#sets = parts.sets;
		this.#blobs = parts.blobs;
		this.#leafLists = parts.leafLists;
		this.#chunks = parts.chunks;
		this.#own = parts.own;
		this.#certified = parts.certified;
		this.#labelSets = parts.labelSets;
		this.#trees = parts.trees;
		this.#http = parts.http;
		this.#settleKey = parts.settleKey;
	}

	/** Sets that are being made, certified or dropped. */
	get length(): number {
		return this.#queue.length;
	}

	/**
	 * The place of a blob that has its answers from now on, by a change of `by`: with what can be certified of them at
	 * once. What is missing is put on the list of work. The place may have the blob's first bytes (pairOf) already.
	 */
	hold(by: Uint8Array, manifest: WireManifest, place: Place): Place {
		return this.#answered(by, manifest, place, 1);
	}

	/** The place of a blob that keeps what it shares under another manifest: of the same content and type. */
	keep(by: Uint8Array, manifest: WireManifest, place: Place): Place {
		return this.#answered(by, manifest, place, 0);
	}

	/** The same where its own answers stay as they are: they say nothing of its key, and were made by the rules of now. */
	keepOwn(by: Uint8Array, manifest: WireManifest, place: Place): Place {
		return AnswerSets.isFor(manifest, place.content) ? this.keep(by, manifest, place) : place;
	}

	/** `more`: by how many blobs more the shared answers are held. */
	#answered(by: Uint8Array, manifest: WireManifest, place: Place, more: 0 | 1): Place {
		if (!isPublic(manifest)) return place;
		const { content } = place;
		if (!AnswerSets.isFor(manifest, content)) return this.#whole(manifest, place);
		const set = this.#current(by, manifest, content);
		return this.#place(by, manifest, place, { ...set, holders: set.holders + more });
	}

	/** The same for a blob as it is, after a change of the rules: undefined where all that is certified is of them. */
	renewed(blob: Blob): Place | undefined {
		const { manifest, place } = blob;
		const next = this.keep(blob.owner, manifest, place);
		return sameBytes(next.responses, place.responses) && next.directory === place.directory
			? undefined
			: next;
	}

	/**
	 * Whether the answers that a blob shares are there, by the rules of now, so that it has them at once: if not, they are
	 * being made from now on. It holds them already.
	 */
	areMade(by: Uint8Array, manifest: WireManifest, place: Place): boolean {
		if (!isPublic(manifest) || !AnswerSets.isFor(manifest, place.content)) return true;
		const known = this.#sets.get(place.content, manifest.content_type);
		if (known?.made === this.#own.print) return known.labels !== 0;
		this.keep(by, manifest, place);
		return false;
	}

	/** What of the blob's bytes its answers need. @throws where none are certified yet but that it has just come */
	substance({ manifest, place }: Pick<Blob, "manifest" | "place">): Substance {
		const hash = this.#first(manifest, place);
		const pair = pairOf(place);
		if (!AnswerSets.isFor(manifest, place.content)) return { form: "whole", hash, pair };
		return { form: place.directory === 0 ? "pending" : "parts", hash, pair };
	}

	#whole(manifest: WireManifest, place: Place): Place {
		const { content, leaf, uploader } = place;
		return { content, leaf, uploader, responses: this.#ownAnswers(manifest, place), directory: 0 };
	}

	#ownAnswers(manifest: WireManifest, place: Place): Uint8Array {
		const hash = this.#first(manifest, place);
		if (isPlain(manifest)) return this.#own.plain(manifest, hash);
		const hasRanges = isRanged(manifest.size, manifest.content_type);
		const pair = hasRanges ? this.#pair(manifest, place, hash) : NO_BYTES;
		const own = this.#own.digest(manifest, { form: "whole", hash, pair });
		return pair.length === 0 ? own : concat(own, pair);
	}

	/** The set of a content and type, made by the rules as they are now: or one that is begun, by a change of `by`. */
	#current(by: Uint8Array, manifest: WireManifest, content: number): AnswerSet {
		const type = manifest.content_type;
		const { print } = this.#own;
		const known = this.#sets.get(content, type);
		if (known?.made === print) return known;
		// What is being made by other rules drops itself, as soon as the number is another.
		if (known !== undefined && known.labels !== 0) this.#push(by, TASK.drop, manifest, content, known);
		const holders = known?.holders ?? 0;
		const number = this.#sets.next();
		const set = { holders, number, labels: 0, digest: NO_BYTES, waiting: 0, made: print };
		this.#push(by, TASK.hash, manifest, content, set);
		return set;
	}

	/** Stores the set, and returns the place with it: where it is not made yet, the blob waits for it. */
	#place(by: Uint8Array, manifest: WireManifest, place: Place, set: AnswerSet): Place {
		const { number, labels, waiting } = set;
		const isMade = labels !== 0;
		this.#sets.set(place.content, manifest.content_type, isMade ? set : { ...set, waiting: waiting + 1 });
		if (isMade) return this.#withSet(manifest, place, set);
		this.#sets.addWaiting(number, waiting, { by, sequence: Number(manifest.sequence), key: manifest.key });
		const hash = NO_BYTES;
		const own = this.#own.digest(manifest, { form: "pending", hash, pair: NO_BYTES });
		return { ...place, responses: concat(own, pairOf(place)), directory: 0 };
	}

	#withSet(manifest: WireManifest, place: Place, { labels, digest }: AnswerSet): Place {
		const hash = this.#first(manifest, place);
		const pair = this.#pair(manifest, place, hash);
		const own = this.#own.digest(manifest, { form: "parts", hash, pair });
		return { ...place, responses: concat(own, digest, pair), directory: labels };
	}

	/** Gives up the answers of a blob that is gone, private, or of another type, by a change of `by`. */
	release(by: Uint8Array, { manifest, place }: Blob): void {
		const { content } = place;
		if (!AnswerSets.isFor(manifest, content)) return;
		const type = manifest.content_type;
		const set = this.#required(content, type);
		if (set.holders > 1) {
			this.#sets.set(content, type, { ...set, holders: set.holders - 1 });
			return;
		}
		this.#sets.delete(content, type);
		// One that is still being made is dropped by its own task.
		if (set.labels === 0) return;
		this.#push(by, TASK.drop, manifest, content, set);
	}

	#push(by: Uint8Array, kind: Task["kind"], manifest: WireManifest, content: number, set: AnswerSet): void {
		const { root, size, chunk_size: chunkSize, content_type: type } = manifest;
		const { number, labels } = set;
		const what = { content, type, root, size: Number(size), chunkSize, number, labels };
		this.#queue.push(by, encodeTask({ kind, ...what, done: 0 }));
	}

	#required(content: number, type: string): AnswerSet {
		const set = this.#sets.get(content, type);
		if (set === undefined) throw new Error("a blob has answers of which no set is known");
		return set;
	}

	/** The hash of the first chunk. */
	#first({ size }: WireManifest, { content, leaf }: Place): Uint8Array {
		if (size === 0n) return this.#http.nothing;
		if (content === 0) return leaf;
		const first = this.#leafLists.leaf(content, 0);
		if (first === undefined) throw new Error("a blob's first chunk is not held");
		return first;
	}

	/** The first bytes, which are read from the first chunk where the place does not have them. */
	#pair({ size }: WireManifest, place: Place, first: Uint8Array): Uint8Array {
		const known = pairOf(place);
		if (known.length > 0 || size <= PAIR_BYTES) return known;
		return this.#chunks.read(place.uploader, first).slice(0, PAIR_BYTES);
	}

	/**
	 * Works for a bounded time: one step for each principal in turn, so that a backlog of one delays no other.
	 * @param instructions that this message has taken so far
	 * @param spent is told of those that each principal caused
	 */
	work(instructions: () => number, spent: (by: Uint8Array, instructions: number) => void): void {
		for (let left = HASHES_PER_STEP; left > 0 && instructions() < MOST_OF_CLEANING; ) {
			const turn = this.#queue.peek();
			if (turn === undefined) return;
			const before = instructions();
			const task = decodeTask(turn.item);
			left -= LEAST_STEP + weightOf(task);
			const next = this.#advance(task);
			if (next === undefined) this.#queue.shift(turn);
			else this.#queue.replace(turn, encodeTask(next));
			spent(turn.who, instructions() - before);
		}
	}

	#advance(task: Task): Task | undefined {
		if (task.kind === TASK.drop) return this.#drop(task);
		const set = this.#sets.get(task.content, task.type);
		// Nobody holds it any more, or the rules have changed: what was made is thrown away.
		if (set?.number !== task.number || set.made !== this.#own.print) {
			for (let step = 0; step < stepsOf(task); step++) this.#sets.removeHashes(task.number, step);
			// Once it is made, whoever gave it up last has the task of dropping it.
			const labels = task.kind === TASK.certify ? 0 : task.labels;
			return { ...task, kind: TASK.drop, labels, done: task.kind === TASK.certify ? task.done : 0 };
		}
		if (task.kind === TASK.certify) return this.#certify(task, set);
		const done = task.done + 1;
		const isLast = done === stepsOf(task);
		if (task.kind === TASK.hash) {
			this.#hash(task);
			return isLast ? { ...task, kind: TASK.sort, done: 0 } : { ...task, done };
		}
		if (task.kind === TASK.sort) {
			this.#sort(task);
			return { ...task, kind: TASK.build };
		}
		const labels = this.#labelSets.add(task.labels, labelsOf(this.#read(task, task.done)));
		this.#sets.removeHashes(task.number, task.done);
		if (!isLast) return { ...task, done, labels };
		const digest = this.#trees.shared(this.#labelSets.digest(labels));
		this.#sets.set(task.content, task.type, { ...set, labels, digest });
		return { ...task, kind: TASK.certify, done: 0, labels };
	}

	#hash(task: Task): void {
		const from = task.done * HASHES_PER_STEP;
		const to = Math.min(countOf(task), from + HASHES_PER_STEP);
		const leaves = new Uint8Array((to - from) * SHA256_BYTES);
		this.#leafLists.copyLeaves(task.content, from, to, leaves);
		const what = {
			content_type: task.type,
			root: task.root,
			size: BigInt(task.size),
			chunk_size: task.chunkSize,
		};
		this.#sets.setHashes(task.number, task.done, this.#http.parts(what, from, leaves));
	}

	/**
	 * Puts all hashes in order, at most 65,000: as texts, which the engine compares itself, each with its place in two
	 * units behind it.
	 */
	#sort(task: Task): void {
		const steps = stepsOf(task);
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
			this.#sets.setHashes(task.number, step, sorted);
		}
	}

	/** Certifies the answers of one blob that waited for them, unless it was changed meanwhile. */
	#certify(task: Task, set: AnswerSet): Task | undefined {
		const waits = this.#sets.waiting(task.number, task.done);
		if (waits === undefined) throw new Error("a blob that waits for its answers is not known");
		this.#sets.removeWaiting(task.number, task.done);
		this.#settleKey(waits.key);
		const blob = this.#blobs.stored(waits.key);
		if (blob?.sequence === waits.sequence) {
			const certified = new Blob(blob.manifest, this.#withSet(blob.manifest, blob.place, set), blob.bytes);
			this.#blobs.set(certified);
			this.#certified.put(certified, blob);
		}
		const done = task.done + 1;
		return done < set.waiting ? { ...task, done } : undefined;
	}

	#drop(task: Task): Task | undefined {
		for (
			let { done } = task, left = NODES_PER_STEP;
			this.#sets.waiting(task.number, done) !== undefined;
			done++
		) {
			if (left-- === 0) return { ...task, done };
			this.#sets.removeWaiting(task.number, done);
		}
		if (task.labels === 0 || this.#labelSets.discard(task.labels, NODES_PER_STEP)) return undefined;
		return task;
	}

	#read(task: Task, step: number): Uint8Array {
		const part = this.#sets.hashes(task.number, step);
		if (part === undefined) throw new Error("hashes of answers that were made are gone");
		return part;
	}
}

/** The first two bytes of a blob, behind the digests that its place has: where they are known and there are more. */
export function pairOf({ responses }: Pick<Place, "responses">): Uint8Array {
	const at = responses.length & ~(SHA256_BYTES - 1);
	return at === responses.length ? NO_BYTES : responses.subarray(at);
}

const countOf = ({ size, chunkSize }: Task): number => chunkCount(BigInt(size), chunkSize);
const stepsOf = (task: Task): number => Math.ceil(countOf(task) / HASHES_PER_STEP);

function weightOf(task: Task): number {
	if (task.kind === TASK.certify) return BLOB_WEIGHT;
	return task.kind === TASK.drop ? NODES_PER_STEP : Math.min(HASHES_PER_STEP, countOf(task));
}

function labelsOf(hashes: Uint8Array): Uint8Array[] {
	const labels: Uint8Array[] = [];
	for (let at = 0; at < hashes.length; at += SHA256_BYTES)
		labels.push(hashes.subarray(at, at + SHA256_BYTES));
	return labels;
}
