/** What records of equal length in an array have in common: `many`, and the bounds that `forks` checks too. */
import { CONTROL, DIGEST_BYTES } from "./abi.js";
import { FunctionCode } from "./assembler.js";
import { LANES } from "./digest.js";

/** Offsets of the fields that say where records lie. */
export interface RecordFields {
	readonly at: number;
	readonly stride: number;
}

/**
 * Traps if the last of `records` (not 0) records ends past the data: at + stride * (records - 1) + size > length. In
 * 64 bits, where (2^32 - 1)^2 + 2 (2^32 - 1) is just less than 2^64.
 */
export function emitBoundsCheck(
	code: FunctionCode,
	control: number,
	length: number,
	{ at, stride }: RecordFields,
	size: (code: FunctionCode) => void,
): void {
	const field = (offset: number) => code.get(control).memory("i32.load", offset).op("i64.extend_i32_u");
	field(at);
	field(stride);
	code.get(control).memory("i32.load", CONTROL.records).i32(1).op("i32.sub", "i64.extend_i32_u");
	code.op("i64.mul", "i64.add");
	size(code);
	code.op("i64.extend_i32_u", "i64.add");
	code.get(length).op("i64.extend_i32_u", "i64.gt_u").trapIf();
}

/** Leaves the smaller of LANES and a number of messages. */
export function emitLanes(code: FunctionCode, left: number): void {
	code.get(left).i32(LANES).get(left).i32(LANES).op("i32.lt_u", "select");
}

/** Copies a digest from one address to another. */
export function emitCopyDigest(
	code: FunctionCode,
	to: number,
	toOffset: number,
	from: number,
	offset: number,
) {
	for (let half = 0; half < DIGEST_BYTES; half += 16) {
		code.get(to, from).memory("v128.load", offset + half);
		code.memory("v128.store", toOffset + half);
	}
}

/** `many(control, data, length)`: a digest of each record. */
export function manyFunction(begin: number, finish: number): FunctionCode {
	const [control, data, length] = [0, 1, 2];
	const code = new FunctionCode(3);
	const [left, lanes, record, to, digest] = code.locals("i32", 5) as [number, number, number, number, number];
	const field = (offset: number) => code.get(control).memory("i32.load", offset);
	field(CONTROL.records).tee(left).op("i32.eqz").if().op("return", "end");
	emitBoundsCheck(code, control, length, CONTROL, () => field(CONTROL.size));
	emitBoundsCheck(code, control, length, { at: CONTROL.to, stride: CONTROL.toStride }, () =>
		code.i32(DIGEST_BYTES),
	);
	field(CONTROL.at).get(data).op("i32.add").set(record);
	field(CONTROL.to).get(data).op("i32.add").set(to);

	code.loop();
	emitLanes(code, left);
	code.set(lanes);
	code.get(control).call(begin);
	code.get(control, record);
	field(CONTROL.size).get(lanes);
	field(CONTROL.stride).call(finish);
	code.get(left, lanes).op("i32.sub").set(left);
	code.get(control).set(digest);
	code.loop();
	emitCopyDigest(code, to, 0, digest, CONTROL.digest);
	code.get(digest).i32(DIGEST_BYTES).op("i32.add").set(digest);
	code.get(to);
	field(CONTROL.toStride).op("i32.add").set(to);
	code.get(record);
	field(CONTROL.stride).op("i32.add").set(record);
	code.get(lanes).i32(1).op("i32.sub").tee(lanes).brIf(0).op("end");
	return code.get(left).brIf(0).op("end");
}
