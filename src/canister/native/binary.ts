/**
 * A module as a list of sections: WebAssembly core specification, chapter 5.5 (Modules).
 *
 * The linker copies what it does not change byte for byte, so the canister's code neither grows nor slows
 * down, and its custom sections stay. (Binaryen's wasm-merge reads and writes all of it anew.)
 */
import { unsignedLeb } from "./assembler.js";
import { LinkError } from "./errors.js";

export const SectionId = {
	custom: 0,
	type: 1,
	import: 2,
	function: 3,
	memory: 5,
	global: 6,
	export: 7,
	code: 10,
	data: 11,
} as const;

/** The order in which sections stand, which is not the order of their ids. */
const ORDER = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];

export interface Section {
	readonly id: number;
	readonly bytes: Uint8Array;
}

export class Cursor {
	constructor(
		readonly bytes: Uint8Array,
		public position = 0,
	) {}

	get done(): boolean {
		return this.position >= this.bytes.length;
	}

	u8(): number {
		const byte = this.bytes[this.position++];
		if (byte === undefined) throw new LinkError("the Wasm is cut off: build it again");
		return byte;
	}

	u32(): number {
		let value = 0;
		for (let shift = 0; shift < 35; shift += 7) {
			const byte = this.u8();
			value |= (byte & 0x7f) << shift;
			if (byte < 0x80) return value >>> 0;
		}
		throw new LinkError(`the Wasm is damaged at byte ${this.position}: build it again`);
	}

	/** Passes over a LEB128 of any width. */
	skipLeb(): void {
		while (this.u8() > 0x7f);
	}

	skip(length: number): void {
		this.position += length;
	}

	take(length: number): Uint8Array {
		if (length > this.bytes.length - this.position) {
			throw new LinkError("the Wasm is cut off: build it again");
		}
		this.position += length;
		return this.bytes.subarray(this.position - length, this.position);
	}

	name(): string {
		return new TextDecoder().decode(this.take(this.u32()));
	}
}

const PREAMBLE = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

export function readSections(wasm: Uint8Array): Section[] {
	if (wasm.length < PREAMBLE.length || PREAMBLE.some((byte, i) => wasm[i] !== byte)) {
		throw new LinkError("not a WebAssembly module: give the .wasm that `azle build` wrote");
	}
	const cursor = new Cursor(wasm, PREAMBLE.length);
	const sections: Section[] = [];
	while (!cursor.done) sections.push({ id: cursor.u8(), bytes: cursor.take(cursor.u32()) });
	return sections;
}

export function writeSections(sections: readonly Section[]): Uint8Array {
	return concat([
		PREAMBLE,
		...sections.flatMap(({ id, bytes }) => [[id, ...unsignedLeb(bytes.length)], bytes]),
	]);
}

export function concat(parts: readonly ArrayLike<number>[]): Uint8Array {
	const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
	let at = 0;
	for (const part of parts) {
		joined.set(part, at);
		at += part.length;
	}
	return joined;
}

export function sectionOf(sections: readonly Section[], id: number): Uint8Array | undefined {
	return sections.find((section) => section.id === id)?.bytes;
}

/** How many entries a vector section has. */
export function countOf(sections: readonly Section[], id: number): number {
	const bytes = sectionOf(sections, id);
	return bytes === undefined ? 0 : new Cursor(bytes).u32();
}

/** What is exported: an index in the space of its kind, by its name. */
export function readExports(sections: readonly Section[]): Map<string, number> {
	const cursor = new Cursor(sectionOf(sections, SectionId.export) ?? Uint8Array.of(0));
	const exports = new Map<string, number>();
	for (let left = cursor.u32(); left > 0; left--) {
		const name = cursor.name();
		cursor.u8();
		exports.set(name, cursor.u32());
	}
	return exports;
}

/** Adds a custom section at the end, in the place of one of that name if there is one. */
export function setCustomSection(sections: Section[], name: string, content: Uint8Array): void {
	const at = sections.findIndex(
		({ id, bytes }) => id === SectionId.custom && new Cursor(bytes).name() === name,
	);
	if (at >= 0) sections.splice(at, 1);
	const encoded = new TextEncoder().encode(name);
	sections.push({ id: SectionId.custom, bytes: concat([unsignedLeb(encoded.length), encoded, content]) });
}

/** Adds entries at the end of a vector section, which comes into being where the specification wants it. */
export function append(sections: Section[], id: number, entries: readonly ArrayLike<number>[]): void {
	const cursor = new Cursor(sectionOf(sections, id) ?? Uint8Array.of(0));
	const count = unsignedLeb(cursor.u32() + entries.length);
	const bytes = concat([count, cursor.bytes.subarray(cursor.position), ...entries]);
	const at = sections.findIndex((section) => section.id === id);
	if (at >= 0) {
		sections[at] = { id, bytes };
		return;
	}
	const rank = ORDER.indexOf(id);
	const next = sections.findIndex((section) => ORDER.indexOf(section.id) > rank);
	sections.splice(next < 0 ? sections.length : next, 0, { id, bytes });
}
