import { encodeUtf8, fromUnits } from "../../../protocol/codec/utf8.js";
import { chunkCount, chunkLength, SHA256_BYTES, type WireManifest } from "../../../protocol/index.js";
import { TreeWriter } from "../../catalog/index.js";
import type { Hashing } from "../../host/hashing.js";
import { concat } from "../base/codec.js";
import {
	type FixedAnswer,
	notAllowed,
	notFound,
	pending,
	tooManyParts,
	unaligned,
	unsatisfiable,
} from "./fixed.js";
import type { HttpHashes } from "./hashes.js";
import { type Head, isRanged, notModifiedHead, ownPartHead, wholeHead } from "./headers.js";
import { emptyRecords, isPlain, LABEL_AT, PlainAnswers, RECORD } from "./plain.js";

/** More parts no gateway joins. */
export const MOST_PARTS = 1_000;
/** What Safari asks for first, to see whether ranges are served. */
export const PAIR_BYTES = 2;

/** What of a blob's bytes its own answers need. */
export interface Substance {
	/**
	 * whole: a blob of at most one chunk. parts: one of several, whose shared answers are made. pending: one of several
	 * until then.
	 */
	readonly form: "whole" | "parts" | "pending";
	/** SHA-256 of all bytes, or of the first chunk. */
	readonly hash: Uint8Array;
	/** The first two bytes, where ranges are answered and there are more. */
	readonly pair: Uint8Array;
}

/** An answer that a blob has for itself, by its name. */
export type AnswerName =
	| "whole"
	| "all"
	| "first"
	| "pair"
	| "notModified"
	| "unsatisfiable"
	| "notAllowed"
	| "notFound"
	| "pending"
	| "unaligned"
	| "tooManyParts";

const NO_BYTES = new Uint8Array(0);
/** Goes up when the same blob gets another header, or another set of answers. */
const RULES = 2;
/** As many answers as a blob has for itself at most. */
const MOST_ANSWERS = 8;

/** Which answers a blob has for itself, in which tree they stand, and what each says. */
export class OwnAnswers {
	readonly #hashing: Hashing;
	readonly #http: HttpHashes;
	readonly #fixed: { readonly [Name in AnswerName]?: FixedAnswer };
	readonly #fixedHashes = new Map<FixedAnswer, Uint8Array>();
	#records: Uint8Array | undefined;
	#missing: Uint8Array | undefined;
	#plain: PlainAnswers | undefined;
	#print: number | undefined;

	constructor(hashing: Hashing, http: HttpHashes) {
		this.#hashing = hashing;
		this.#http = http;
		const { rules } = http;
		this.#fixed = {
			notAllowed: notAllowed(rules),
			notFound: notFound(rules),
			pending: pending(rules),
			unaligned: unaligned(rules),
			tooManyParts: tooManyParts(rules),
		};
	}

	/**
	 * Names the rules by which all answers are made: where those that are certified were made by others, they are to be made
	 * anew. 48 bits of a hash.
	 */
	get print(): number {
		if (this.#print === undefined) {
			const { own, shared, rules } = this.#http;
			const names = Object.keys(this.#fixed) as AnswerName[];
			const fixed = names.map((name) => this.#fixedHash(name));
			const said = encodeUtf8(`${RULES} ${rules.isSite} ${rules.hasExact}`);
			const hash = this.#hashing.sha256(concat(own, shared, ...fixed, said));
			this.#print =
				new DataView(hash.buffer, hash.byteOffset).getUint32(0) * 0x1_0000 + (hash[4]! << 8) + hash[5]!;
		}
		return this.#print;
	}

	/** Digest of the node of the expression, under which the hashes of a blob's own answers are. */
	digest(manifest: WireManifest, substance: Substance): Uint8Array {
		if (substance.form === "whole" && isPlain(manifest)) return this.plain(manifest, substance.hash);
		return this.#digestOf(this.#hashes(manifest, substance));
	}

	/** The same of a blob that is plain (plain.ts), by the hash of its bytes. */
	plain(manifest: WireManifest, hash: Uint8Array): Uint8Array {
		this.#plain ??= new PlainAnswers(this.#hashing, this.#http, manifest, this.#fixedHash("notAllowed"));
		return this.#plain.digest(manifest, hash);
	}

	/** The same tree, encoded, with nothing shown but one answer; undefined where the blob has no such answer. */
	tree(manifest: WireManifest, substance: Substance, name: AnswerName): Uint8Array | undefined {
		if (!namesOf(manifest, substance).includes(name)) return undefined;
		return this.#treeOf(
			this.#hashes(manifest, substance),
			this.#http.answer(...this.#hashed(name, manifest, substance)),
		);
	}

	/** The same two for a path at which there is nothing. */
	get missing(): Uint8Array {
		this.#missing ??= this.#digestOf([this.#fixedHash("notFound")]);
		return this.#missing;
	}
	missingTree(): Uint8Array {
		const hash = this.#fixedHash("notFound");
		return this.#treeOf([hash], hash);
	}

	/** Status and headers of an answer. */
	head(name: AnswerName, manifest: WireManifest): Head {
		const { rules } = this.#http;
		const size = Number(manifest.size);
		switch (name) {
			case "whole":
				return wholeHead(manifest, rules);
			case "all":
				return ownPartHead(manifest, 0, size - 1, rules);
			case "first":
				return ownPartHead(manifest, 0, chunkLength(manifest.size, manifest.chunk_size, 0) - 1, rules);
			case "pair":
				return ownPartHead(manifest, 0, PAIR_BYTES - 1, rules);
			case "notModified":
				return notModifiedHead(manifest, rules);
			case "unsatisfiable":
				return unsatisfiable(manifest, rules);
			default:
				return this.fixed(name);
		}
	}

	fixed(name: Exclude<AnswerName, "unsatisfiable">): FixedAnswer {
		return this.#fixed[name]!;
	}

	#hashed(name: AnswerName, manifest: WireManifest, { hash, pair }: Substance): [Head, Uint8Array] {
		const head = this.head(name, manifest);
		if (name === "whole" || name === "all" || name === "first") return [head, hash];
		if (name === "pair") return [head, this.#hashing.sha256(pair)];
		if (name === "notModified") return [head, this.#http.nothing];
		return [head, this.#http.textHash((head as FixedAnswer).text)];
	}

	#hashes(manifest: WireManifest, substance: Substance): Uint8Array[] {
		return sorted(
			namesOf(manifest, substance).map((name) =>
				name in this.#fixed
					? this.#fixedHash(name)
					: this.#http.answer(...this.#hashed(name, manifest, substance)),
			),
		);
	}

	#fixedHash(name: AnswerName): Uint8Array {
		const answer = this.#fixed[name]!;
		let hash = this.#fixedHashes.get(answer);
		if (hash === undefined) {
			hash = this.#http.answer(answer, this.#http.textHash(answer.text));
			this.#fixedHashes.set(answer, hash);
		}
		return hash;
	}

	/** Digests of the labelled leaves, side by side, valid until the next call. */
	#leaves(hashes: readonly Uint8Array[]): Uint8Array {
		this.#records ??= emptyRecords(this.#hashing, MOST_ANSWERS);
		const records = this.#records;
		for (let i = 0; i < hashes.length; i++) records.set(hashes[i]!, i * RECORD + LABEL_AT);
		const to = MOST_ANSWERS * RECORD;
		this.#hashing.hashMany(records, hashes.length, 0, RECORD, RECORD, to, SHA256_BYTES);
		return records.subarray(to);
	}

	#digestOf(hashes: readonly Uint8Array[]): Uint8Array {
		const path = [this.#http.own, NO_BYTES];
		return this.#hashing.labeledForks(path, this.#leaves(hashes), 0, SHA256_BYTES, hashes.length);
	}

	#treeOf(hashes: readonly Uint8Array[], wanted: Uint8Array): Uint8Array {
		const leaves = this.#leaves(hashes).slice();
		const text = fromUnits(wanted);
		const at = hashes.findIndex((hash) => fromUnits(hash) === text);
		const out = new TreeWriter().labeled(this.#http.own).labeled(NO_BYTES);
		/** The shape of Hashing.forks. */
		const write = (height: number, first: number): void => {
			const count = Math.min(1 << height, hashes.length - first);
			if (at < first || at >= first + count)
				out.pruned(this.#hashing.forks(leaves, first * SHA256_BYTES, SHA256_BYTES, count));
			else if (height === 0) out.labeled(wanted).leaf(NO_BYTES);
			else {
				const half = 1 << (height - 1);
				if (count > half) out.fork();
				write(height - 1, first);
				if (count > half) write(height - 1, first + half);
			}
		};
		write(Math.ceil(Math.log2(hashes.length)), 0);
		return out.done();
	}
}

/** In the order in which labels stand in a tree, each once: two answers of a blob may be the same. */
function sorted(hashes: readonly Uint8Array[]): Uint8Array[] {
	const labels = hashes.map((hash) => ({ hash, text: fromUnits(hash) }));
	labels.sort((a, b) => (a.text < b.text ? -1 : 1));
	return labels.map(({ hash }) => hash);
}

/** The answers that a blob has for itself. */
function namesOf(manifest: WireManifest, { form }: Substance): AnswerName[] {
	const names: AnswerName[] = ["notAllowed"];
	// Its key is there until it is cleaned away, so that a proof of absence cannot be.
	if (manifest.expires_at.length > 0) names.push("notFound");
	if (form === "pending") return [...names, "pending"];
	names.push("notModified");
	if (form === "whole") {
		names.push("whole");
		if (!isRanged(manifest.size, manifest.content_type)) return names;
		names.push("all");
	} else {
		names.push("first", "unaligned");
		if (chunkCount(manifest.size, manifest.chunk_size) > MOST_PARTS) names.push("tooManyParts");
	}
	if (manifest.size > PAIR_BYTES) names.push("pair");
	return [...names, "unsatisfiable"];
}
