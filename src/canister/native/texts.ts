/** Bytes that become a text and back: what stands in front of three system calls whose texts Azle converts (see abi.ts). */
import { CONTROL, OPERATION } from "./abi.js";
import { FunctionCode } from "./assembler.js";

/** Where the block's address is kept, and the system call that is meant where no text is under way. */
export interface TextPlacement {
	readonly attached: number;
	readonly real: number;
}

/** Carries out `write` if the block waits for this operation. */
function emitIfAsked(
	code: FunctionCode,
	attached: number,
	control: number,
	operation: number,
	write: () => void,
): void {
	code.globalGet(attached).tee(control).if();
	code.get(control).memory("i32.load", CONTROL.op).i32(operation).op("i32.eq").if();
	write();
	code.op("return", "end", "end");
}

/** `msg_method_name_size()`: the length of the text that is to be read, or 0 where its bytes are not UTF-8. */
export function textSizeFunction({ attached, real }: TextPlacement, isUtf8: number): FunctionCode {
	const code = new FunctionCode(0);
	const control = code.local("i32");
	const length = () => code.get(control).memory("i32.load", CONTROL.length);
	emitIfAsked(code, attached, control, OPERATION.decode, () => {
		length().get(control).memory("i32.load", CONTROL.capacity).op("i32.gt_u").trapIf();
		code.get(control).i32(CONTROL.payload).op("i32.add");
		length().call(isUtf8).op("i32.eqz").if();
		code.get(control).i32(0).memory("i32.store", CONTROL.length).op("end");
		length();
	});
	return code.call(real);
}

/** `msg_method_name_copy(to, offset, size)`: the text's bytes, once. */
export function textCopyFunction({ attached, real }: TextPlacement): FunctionCode {
	const [to, offset, size] = [0, 1, 2];
	const code = new FunctionCode(3);
	const control = code.local("i32");
	const length = () => code.get(control).memory("i32.load", CONTROL.length);
	emitIfAsked(code, attached, control, OPERATION.decode, () => {
		code.get(offset);
		length().op("i32.gt_u").trapIf();
		code.get(size);
		length().get(offset).op("i32.sub", "i32.gt_u").trapIf();
		code.get(to, control).i32(CONTROL.payload).op("i32.add").get(offset).op("i32.add").get(size);
		code.op("memory.copy");
		code.get(control).i32(0).memory("i32.store", CONTROL.op);
	});
	return code.get(to, offset, size).call(real);
}

/** `msg_reject(address, length)`: takes the text into the block, if it has room; how long it is in any case. */
export function textTakeFunction({ attached, real }: TextPlacement): FunctionCode {
	const [address, length] = [0, 1];
	const code = new FunctionCode(2);
	const control = code.local("i32");
	emitIfAsked(code, attached, control, OPERATION.encode, () => {
		code.get(length, control).memory("i32.load", CONTROL.capacity).op("i32.le_u").if();
		code.get(control).i32(CONTROL.payload).op("i32.add").get(address, length).op("memory.copy", "end");
		code.get(control, length).memory("i32.store", CONTROL.length);
		code.get(control).i32(0).memory("i32.store", CONTROL.op);
	});
	return code.get(address, length).call(real);
}

/** What four bytes in the order of memory, as a number, have in these bits where they begin with a character of so many bytes. */
const TWO = { bits: 0xc0e0, are: 0x80c0 } as const;
const THREE = { bits: 0xc0c0f0, are: 0x8080e0 } as const;
const FOUR = { bits: 0xc0c0c0f8, are: 0x808080f0 } as const;

/**
 * `is_utf8(address, length)`: 1 where these bytes are UTF-8 (RFC 3629): nothing overlong, no half of a surrogate pair,
 * nothing past U+10FFFF. 6 instructions a byte of ASCII, up to 21 of what is not.
 */
export function isUtf8Function(): FunctionCode {
	const [address, length] = [0, 1];
	const code = new FunctionCode(2);
	const [end, next, some] = code.locals("i32", 3) as [number, number, number];
	const masked = (bits: number) => code.get(next).i32(bits).op("i32.and");
	const isMasked = (bits: number, are: number) => masked(bits).i32(are).op("i32.eq");
	const refuseIf = () => code.if().i32(0).op("return", "end");
	const goOn = (bytes: number, depth: number) =>
		code.get(address).i32(bytes).op("i32.add").set(address).br(depth);
	const byte = (offset: number) => {
		code.get(address).i32(offset).op("i32.add").get(end).op("i32.lt_u").if();
		code.get(next).get(address).memory("i32.load8_u", offset);
		code
			.i32(8 * offset)
			.op("i32.shl", "i32.or")
			.set(next)
			.op("end");
	};

	code.get(address, length).op("i32.add").set(end);
	code.loop();
	code.get(address).i32(4).op("i32.add").get(end).op("i32.le_u").if();
	code.get(address).memory("i32.load", 0).set(next);
	masked(0x80808080).op("i32.eqz").if();
	goOn(4, 2).op("end");
	code.op("else");
	// The last three at the most; zeros behind them go on with no character.
	code.get(address, end).op("i32.eq").if().i32(1).op("return", "end");
	code.i32(0).set(next);
	for (let offset = 0; offset < 3; offset++) byte(offset);
	code.op("end");
	masked(0x80).op("i32.eqz").if();
	goOn(1, 1).op("end");

	isMasked(TWO.bits, TWO.are).if();
	masked(0x1e).op("i32.eqz");
	refuseIf();
	goOn(2, 1).op("end");
	isMasked(THREE.bits, THREE.are).if();
	masked(0x200f).tee(some).op("i32.eqz");
	refuseIf();
	code.get(some).i32(0x200d).op("i32.eq");
	refuseIf();
	goOn(3, 1).op("end");
	isMasked(FOUR.bits, FOUR.are).op("i32.eqz");
	refuseIf();
	masked(0x3007).tee(some).op("i32.eqz");
	refuseIf();
	// The four bits that are looked at last are the highest: only with zeros behind them may the first one be 4.
	code.get(some).i32(7).op("i32.and").i32(4).op("i32.ge_u").get(some).i32(4).op("i32.ne", "i32.and");
	refuseIf();
	return goOn(4, 0).op("end", "unreachable");
}
