import { isConstructed, MAGIC, RECORD, VARIANT } from "./opcodes.js";
import type { Shape } from "./shape.js";

/**
 * What a message of these types begins with: magic, type table, types of the arguments. The table is in the order of
 * @dfinity/candid, what is within a type before it; through the library's own objects it takes 45 M instructions a
 * method.
 */
export function headerOf(shapes: readonly Shape[]): Uint8Array {
	const table: number[] = [];
	const indices = new Map<string, number>();

	const reference = (shape: Shape): number => {
		if (!isConstructed(shape.opcode)) return shape.opcode;
		const known = indices.get(shape.name);
		if (known !== undefined) return known;
		const parts = shape.parts.map((part) => [part.id, reference(part.shape)] as const);
		pushSigned(table, shape.opcode);
		const isNamed = shape.opcode === RECORD || shape.opcode === VARIANT;
		if (isNamed) pushUnsigned(table, parts.length);
		for (const [id, of] of parts) {
			if (isNamed) pushUnsigned(table, id);
			pushSigned(table, of);
		}
		const index = indices.size;
		indices.set(shape.name, index);
		return index;
	};

	const types = shapes.map(reference);
	const header: number[] = [...MAGIC];
	pushUnsigned(header, indices.size);
	for (const byte of table) header.push(byte);
	pushUnsigned(header, types.length);
	for (const type of types) pushSigned(header, type);
	return Uint8Array.from(header);
}

function pushUnsigned(bytes: number[], value: number): void {
	let left = value;
	for (; left >= 0x80; left = Math.floor(left / 0x80)) bytes.push((left % 0x80) | 0x80);
	bytes.push(left);
}

/** An opcode from -64 up, or an index. */
function pushSigned(bytes: number[], value: number): void {
	let left = value;
	for (; left >= 0x40; left >>= 7) bytes.push((left & 0x7f) | 0x80);
	bytes.push(left & 0x7f);
}
