/**
 * A module as a list of sections: WebAssembly core specification, chapter 5.5 (Modules).
 *
 * Sections that are not changed keep their bytes; nothing is decoded that nobody asks for.
 */
import { ByteReader, ByteWriter, WasmFormatError } from "./bytes.js";

export const SectionId = {
	custom: 0,
	type: 1,
	import: 2,
	function: 3,
	table: 4,
	memory: 5,
	global: 6,
	export: 7,
	start: 8,
	element: 9,
	code: 10,
	data: 11,
	dataCount: 12,
	tag: 13,
} as const;

export type ExternalKind = "function" | "table" | "memory" | "global" | "tag";

/** The specification's encoding of an external kind is its place in this list. */
export const EXTERNAL_KINDS: readonly ExternalKind[] = ["function", "table", "memory", "global", "tag"];

export interface Section {
	readonly id: number;
	readonly bytes: Uint8Array;
}

export interface ImportEntry {
	readonly module: string;
	readonly name: string;
	readonly kind: ExternalKind;
}

export interface ExportEntry {
	readonly name: string;
	readonly kind: ExternalKind;
}

export interface CustomSection {
	readonly name: string;
	readonly bytes: Uint8Array;
}

export interface ModuleSummary {
	readonly imports: ImportEntry[];
	readonly exports: ExportEntry[];
	readonly customSections: CustomSection[];
}

const PREAMBLE = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

/** The order in which sections stand, which is not the order of their ids. */
const ORDER = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];

export function readSections(wasm: Uint8Array): Section[] {
	// A Buffer's parts would be Buffers too: take the bytes under it.
	const reader = new ByteReader(new Uint8Array(wasm.buffer, wasm.byteOffset, wasm.byteLength));
	if (wasm.length < 8 || PREAMBLE.some((byte, i) => wasm[i] !== byte)) {
		throw new WasmFormatError("not a WebAssembly module of version 1");
	}
	reader.pos = 8;
	const sections: Section[] = [];
	while (!reader.done) {
		const id = reader.u8();
		if (id > SectionId.tag) throw new WasmFormatError(`unknown section ${id} at byte ${reader.pos - 1}`);
		sections.push({ id, bytes: reader.take(reader.u32()) });
	}
	return sections;
}

export function writeSections(sections: readonly Section[]): Uint8Array {
	const writer = new ByteWriter(sections.reduce((sum, { bytes }) => sum + bytes.length + 6, 8));
	writer.bytes(PREAMBLE);
	for (const { id, bytes } of sections) writer.u8(id).u32(bytes.length).bytes(bytes);
	return writer.view();
}

export function findSection(sections: readonly Section[], id: number): Uint8Array | undefined {
	return sections.find((section) => section.id === id)?.bytes;
}

/** Puts a section in the place of the one with its id, or where the specification wants a new one. */
export function replaceSection(sections: Section[], id: number, bytes: Uint8Array): void {
	const at = sections.findIndex((section) => section.id === id);
	if (at >= 0) {
		sections[at] = { id, bytes };
		return;
	}
	const rank = ORDER.indexOf(id);
	const next = sections.findIndex((section) => ORDER.indexOf(section.id) > rank);
	sections.splice(next < 0 ? sections.length : next, 0, { id, bytes });
}

/** A vector section with entries added at its end. */
export function appendEntries(bytes: Uint8Array | undefined, entries: readonly Uint8Array[]): Uint8Array {
	const reader = new ByteReader(bytes ?? Uint8Array.of(0));
	const writer = new ByteWriter(reader.end + 16);
	writer.u32(reader.u32() + entries.length).bytes(reader.take(reader.end - reader.pos));
	for (const entry of entries) writer.bytes(entry);
	return writer.view();
}

function externalKind(byte: number): ExternalKind {
	const kind = EXTERNAL_KINDS[byte];
	if (kind === undefined) throw new WasmFormatError(`unknown external kind ${byte}`);
	return kind;
}

/** Limits of a table or memory; the flag's low bit says whether there is a maximum. */
export function skipLimits(reader: ByteReader): void {
	const flags = reader.u8();
	reader.skipLeb();
	if (flags & 1) reader.skipLeb();
}

export interface ImportDescription extends ImportEntry {
	/** For a function: the index of its type. */
	readonly type: number;
	/** For a global: whether it is mutable. */
	readonly mutable: boolean;
	/** For a table: its reference type. */
	readonly refType: number;
}

export function readImports(sections: readonly Section[]): ImportDescription[] {
	const bytes = findSection(sections, SectionId.import);
	if (bytes === undefined) return [];
	const reader = new ByteReader(bytes);
	return Array.from({ length: reader.u32() }, () => {
		const module = reader.name();
		const name = reader.name();
		const kind = externalKind(reader.u8());
		let type = 0;
		let mutable = false;
		let refType = 0;
		if (kind === "function") type = reader.u32();
		else if (kind === "memory") skipLimits(reader);
		else if (kind === "table") {
			refType = reader.u8();
			skipLimits(reader);
		} else if (kind === "global") {
			reader.u8();
			mutable = reader.u8() === 1;
		} else {
			reader.u8();
			reader.u32();
		}
		return { module, name, kind, type, mutable, refType };
	});
}

export function readExports(sections: readonly Section[]): (ExportEntry & { index: number })[] {
	const bytes = findSection(sections, SectionId.export);
	if (bytes === undefined) return [];
	const reader = new ByteReader(bytes);
	return Array.from({ length: reader.u32() }, () => {
		const name = reader.name();
		return { name, kind: externalKind(reader.u8()), index: reader.u32() };
	});
}

/** What a module asks for, offers and carries, without compiling it. */
export function parseModule(wasm: Uint8Array): ModuleSummary {
	const sections = readSections(wasm);
	return {
		imports: readImports(sections).map(({ module, name, kind }) => ({ module, name, kind })),
		exports: readExports(sections).map(({ name, kind }) => ({ name, kind })),
		customSections: customSections(sections),
	};
}

export function customSections(sections: readonly Section[]): CustomSection[] {
	return sections
		.filter(({ id }) => id === SectionId.custom)
		.map(({ bytes }) => {
			const reader = new ByteReader(bytes);
			return { name: reader.name(), bytes: reader.take(reader.end - reader.pos) };
		});
}

export function countEntries(sections: readonly Section[], id: number): number {
	const bytes = findSection(sections, id);
	return bytes === undefined ? 0 : new ByteReader(bytes).u32();
}

/** How many parameters each function defined in the module has. */
export function readParameterCounts(sections: readonly Section[]): number[] {
	const types = new ByteReader(findSection(sections, SectionId.type) ?? Uint8Array.of(0));
	const FUNCTION_TYPE = 0x60;
	const parametersOf = Array.from({ length: types.u32() }, () => {
		if (types.u8() !== FUNCTION_TYPE) throw new WasmFormatError("only function types are supported");
		const parameters = types.u32();
		types.take(parameters);
		types.take(types.u32());
		return parameters;
	});
	const functions = new ByteReader(findSection(sections, SectionId.function) ?? Uint8Array.of(0));
	return Array.from({ length: functions.u32() }, () => {
		const parameters = parametersOf[functions.u32()];
		if (parameters === undefined) throw new WasmFormatError("a function has a type that does not exist");
		return parameters;
	});
}

/** Adds a custom section at the end, in the place of one of that name if there is one. */
export function setCustomSection(sections: Section[], name: string, content: Uint8Array): void {
	const at = sections.findIndex(
		({ id, bytes }) => id === SectionId.custom && new ByteReader(bytes).name() === name,
	);
	if (at >= 0) sections.splice(at, 1);
	sections.push({ id: SectionId.custom, bytes: new ByteWriter().name(name).bytes(content).view() });
}
