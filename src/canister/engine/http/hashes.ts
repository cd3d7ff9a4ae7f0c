import { encodeUtf8, fromUnits } from "../../../protocol/codec/utf8.js";
import { SHA256_BYTES } from "../../../protocol/index.js";
import type { Hashing } from "../../host/hashing.js";
import { concat } from "../base/codec.js";
import {
	CERTIFIED,
	type Head,
	type HttpRules,
	OWN,
	type Represented,
	rangeOf,
	SHARED,
	sharedPartHead,
	tagBytes,
} from "./headers.js";

/** Hashes of answers as HTTP certification has them (HTTP gateway protocol specification, "Response Hash Calculation"). */

const PAIR = 2 * SHA256_BYTES;
const RANGE = "content-range";
const ETAG = "etag";
const STATUS = ":ic-cert-status";
const EXPRESSION = "ic-certificateexpression";

/** A header map, hashed name by hashed name, but for the values that differ from blob to blob. */
interface Template {
	/** Digests of names and values side by side, in the order of the names' digests. */
	readonly pairs: Uint8Array;
	/** Where the digests of these headers' values go. */
	readonly tagAt: number;
	readonly rangeAt: number;
}

interface Names {
	readonly keys: readonly Uint8Array[];
	readonly places: ReadonlyMap<string, number>;
}

/** Values that most answers have are hashed once. */
const MOST_VALUES = 64;

/** What is the same for all is hashed once, when it is first needed. */
export class HttpHashes {
	readonly rules: HttpRules;
	readonly #hashing: Hashing;
	#names: Names | undefined;
	readonly #values = new Map<string, Uint8Array>();
	#own: Uint8Array | undefined;
	#shared: Uint8Array | undefined;
	#nothing: Uint8Array | undefined;
	#part: { readonly type: string; readonly template: Template } | undefined;
	/** A header map's hash and a body's, side by side, written anew for each answer. */
	readonly #both = new Uint8Array(PAIR);

	constructor(hashing: Hashing, rules: HttpRules) {
		this.#hashing = hashing;
		this.rules = rules;
	}

	/** Labels of the expressions. */
	get own(): Uint8Array {
		this.#own ??= this.#hashOf(OWN);
		return this.#own;
	}

	get shared(): Uint8Array {
		this.#shared ??= this.#hashOf(SHARED);
		return this.#shared;
	}

	/** Of a body without a byte. */
	get nothing(): Uint8Array {
		this.#nothing ??= this.#hashing.sha256(new Uint8Array(0));
		return this.#nothing;
	}

	/** Of an answer that a blob has for itself, whose body has this hash. */
	answer(head: Head, bodyHash: Uint8Array): Uint8Array {
		const both = this.#both;
		this.#hashing.sha256Into(this.headerMap(head), both, 0);
		both.set(bodyHash, SHA256_BYTES);
		return this.#hashing.sha256(both);
	}

	/** The same with any headers, as an application gives them, under an expression of its own. */
	anyAnswer({ status, headers }: Head, expression: string, bodyHash: Uint8Array): Uint8Array {
		const pairs = [...headers, [EXPRESSION, expression] as const].map(([name, value]) =>
			concat(this.#hashOf(name), this.#hashOf(value)),
		);
		pairs.push(concat(this.#hashOf(STATUS), this.#statusHash(status)));
		const order = (pair: Uint8Array) => fromUnits(pair);
		pairs.sort((a, b) => (order(a) < order(b) ? -1 : 1));
		return this.#hashing.sha256(concat(this.#hashing.sha256(concat(...pairs)), bodyHash));
	}

	/** What the hash of an answer's header map is the SHA-256 of: each name's and value's digest side by side. */
	headerMap(head: Head): Uint8Array {
		return this.#template(head, this.own).pairs;
	}

	/** Of the answers 206 for chunks from `from` on, whose leaves are given, side by side. */
	parts(manifest: Represented, from: number, leaves: Uint8Array): Uint8Array {
		const { pairs, tagAt, rangeAt } = this.#partOf(manifest);
		this.#hashing.sha256Into(tagBytes(manifest.root), pairs, tagAt);
		const count = leaves.length / SHA256_BYTES;
		// A record a chunk: its header map, in whose place the map's hash comes, and its leaf.
		const stride = pairs.length + PAIR;
		const records = new Uint8Array(count * stride);
		for (let i = 0; i < count; i++) {
			records.set(pairs, i * stride);
			records.set(this.#hashOf(rangeOf(manifest, from + i)), i * stride + rangeAt);
			records.set(
				leaves.subarray(i * SHA256_BYTES, (i + 1) * SHA256_BYTES),
				i * stride + pairs.length + SHA256_BYTES,
			);
		}
		this.#hashing.hashMany(records, count, 0, stride, pairs.length, pairs.length, stride);
		this.#hashing.hashMany(records, count, pairs.length, stride, PAIR, 0, SHA256_BYTES);
		return records.slice(0, count * SHA256_BYTES);
	}

	#partOf(manifest: Represented): Template {
		const type = manifest.content_type;
		if (this.#part?.type !== type)
			this.#part = {
				type,
				template: this.#template(sharedPartHead(manifest, 0, this.rules), this.shared),
			};
		return this.#part.template;
	}

	#template({ status, headers }: Head, expression: Uint8Array): Template {
		const names = this.#order;
		const values: (Uint8Array | undefined)[] = new Array(names.keys.length).fill(undefined);
		values[names.places.get(EXPRESSION)!] = expression;
		values[names.places.get(STATUS)!] = this.#statusHash(status);
		for (let i = 0; i < headers.length; i++) {
			const [name, value] = headers[i]!;
			const place = names.places.get(name);
			if (place === undefined) throw new Error(`the header ${name} is not certified`);
			values[place] = this.#valueHash(name, value);
		}
		const pairs = new Uint8Array((headers.length + 2) * PAIR);
		let at = 0;
		let rangeAt = -1;
		const range = names.places.get(RANGE)!;
		for (let place = 0; place < values.length; place++) {
			const value = values[place];
			if (value === undefined) continue;
			pairs.set(names.keys[place]!, at);
			pairs.set(value, at + SHA256_BYTES);
			if (place === range) rangeAt = at + SHA256_BYTES;
			at += PAIR;
		}
		// By the names' digests it is the last one.
		return { pairs, tagAt: at - SHA256_BYTES, rangeAt };
	}

	/** The digests of all names that are certified, in order, and where each name's is: sorting takes 400,000 a map. */
	get #order(): Names {
		if (this.#names === undefined) {
			const hashed = [EXPRESSION, STATUS, ...CERTIFIED].map((name) => ({ name, key: this.#hashOf(name) }));
			const order = ({ key }: { key: Uint8Array }) => fromUnits(key);
			hashed.sort((a, b) => (order(a) < order(b) ? -1 : 1));
			this.#names = {
				keys: hashed.map(({ key }) => key),
				places: new Map(hashed.map(({ name }, place) => [name, place])),
			};
		}
		return this.#names;
	}

	/** Of a text that few answers have. */
	hashInto(text: string, target: Uint8Array, at: number): void {
		this.#hashing.sha256Into(encodeUtf8(text), target, at);
	}

	/** Of a text that many answers have. */
	textHash(text: string): Uint8Array {
		return this.#valueHash("", text);
	}

	#valueHash(name: string, value: string): Uint8Array {
		if (name === ETAG || name === RANGE) return this.#hashOf(value);
		let hash = this.#values.get(value);
		if (hash === undefined) {
			hash = this.#hashOf(value);
			if (this.#values.size >= MOST_VALUES) this.#values.clear();
			this.#values.set(value, hash);
		}
		return hash;
	}

	/** A status is hashed as a number: LEB128. */
	#statusHash(status: number): Uint8Array {
		return this.#hashing.sha256(Uint8Array.of((status & 0x7f) | 0x80, status >> 7));
	}

	#hashOf(text: string): Uint8Array {
		return this.#hashing.sha256(encodeUtf8(text));
	}
}
