/**
 * HTTPS interface, "CBOR encoding of requests and responses": reading.
 *
 * Byte strings are views into the body, never copies, since arguments can have 2 MiB. Integers are bigint, maps are
 * Map; floats, duplicate keys and non-text keys are rejected.
 */

export type CborValue = bigint | string | boolean | null | Uint8Array | CborValue[] | Map<string, CborValue>;

export class CborError extends Error {}

const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const MAX_DEPTH = 64;

export function decodeCbor(bytes: Uint8Array): CborValue {
	const reader = new Reader(bytes);
	const value = reader.value(0);
	if (!reader.atEnd()) throw new CborError(`trailing data at offset ${reader.offset}`);
	return value;
}

const BREAK = Symbol("break");

class Reader {
	offset = 0;
	readonly #view: DataView;

	constructor(readonly bytes: Uint8Array) {
		this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	}

	atEnd(): boolean {
		return this.offset === this.bytes.length;
	}

	value(depth: number): CborValue {
		const item = this.#item(depth);
		if (item === BREAK) throw new CborError(`unexpected break at offset ${this.offset}`);
		return item;
	}

	#item(depth: number): CborValue | typeof BREAK {
		if (depth > MAX_DEPTH) throw new CborError(`recursion limit exceeded at offset ${this.offset}`);
		const initial = this.#take(1)[0]!;
		const major = initial >> 5;
		const info = initial & 31;
		if (major === 7) return this.#simple(info);
		const length = this.#argument(info);
		switch (major) {
			case 0:
				return length ?? this.#invalid();
			case 1:
				return -1n - (length ?? this.#invalid());
			case 2:
				return length === undefined ? this.#joined(2) : this.#take(length);
			case 3:
				return this.#text(length === undefined ? this.#joined(3) : this.#take(length));
			case 4:
				return this.#array(length, depth);
			case 5:
				return this.#map(length, depth);
			default:
				return this.#tagged(length, depth);
		}
	}

	#argument(info: number): bigint | undefined {
		if (info < 24) return BigInt(info);
		if (info === 31) return undefined;
		if (info > 27) return this.#invalid();
		const at = this.offset;
		this.#take(1 << (info - 24));
		if (info === 24) return BigInt(this.#view.getUint8(at));
		if (info === 25) return BigInt(this.#view.getUint16(at));
		if (info === 26) return BigInt(this.#view.getUint32(at));
		return this.#view.getBigUint64(at);
	}

	#take(length: number | bigint): Uint8Array {
		const end = this.offset + Number(length);
		if (end > this.bytes.length) {
			throw new CborError(`EOF while parsing a value at offset ${this.bytes.length}`);
		}
		const taken = this.bytes.subarray(this.offset, end);
		this.offset = end;
		return taken;
	}

	#joined(major: number): Uint8Array {
		const parts: Uint8Array[] = [];
		for (;;) {
			const initial = this.#take(1)[0]!;
			if (initial === 0xff) return Buffer.concat(parts);
			if (initial >> 5 !== major) this.#invalid();
			parts.push(this.#take(this.#argument(initial & 31) ?? this.#invalid()));
		}
	}

	#text(bytes: Uint8Array): string {
		try {
			return text.decode(bytes);
		} catch {
			throw new CborError(`invalid UTF-8 string at offset ${this.offset - bytes.length}`);
		}
	}

	#array(length: bigint | undefined, depth: number): CborValue[] {
		const items: CborValue[] = [];
		while (length === undefined || BigInt(items.length) < length) {
			const item = this.#item(depth + 1);
			if (item === BREAK) {
				if (length === undefined) break;
				return this.#invalid();
			}
			items.push(item);
		}
		return items;
	}

	#map(length: bigint | undefined, depth: number): Map<string, CborValue> {
		const map = new Map<string, CborValue>();
		while (length === undefined || BigInt(map.size) < length) {
			const key = this.#item(depth + 1);
			if (key === BREAK && length === undefined) break;
			if (typeof key !== "string") return this.#invalid();
			if (map.has(key)) throw new CborError(`duplicate field \`${key}\` at offset ${this.offset}`);
			map.set(key, this.value(depth + 1));
		}
		return map;
	}

	#tagged(tag: bigint | undefined, depth: number): CborValue {
		const value = this.value(depth + 1);
		if (tag === 2n && value instanceof Uint8Array) {
			return BigInt(`0x${Buffer.from(value).toString("hex") || "0"}`);
		}
		return value;
	}

	#simple(info: number): CborValue | typeof BREAK {
		if (info === 31) return BREAK;
		if (info === 20 || info === 21) return info === 21;
		if (info === 22 || info === 23) return null;
		return this.#invalid();
	}

	#invalid(): never {
		throw new CborError(`invalid type at offset ${this.offset}`);
	}
}
