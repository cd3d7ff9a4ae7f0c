/**
 * Takes the place of the build out of a canister that Azle built.
 *
 * Azle writes the absolute path of the bundled JavaScript into the Wasm: builds of the same sources in two folders
 * differ, nobody can check a canister's hash but in a folder of the same name, and traps show that name to everybody
 * in their stack. The path lies in the JSON of a data segment of its own; two functions, which the template exports
 * by way of a function each that calls them, hold that segment's length.
 */
import { signedLeb, unsignedLeb } from "./assembler.js";
import { Cursor, concat, readExports, type Section, SectionId, sectionOf } from "./binary.js";
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
	const size = exports.get(SIZE_EXPORT);
	const copy = exports.get(COPY_EXPORT);
	if (size === undefined || copy === undefined) throw new LinkError(UNEXPECTED);
	const { head, content } = segments[index]!;
	const before = content!.length;
	const placeless = withoutPath(content!);
	segments[index] = { head, content: placeless };
	replace(sections, SectionId.data, joined(segments));
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
	const cursor = new Cursor(sectionOf(sections, SectionId.data) ?? Uint8Array.of(0));
	const segments: Segment[] = [];
	for (let left = cursor.u32(); left > 0; left--) {
		const start = cursor.position;
		const kind = cursor.u32();
		if (kind === 1) {
			const head = cursor.bytes.subarray(start, cursor.position);
			segments.push({ head, content: cursor.take(cursor.u32()) });
			continue;
		}
		if (kind !== 0 || cursor.u8() !== I32_CONST) throw new LinkError(UNEXPECTED);
		cursor.skipLeb();
		cursor.skip(1);
		cursor.skip(cursor.u32());
		segments.push({ head: cursor.bytes.subarray(start, cursor.position), content: undefined });
	}
	return segments;
}

const joined = (segments: readonly Segment[]): Uint8Array =>
	concat([
		unsignedLeb(segments.length),
		...segments.flatMap(({ head, content }) =>
			content === undefined ? [head] : [head, unsignedLeb(content.length), content],
		),
	]);

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
	const cursor = new Cursor(sectionOf(sections, SectionId.code) ?? Uint8Array.of(0));
	cursor.u32();
	for (let i = 0; i < index; i++) cursor.skip(cursor.u32());
	const from = cursor.position;
	const body = cursor.take(cursor.u32());
	return { body, from, to: cursor.position };
}

/** What a function calls first, having at the most pushed its argument. */
function calledFirst(body: Uint8Array): number {
	const cursor = new Cursor(body);
	for (let groups = cursor.u32(); groups > 0; groups--) {
		cursor.skipLeb();
		cursor.skip(1);
	}
	let opcode = cursor.u8();
	if (opcode === LOCAL_GET) {
		cursor.skipLeb();
		opcode = cursor.u8();
	}
	if (opcode !== CALL) throw new LinkError(UNEXPECTED);
	return cursor.u32();
}

function replaceBody(sections: Section[], index: number, before: number[], after: number[]): void {
	const { body, from, to } = bodyOf(sections, index);
	if (Buffer.compare(body, Uint8Array.from(before)) !== 0) throw new LinkError(UNEXPECTED);
	const code = sectionOf(sections, SectionId.code)!;
	replace(
		sections,
		SectionId.code,
		concat([code.subarray(0, from), unsignedLeb(after.length), after, code.subarray(to)]),
	);
}

function replace(sections: Section[], id: number, bytes: Uint8Array): void {
	sections[sections.findIndex((section) => section.id === id)] = { id, bytes };
}
