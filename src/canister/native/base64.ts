/** Bytes as Base64: RFC 4648, section 4. */
import { CONTROL } from "./abi.js";
import { FunctionCode } from "./assembler.js";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const PAD = 0x3d;
const GROUP_BYTES = 3;
const GROUP_CHARACTERS = 4;

/** `base64(control, data, length)`: as the block's fields say. 20 instructions a byte. */
export function base64Function(): FunctionCode {
	const [control, data, length] = [0, 1, 2];
	const code = new FunctionCode(3);
	const [from, to, end, limit, bits, table] = code.locals("i32", 6) as [
		number,
		number,
		number,
		number,
		number,
		number,
	];
	const field = (offset: number) => code.get(control).memory("i32.load", offset);
	// Compared with what is left, so that no sum can be past 2^32.
	field(CONTROL.at).get(length).op("i32.gt_u").trapIf();
	field(CONTROL.size).get(length);
	field(CONTROL.at).op("i32.sub", "i32.gt_u").trapIf();
	field(CONTROL.to).get(length).op("i32.gt_u").trapIf();
	code.get(data, length).op("i32.add").set(limit);
	field(CONTROL.at).get(data).op("i32.add").tee(from);
	field(CONTROL.size).op("i32.add").set(end);
	field(CONTROL.to).get(data).op("i32.add").set(to);
	code.get(control).i32(CONTROL.work).op("i32.add").set(table);
	for (let at = 0; at < ALPHABET.length; at += 16) {
		const part = Array.from(ALPHABET.slice(at, at + 16), (character) => character.charCodeAt(0));
		code.get(table).v128(part).memory("v128.store", at);
	}

	const isPast = (bytes: number) => code.get(from).i32(bytes).op("i32.add").get(end).op("i32.gt_u");
	code.loop();
	code.get(from, end).op("i32.eq").if().op("return", "end");
	code.get(limit, to).op("i32.sub").i32(GROUP_CHARACTERS).op("i32.lt_u").trapIf();
	code.get(from).memory("i32.load8_u", 0).i32(16).op("i32.shl").set(bits);
	for (const [offset, shift] of [
		[1, 8],
		[2, 0],
	] as const) {
		isPast(offset + 1)
			.op("i32.eqz")
			.if();
		code.get(bits, from).memory("i32.load8_u", offset).i32(shift).op("i32.shl", "i32.or").set(bits).op("end");
	}
	for (let i = 0; i < GROUP_CHARACTERS; i++) {
		code
			.get(to, bits)
			.i32(18 - 6 * i)
			.op("i32.shr_u")
			.i32(63)
			.op("i32.and")
			.get(table)
			.op("i32.add");
		code.memory("i32.load8_u", 0).memory("i32.store8", i);
	}
	code.get(to).i32(GROUP_CHARACTERS).op("i32.add").set(to);
	isPast(GROUP_BYTES).if();
	code.get(to).i32(1).op("i32.sub").i32(PAD).memory("i32.store8", 0);
	isPast(2).if();
	code.get(to).i32(2).op("i32.sub").i32(PAD).memory("i32.store8", 0).op("end");
	code.op("return", "end");
	code.get(from).i32(GROUP_BYTES).op("i32.add").set(from);
	return code.br(0).op("end", "unreachable");
}
