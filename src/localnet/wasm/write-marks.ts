/**
 * Lets a module note which pages of its memory it writes, so that keeping or undoing what a message did costs by what
 * it changed, not by how large the memory is.
 *
 * The first MiB of memory becomes a table of one byte for each page of 4 KiB that 32 bits can address; the canister's
 * own memory begins behind it. All addresses in the module are shifted: by the constant offset of loads and stores,
 * which is free, and in memory.fill, copy, init, size and grow. A store sets the byte of the page that it begins in; it
 * may end in the next one, which is for the reader of the table to look after (`LONGEST_STORE`).
 */
import { ByteReader, ByteWriter, WasmFormatError } from "../../wasm/bytes.js";
import {
	appendEntries,
	countEntries,
	findSection,
	readImports,
	readParameterCounts,
	readSections,
	replaceSection,
	SectionId,
	writeSections,
} from "../../wasm/module.js";
import { Access, InstructionDecoder } from "./decoder.js";
import { EXPORT_PREFIX } from "./meter.js";

/** The exported function that marks a range; a module that has it was prepared here. */
export const EXPORTED_MARK = `${EXPORT_PREFIX}mark`;
/** Bytes of the table, and where the canister's memory begins. */
export const MARKS_BYTES = 1_048_576;
/** Bytes of the longest store: a vector. */
export const LONGEST_STORE = 16;

const PAGE_SHIFT = 12;
const MARKS_PAGES = 16;
/** One less than 32 bits address: the last one stays out of bounds, and with it an address that would wrap (`SHIFT`). */
const MAX_PAGES = 65_535;
const MAX_U32 = 0xffff_ffff;
const FUNCTION = 0;
const I32 = 0x7f;

const op = {
	if: 0x04,
	return: 0x0f,
	end: 0x0b,
	call: 0x10,
	select: 0x1b,
	localGet: 0x20,
	localSet: 0x21,
	localTee: 0x22,
	store8: 0x3a,
	memoryGrow: 0x40,
	const: 0x41,
	eqz: 0x45,
	ne: 0x47,
	leU: 0x4d,
	add: 0x6a,
	sub: 0x6b,
	shrU: 0x76,
} as const;
const EMPTY_BLOCK = 0x40;
const MEMORY_FILL = [0xfc, 0x0b, 0];
/** An alignment with this bit names a memory. */
const NAMES_MEMORY = 0x40;

const constant = (value: number): number[] => [op.const, ...new ByteWriter(5).s32(value).view()];
const leb = (value: number): number[] => [...new ByteWriter(5).u32(value).view()];
const TO_PAGE = [...constant(PAGE_SHIFT), op.shrU];
/** What a store does once its address is on the stack. */
const MARK_PAGE = Uint8Array.from([...TO_PAGE, ...constant(1), op.store8, 0, 0]);

/** `(address) -> shifted`: what would wrap becomes an address that is out of bounds, too. */
const SHIFT = [
	...[0, op.localGet, 0, ...constant(MARKS_BYTES), op.add, ...constant(-1)],
	...[op.localGet, 0, ...constant(-MARKS_BYTES - 1), op.leU, op.select, op.end],
];
/** `(address, length)`. */
const MARK = [
	...[0, op.localGet, 1, op.eqz, op.if, EMPTY_BLOCK, op.return, op.end],
	...[op.localGet, 0, ...TO_PAGE, ...constant(1)],
	...[op.localGet, 0, op.localGet, 1, op.add, ...constant(1), op.sub, ...TO_PAGE],
	...[op.localGet, 0, ...TO_PAGE, op.sub, ...constant(1), op.add, ...MEMORY_FILL, op.end],
];
/** `(pages) -> pages before, or -1`. */
const GROW = [
	...[0, op.localGet, 0, op.memoryGrow, 0, op.localTee, 0, ...constant(MARKS_PAGES), op.sub],
	...[...constant(-1), op.localGet, 0, ...constant(-1), op.ne, op.select, op.end],
];
const HELPERS = [SHIFT, MARK, GROW];

/** Thrown where a module addresses memory in a way that is not followed here. */
class Unmarkable extends Error {}

/**
 * The module with marks, or undefined where it has no memory of its own, or one that cannot be followed: by
 * instructions that the decoder does not know, it may be written unseen.
 */
export function markWrites(wasm: Uint8Array): Uint8Array | undefined {
	const sections = readSections(wasm);
	const memory = findSection(sections, SectionId.memory);
	const imports = readImports(sections);
	if (memory === undefined || countEntries(sections, SectionId.memory) !== 1) return undefined;
	if (imports.some(({ kind }) => kind === "memory")) return undefined;
	try {
		const shift =
			imports.filter(({ kind }) => kind === "function").length + countEntries(sections, SectionId.function);
		const type = countEntries(sections, SectionId.type);
		const code = findSection(sections, SectionId.code);
		const data = findSection(sections, SectionId.data);
		replaceSection(sections, SectionId.code, rewriteCode(code, readParameterCounts(sections), shift));
		replaceSection(sections, SectionId.memory, widen(memory));
		if (data) replaceSection(sections, SectionId.data, shiftData(data));
		const append = (id: number, ...entries: number[][]): void => {
			const bytes = entries.map((entry) => Uint8Array.from(entry));
			replaceSection(sections, id, appendEntries(findSection(sections, id), bytes));
		};
		append(SectionId.type, [0x60, 1, I32, 1, I32], [0x60, 2, I32, I32, 0]);
		append(SectionId.function, leb(type), leb(type + 1), leb(type));
		const mark = new ByteWriter()
			.name(EXPORTED_MARK)
			.u8(FUNCTION)
			.u32(shift + 1);
		append(SectionId.export, [...mark.view()]);
		return writeSections(sections);
	} catch (error) {
		if (error instanceof Unmarkable || error instanceof WasmFormatError) return undefined;
		throw error;
	}
}

function widen(memory: Uint8Array): Uint8Array {
	const reader = new ByteReader(memory);
	reader.u32();
	const flags = reader.u8();
	// Only a maximum: not shared, not of 64 bits.
	if (flags > 1) throw new Unmarkable();
	const initial = reader.u32() + MARKS_PAGES;
	if (initial > MAX_PAGES) throw new Unmarkable();
	const most = flags === 1 ? Math.min(reader.u32() + MARKS_PAGES, MAX_PAGES) : MAX_PAGES;
	return new ByteWriter(16).u32(1).u8(1).u32(initial).u32(most).view();
}

/** Active segments go behind the table. */
function shiftData(data: Uint8Array): Uint8Array {
	const reader = new ByteReader(data);
	const count = reader.u32();
	const writer = new ByteWriter(data.length + 64).u32(count);
	for (let i = 0; i < count; i++) {
		const kind = reader.u32();
		writer.u32(kind);
		if (kind === 2) writer.u32(reader.u32());
		if (kind !== 1) {
			if (reader.u8() !== op.const) throw new Unmarkable();
			const at = Number(BigInt.asUintN(32, reader.s64())) + MARKS_BYTES;
			if (reader.u8() !== op.end || at > MAX_U32) throw new Unmarkable();
			writer.u8(op.const).s32(at).u8(op.end);
		}
		const size = reader.u32();
		writer.u32(size).bytes(reader.take(size));
	}
	return writer.view();
}

function rewriteCode(
	code: Uint8Array | undefined,
	parameters: readonly number[],
	firstHelper: number,
): Uint8Array {
	const reader = new ByteReader(code ?? Uint8Array.of(0));
	const count = reader.u32();
	if (count !== parameters.length) throw new WasmFormatError("function and code sections differ in length");
	const out = new ByteWriter(reader.end * 2 + 256).u32(count + HELPERS.length);
	const body = new Body(firstHelper);
	for (let i = 0; i < count; i++) {
		const size = reader.u32();
		if (size > reader.end - reader.pos) throw new WasmFormatError(`function body ${i} is cut off`);
		body.rewrite(new ByteReader(reader.bytes, reader.pos, reader.pos + size), parameters[i]!, out);
		reader.pos += size;
	}
	for (const helper of HELPERS) out.u32(helper.length).bytes(helper);
	return out.view();
}

/** Rewrites one function body after another. */
class Body {
	readonly #shift: readonly number[];
	readonly #mark: readonly number[];
	readonly #grow: readonly number[];
	readonly #out = new ByteWriter(1 << 16);
	readonly #head = new ByteWriter(1 << 10);
	/** Locals of the function itself, its parameters included. */
	#own = 0;
	/** Types of the locals added, in their order. */
	#added: number[] = [];

	constructor(firstHelper: number) {
		this.#shift = [op.call, ...leb(firstHelper)];
		this.#mark = [op.call, ...leb(firstHelper + 1)];
		this.#grow = [op.call, ...leb(firstHelper + 2)];
	}

	rewrite(body: ByteReader, parameters: number, target: ByteWriter): void {
		const groups = body.u32();
		const start = body.pos;
		this.#own = parameters;
		this.#added = [];
		for (let i = 0; i < groups; i++) {
			this.#own += body.u32();
			body.skipLeb();
		}
		const declared = body.pos;
		const out = this.#out.clear();
		const decoder = new InstructionDecoder(body);
		let copied = declared;
		while (body.pos < body.end) {
			const at = body.pos;
			decoder.step();
			if (decoder.access === Access.none) continue;
			out.range(body.bytes, copied, at);
			copied = body.pos;
			this.#rewriteAccess(decoder, at);
		}
		out.range(body.bytes, copied, body.end);
		const head = this.#head
			.clear()
			.u32(groups + this.#added.length)
			.range(body.bytes, start, declared);
		for (const type of this.#added) head.u8(1).u8(type);
		target
			.u32(head.length + out.length)
			.bytes(head.view())
			.bytes(out.view());
	}

	#rewriteAccess(decoder: InstructionDecoder, at: number): void {
		const { bytes, pos } = decoder.reader;
		switch (decoder.access) {
			case Access.load:
				this.#shifted(decoder, at);
				break;
			case Access.store:
				this.#store(decoder, at);
				break;
			case Access.size:
				this.#out.range(bytes, at, pos).bytes(constant(MARKS_PAGES)).u8(op.sub);
				break;
			case Access.grow:
				this.#out.bytes(this.#grow);
				break;
			default:
				this.#bulk(decoder, at);
		}
	}

	/** The same load or store, its offset behind the table. Answers the offset that it had. */
	#shifted(decoder: InstructionDecoder, at: number): number {
		const { reader } = decoder;
		const { bytes, pos } = reader;
		reader.pos = decoder.immediatesAt;
		if ((reader.u32() & NAMES_MEMORY) !== 0) throw new Unmarkable();
		const offsetAt = reader.pos;
		const offset = reader.u32();
		if (offset + MARKS_BYTES > MAX_U32) throw new Unmarkable();
		this.#out
			.range(bytes, at, offsetAt)
			.u32(offset + MARKS_BYTES)
			.range(bytes, reader.pos, pos);
		reader.pos = pos;
		return offset;
	}

	#store(decoder: InstructionDecoder, at: number): void {
		const type = decoder.valueType;
		const address = this.#local(I32, 0);
		const value = this.#local(type, type === I32 ? 1 : 0);
		const out = this.#out;
		out.u8(op.localSet).u32(value).u8(op.localTee).u32(address).u8(op.localGet).u32(value);
		const offset = this.#shifted(decoder, at);
		out.u8(op.localGet).u32(address);
		if (offset > 0) out.u8(op.const).s32(offset).u8(op.add);
		out.range(MARK_PAGE, 0, MARK_PAGE.length);
	}

	/** memory.fill, copy and init: (destination, value or source, length). */
	#bulk(decoder: InstructionDecoder, at: number): void {
		const { bytes, pos } = decoder.reader;
		const [destination, source, length] = [this.#local(I32, 0), this.#local(I32, 1), this.#local(I32, 2)];
		const out = this.#out;
		out.u8(op.localSet).u32(length).u8(op.localSet).u32(source).u8(op.localTee).u32(destination);
		out.bytes(this.#shift).u8(op.localGet).u32(source);
		if (decoder.access === Access.copy) out.bytes(this.#shift);
		out.u8(op.localGet).u32(length).range(bytes, at, pos);
		out.u8(op.localGet).u32(destination).u8(op.localGet).u32(length).bytes(this.#mark);
	}

	/** A local of its own for what is on the stack: the nth of a type. */
	#local(type: number, nth: number): number {
		for (let index = 0, left = nth; ; index++) {
			if (index === this.#added.length) this.#added.push(type);
			if (this.#added[index] === type && left-- === 0) return this.#own + index;
		}
	}
}
