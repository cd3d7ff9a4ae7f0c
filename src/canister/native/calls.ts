/**
 * Finds and redirects calls in function bodies: WebAssembly core specification, chapter 5.4 (Instructions).
 *
 * A call's operand is found by walking over every instruction, since any byte may be part of another.
 */
import { unsignedLeb } from "./assembler.js";
import { type Cursor, concat } from "./binary.js";
import { LinkError } from "./errors.js";

const CALL = 0x10;
const RETURN_CALL = 0x12;
const REF_FUNC = 0xd2;

/** What follows an opcode: `-` unknown, a digit that many LEB128s, or a letter that passOver explains. */
const IMMEDIATES = new Array<string>(256).fill("-");
/** The same for the second byte after 0xfc and after 0xfd. */
const BULK = new Array<string>(18).fill("0");
const VECTOR = new Array<string>(256).fill("0");

function assign(table: string[], kind: string, ...ranges: (number | readonly [number, number])[]): void {
	for (const range of ranges) {
		const [from, to] = typeof range === "number" ? [range, range] : range;
		table.fill(kind, from, to + 1);
	}
}
assign(IMMEDIATES, "0", [0x00, 0x01], 0x05, 0x0b, 0x0f, 0x1a, 0x1b, [0x45, 0xc4], 0xd1);
assign(
	IMMEDIATES,
	"1",
	[0x02, 0x04],
	0x0c,
	0x0d,
	CALL,
	RETURN_CALL,
	[0x20, 0x26],
	[0x3f, 0x42],
	0xd0,
	REF_FUNC,
);
assign(IMMEDIATES, "2", 0x11, 0x13);
assign(IMMEDIATES, "memory", [0x28, 0x3e]);
assign(IMMEDIATES, "targets", 0x0e);
assign(IMMEDIATES, "types", 0x1c);
assign(IMMEDIATES, "4 bytes", 0x43);
assign(IMMEDIATES, "8 bytes", 0x44);
assign(BULK, "1", 9, 11, 13, [15, 17]);
assign(BULK, "2", 8, 10, 12, 14);
assign(VECTOR, "memory", [0, 11], 92, 93);
assign(VECTOR, "16 bytes", 12, 13);
assign(VECTOR, "1 bytes", [21, 34]);
assign(VECTOR, "memory and lane", [84, 91]);

/** Passes over one instruction whose opcode was read. */
function passOver(cursor: Cursor, opcode: number): void {
	let kind = IMMEDIATES[opcode]!;
	if (opcode === 0xfc) kind = BULK[cursor.u32()] ?? "-";
	else if (opcode === 0xfd) kind = VECTOR[cursor.u32()] ?? "-";
	switch (kind) {
		case "0":
			return;
		case "2":
			cursor.skipLeb();
			cursor.skipLeb();
			return;
		case "1":
			cursor.skipLeb();
			return;
		case "memory":
		case "memory and lane":
			if (cursor.u32() & 0x40) cursor.skipLeb();
			cursor.skipLeb();
			if (kind !== "memory") cursor.skip(1);
			return;
		case "targets":
			for (let left = cursor.u32() + 1; left > 0; left--) cursor.skipLeb();
			return;
		case "types":
			cursor.skip(cursor.u32());
			return;
		case "-":
			throw new LinkError(
				`unknown WebAssembly instruction 0x${opcode.toString(16)}: was the Wasm built by a supported Azle?`,
			);
		default:
			cursor.skip(Number.parseInt(kind, 10));
	}
}

/** The code section with every call of a key of `redirected` made a call of its value. */
export function redirectCalls(
	code: Cursor,
	redirected: ReadonlyMap<number, number>,
): { readonly code: Uint8Array; readonly callsOf: ReadonlyMap<number, number> } {
	const callsOf = new Map<number, number>();
	const parts: ArrayLike<number>[] = [];
	const bodies = code.u32();
	// What was not put into `parts` yet begins here.
	let pending = 0;
	for (let i = 0; i < bodies; i++) {
		const sizeAt = code.position;
		const size = code.u32();
		const start = code.position;
		const end = start + size;
		const body: ArrayLike<number>[] = [];
		let copied = start;
		for (let groups = code.u32(); groups > 0; groups--) {
			code.skipLeb();
			code.skipLeb();
		}
		while (code.position < end) {
			const opcode = code.u8();
			if (opcode !== CALL && opcode !== RETURN_CALL && opcode !== REF_FUNC) {
				passOver(code, opcode);
				continue;
			}
			const operandAt = code.position;
			const target = code.u32();
			const replacement = redirected.get(target);
			if (replacement === undefined) continue;
			if (opcode === REF_FUNC) {
				throw new LinkError("the Wasm takes a system call's address: was it built by a supported Azle?");
			}
			callsOf.set(target, (callsOf.get(target) ?? 0) + 1);
			body.push(code.bytes.subarray(copied, operandAt), unsignedLeb(replacement));
			copied = code.position;
		}
		if (code.position !== end) throw new LinkError("a function's code is damaged: build the Wasm again");
		if (body.length === 0) continue;
		const changed = concat([...body, code.bytes.subarray(copied, end)]);
		parts.push(code.bytes.subarray(pending, sizeAt), unsignedLeb(changed.length), changed);
		pending = end;
	}
	return { code: concat([...parts, code.bytes.subarray(pending)]), callsOf };
}
