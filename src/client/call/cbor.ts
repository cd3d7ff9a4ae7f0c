/**
 * CBOR of answers (RFC 8949; interface specification, "CBOR encoding of requests and responses"), read within bounds.
 *
 * The decoder of @dfinity/cbor, which the agents use, allocates the number of elements that an answer claims, nests
 * without limit, accepts a byte string that ends early, and copies every byte string at each level that holds it.
 * Here byte strings are views into the answer, and what an answer costs is bounded by its length and by `MAX_ITEMS`.
 */

export type CborValue =
	| number
	| bigint
	| string
	| boolean
	| null
	| undefined
	| Uint8Array
	| CborValue[]
	| { [name: string]: CborValue };

/** The bytes are not CBOR, or more of it than any answer holds. */
export class CborError extends Error {
	override readonly name = "CborError";
}

/**
 * Levels of nesting: a level of a hash tree is one. A replica's trees have at most 128; a witness of a store has a
 * few for each of up to 32 segments of a key.
 */
export const MAX_DEPTH = 1_024;
/** Values of all kinds: a witness for a page of 1,000 keys has some 20,000. Each node of a hash tree costs a hash. */
export const MAX_ITEMS = 262_144;

/** The self-described tag, which replicas put before every answer. */
const SELF_DESCRIBED = 55_799;
const BREAK = 0xff;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** @throws CborError */
export function decodeCbor(bytes: Uint8Array): CborValue {
	const reader = new Reader(bytes);
	const value = reader.value(0);
	reader.expectEnd();
	return value;
}

class Reader {
	readonly #bytes: Uint8Array;
	readonly #view: DataView;
	#at = 0;
	#items = 0;

	constructor(bytes: Uint8Array) {
		// Not a Buffer, whose `slice` is a view.
		this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
		this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
	}

	expectEnd(): void {
		if (this.#at !== this.#bytes.length) throw new CborError("bytes are left over after its value");
	}

	value(depth: number): CborValue {
		if (depth > MAX_DEPTH) throw new CborError(`it is nested deeper than ${MAX_DEPTH} levels`);
		if (++this.#items > MAX_ITEMS) throw new CborError(`it holds more than ${MAX_ITEMS} values`);
		const initial = this.#byte();
		const info = initial & 31;
		switch (initial >> 5) {
			case 0:
				return this.#number(info);
			case 1: {
				const number = this.#number(info);
				return typeof number === "bigint" ? -1n - number : -1 - number;
			}
			case 2:
				return this.#take(this.#length(info));
			case 3:
				return this.#text(info);
			case 4:
				return this.#array(info, depth);
			case 5:
				return this.#map(info, depth);
			case 6:
				if (this.#length(info) !== SELF_DESCRIBED) throw new CborError("it has an unknown tag");
				return this.value(depth + 1);
			default:
				return simple(info);
		}
	}

	#byte(): number {
		const byte = this.#bytes[this.#at++];
		if (byte === undefined) throw new CborError("it ends too early");
		return byte;
	}

	#take(length: number): Uint8Array {
		const from = this.#at;
		if (length > this.#bytes.length - from) throw new CborError("it ends too early");
		this.#at += length;
		return this.#bytes.subarray(from, this.#at);
	}

	/** A bigint where it takes 8 bytes. */
	#number(info: number): number | bigint {
		if (info < 24) return info;
		if (info > 27) throw new CborError("a number or a length has an unknown form");
		const at = this.#at;
		this.#take(2 ** (info - 24));
		if (info === 24) return this.#view.getUint8(at);
		if (info === 25) return this.#view.getUint16(at);
		return info === 26 ? this.#view.getUint32(at) : this.#view.getBigUint64(at);
	}

	/** Past 2^53 only that it is too large matters. */
	#length(info: number): number {
		return Number(this.#number(info));
	}

	#text(info: number): string {
		const bytes = this.#take(this.#length(info));
		try {
			return decoder.decode(bytes);
		} catch {
			throw new CborError("a text is not UTF-8");
		}
	}

	/** Calls `read` for each element. Nothing is allocated by a claimed length: each element is read first. */
	#each(info: number, read: () => void): void {
		if (info !== 31) {
			for (let left = this.#length(info); left > 0; left--) read();
			return;
		}
		while (this.#bytes[this.#at] !== BREAK) read();
		this.#at++;
	}

	#array(info: number, depth: number): CborValue[] {
		const elements: CborValue[] = [];
		this.#each(info, () => elements.push(this.value(depth + 1)));
		return elements;
	}

	#map(info: number, depth: number): { [name: string]: CborValue } {
		// Without a prototype, so that a name such as __proto__ is one like any other.
		const map: { [name: string]: CborValue } = Object.create(null);
		this.#each(info, () => {
			const name = this.value(depth + 1);
			if (typeof name !== "string") throw new CborError("a name in a map is not a text");
			if (name in map) throw new CborError("a name occurs twice in a map");
			map[name] = this.value(depth + 1);
		});
		return map;
	}
}

function simple(info: number): boolean | null | undefined {
	if (info === 20 || info === 21) return info === 21;
	if (info === 22) return null;
	if (info === 23) return undefined;
	throw new CborError("it holds a value of an unknown kind");
}
