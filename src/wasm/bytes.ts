/**
 * Reading and writing Wasm's binary values: WebAssembly core specification, chapter 5.2 (Values).
 *
 * Only what a module's structure needs: LEB128 integers, names and raw bytes.
 */

/** Says that a module is not what it claims to be, and where. */
export class WasmFormatError extends Error {
	override readonly name = "WasmFormatError";
}

export class ByteReader {
	pos: number;
	readonly end: number;

	constructor(
		readonly bytes: Uint8Array,
		start = 0,
		end = bytes.length,
	) {
		this.pos = start;
		this.end = end;
	}

	get done(): boolean {
		return this.pos >= this.end;
	}

	u8(): number {
		if (this.pos >= this.end) throw new WasmFormatError(`unexpected end at byte ${this.pos}`);
		return this.bytes[this.pos++]!;
	}

	/** An unsigned 32-bit LEB128: at most 5 bytes, and no bits past the 32nd. */
	u32(): number {
		let value = 0;
		for (let shift = 0; shift < 35; shift += 7) {
			const byte = this.u8();
			if (shift === 28 && byte > 0x0f) break;
			value |= (byte & 0x7f) << shift;
			if (byte < 0x80) return value >>> 0;
		}
		throw new WasmFormatError(`an integer before byte ${this.pos} is longer than 32 bits`);
	}

	/** A signed LEB128 of up to 64 bits. */
	s64(): bigint {
		let value = 0n;
		for (let shift = 0n; shift < 70n; shift += 7n) {
			const byte = this.u8();
			value |= BigInt(byte & 0x7f) << shift;
			if (byte < 0x80) return BigInt.asIntN(Number(shift) + 7, value);
		}
		throw new WasmFormatError(`an integer before byte ${this.pos} is longer than 64 bits`);
	}

	/** Passes over one LEB128 of any type. */
	skipLeb(): void {
		for (let i = 0; i < 10; i++) if (this.u8() < 0x80) return;
		throw new WasmFormatError(`an integer before byte ${this.pos} is longer than 64 bits`);
	}

	take(length: number): Uint8Array {
		if (length > this.end - this.pos) throw new WasmFormatError(`unexpected end at byte ${this.end}`);
		this.pos += length;
		return this.bytes.subarray(this.pos - length, this.pos);
	}

	/** Passes over so many bytes. */
	skip(length: number): void {
		if (length > this.end - this.pos) throw new WasmFormatError(`unexpected end at byte ${this.end}`);
		this.pos += length;
	}

	name(): string {
		return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(this.take(this.u32()));
	}
}

export class ByteWriter {
	#bytes: Uint8Array;
	#length = 0;

	constructor(capacity = 256) {
		this.#bytes = new Uint8Array(capacity);
	}

	get length(): number {
		return this.#length;
	}

	#reserve(more: number): void {
		const needed = this.#length + more;
		if (needed <= this.#bytes.length) return;
		const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
		grown.set(this.#bytes.subarray(0, this.#length));
		this.#bytes = grown;
	}

	u8(value: number): this {
		this.#reserve(1);
		this.#bytes[this.#length++] = value;
		return this;
	}

	u32(value: number): this {
		this.#reserve(5);
		let rest = value >>> 0;
		while (rest > 0x7f) {
			this.#bytes[this.#length++] = (rest & 0x7f) | 0x80;
			rest >>>= 7;
		}
		this.#bytes[this.#length++] = rest;
		return this;
	}

	/** A signed LEB128 of the lowest 32 bits. */
	s32(value: number): this {
		for (let rest = value | 0; ; rest >>= 7) {
			const byte = rest & 0x7f;
			if (rest >> 6 === 0 || rest >> 6 === -1) return this.u8(byte);
			this.u8(byte | 0x80);
		}
	}

	s64(value: bigint): this {
		let rest = BigInt.asIntN(64, value);
		for (;;) {
			const byte = Number(rest & 0x7fn);
			rest >>= 7n;
			if ((rest === 0n && byte < 0x40) || (rest === -1n && byte >= 0x40)) return this.u8(byte);
			this.u8(byte | 0x80);
		}
	}

	bytes(source: Uint8Array | readonly number[]): this {
		this.#reserve(source.length);
		this.#bytes.set(source, this.#length);
		this.#length += source.length;
		return this;
	}

	/** Copies a part of a larger array without making a view of it: instrumenting does this often. */
	range(source: Uint8Array, start: number, end: number): this {
		this.#reserve(end - start);
		if (end - start > 64) this.#bytes.set(source.subarray(start, end), this.#length);
		else for (let i = start, to = this.#length; i < end; i++, to++) this.#bytes[to] = source[i]!;
		this.#length += end - start;
		return this;
	}

	name(text: string): this {
		const encoded = new TextEncoder().encode(text);
		return this.u32(encoded.length).bytes(encoded);
	}

	/** What was written; valid until the next write. */
	view(): Uint8Array {
		return this.#bytes.subarray(0, this.#length);
	}

	clear(): this {
		this.#length = 0;
		return this;
	}
}
