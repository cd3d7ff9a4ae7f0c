/**
 * Takes the place of the build out of a canister that Azle built.
 *
 * Azle writes the absolute path of the bundled JavaScript into the Wasm: builds of the same sources in two folders
 * differ, nobody can check a canister's hash but in a folder of the same name, and traps show that name to everybody
 * in their stack. The path lies in the JSON of a data segment of its own; two functions, which the template exports
 * by way of a function each that calls them, hold that segment's length.
 */
import { ByteReader, ByteWriter } from "../../wasm/bytes.js";
import { findSection, readExports, replaceSection, type Section, SectionId } from "../../wasm/module.js";
import { signedLeb, unsignedLeb } from "./assembler.js";
import { LinkError } from "./errors.js";

/** What the path becomes. It names the JavaScript in the stack of a trap, and nothing else. */
export const MAIN_PATH = "main.js";

const SIZE_EXPORT = "wasm_data_passive_data_size";
const COPY_EXPORT = "init_wasm_data_passive_data";

const UNEXPECTED = "the data of Azle's build are not as expected: was it built by a supported Azle?";

const I32_CONST = 0x41;
const LOCAL_GET = 0x20;
const CALL = 0x10;
const END = 0x0b;
const NO_LOCALS = 0;
const MEMORY_INIT = [0xfc, 8];
const DATA_DROP = [0xfc, 9];

/** Changes the sections in place, if they have a path. `imported` is the number of functions that are imported. */
export function removePlace(sections: Section[], imported: number): void {
	const segments = readSegments(sections);
	const index = segments.findIndex(({ content }) => content !== undefined && isAzlesData(content));
	if (index < 0) return;
	const exports = readExports(sections);
	const indexOf = (wanted: string) => exports.find(({ name }) => name === wanted)?.index;
	const size = indexOf(SIZE_EXPORT);
	const copy = indexOf(COPY_EXPORT);
	if (size === undefined || copy === undefined) throw new LinkError(UNEXPECTED);
	const { head, content } = segments[index]!;
	const before = content!.length;
	const placeless = withoutPath(content!);
	segments[index] = { head, content: placeless };
	replaceSection(sections, SectionId.data, joined(segments));
	const inner = (outer: number) => calledFirst(bodyOf(sections, outer - imported).body) - imported;
	replaceBody(sections, inner(size), sizeBody(before), sizeBody(placeless.length));
	replaceBody(sections, inner(copy), copyBody(before, index), copyBody(placeless.length, index));
}

interface Segment {
	/** All before the content's length. */
	readonly head: Uint8Array;
	readonly content: Uint8Array | undefined;
}

/** WebAssembly core specification, chapter 5.5.14 (Data section); an active segment stays as it is, unread. */
function readSegments(sections: readonly Section[]): Segment[] {
	const reader = new ByteReader(findSection(sections, SectionId.data) ?? Uint8Array.of(0));
	const segments: Segment[] = [];
	for (let left = reader.u32(); left > 0; left--) {
		const start = reader.pos;
		const kind = reader.u32();
		if (kind === 1) {
			const head = reader.bytes.subarray(start, reader.pos);
			segments.push({ head, content: reader.take(reader.u32()) });
			continue;
		}
		if (kind !== 0 || reader.u8() !== I32_CONST) throw new LinkError(UNEXPECTED);
		reader.skipLeb();
		reader.skip(1);
		reader.skip(reader.u32());
		segments.push({ head: reader.bytes.subarray(start, reader.pos), content: undefined });
	}
	return segments;
}

function joined(segments: readonly Segment[]): Uint8Array {
	const writer = new ByteWriter().u32(segments.length);
	for (const { head, content } of segments) {
		writer.bytes(head);
		if (content !== undefined) writer.u32(content.length).bytes(content);
	}
	return writer.view();
}

/** Azle's data begin like this, and JavaScript never does. */
const DATA_START = '{"envVars":';

const isAzlesData = (content: Uint8Array): boolean =>
	new TextDecoder().decode(content.subarray(0, DATA_START.length)) === DATA_START;

function withoutPath(content: Uint8Array): Uint8Array {
	const data = JSON.parse(new TextDecoder().decode(content)) as object;
	return new TextEncoder().encode(JSON.stringify({ ...data, mainJsPath: MAIN_PATH }));
}

const sizeBody = (length: number): number[] => [NO_LOCALS, I32_CONST, ...signedLeb(length), END];

const copyBody = (length: number, segment: number): number[] => [
	NO_LOCALS,
	...[LOCAL_GET, 0],
	...[I32_CONST, 0],
	...[I32_CONST, ...signedLeb(length)],
	...[...MEMORY_INIT, ...unsignedLeb(segment), 0],
	...[...DATA_DROP, ...unsignedLeb(segment)],
	END,
];

/** A function's body, and where it is in the section of code, its length included. */
function bodyOf(sections: readonly Section[], index: number): { body: Uint8Array; from: number; to: number } {
	const reader = new ByteReader(findSection(sections, SectionId.code) ?? Uint8Array.of(0));
	reader.u32();
	for (let i = 0; i < index; i++) reader.skip(reader.u32());
	const from = reader.pos;
	const body = reader.take(reader.u32());
	return { body, from, to: reader.pos };
}

/** What a function calls first, having at the most pushed its argument. */
function calledFirst(body: Uint8Array): number {
	const reader = new ByteReader(body);
	for (let groups = reader.u32(); groups > 0; groups--) {
		reader.skipLeb();
		reader.skip(1);
	}
	let opcode = reader.u8();
	if (opcode === LOCAL_GET) {
		reader.skipLeb();
		opcode = reader.u8();
	}
	if (opcode !== CALL) throw new LinkError(UNEXPECTED);
	return reader.u32();
}

function replaceBody(sections: Section[], index: number, before: number[], after: number[]): void {
	const { body, from, to } = bodyOf(sections, index);
	if (Buffer.compare(body, Uint8Array.from(before)) !== 0) throw new LinkError(UNEXPECTED);
	const code = findSection(sections, SectionId.code)!;
	const changed = new ByteWriter(code.length + after.length)
		.range(code, 0, from)
		.u32(after.length)
		.bytes(after)
		.range(code, to, code.length);
	replaceSection(sections, SectionId.code, changed.view());
}
