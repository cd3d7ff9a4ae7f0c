/**
 * SHA-256 of up to four messages of the same length side by side, from their first bytes to their digests in the
 * control block (abi.ts). One message has the first place.
 */
import { BLOCK_BYTES, CONTROL, DIGEST_BYTES } from "./abi.js";
import { FunctionCode } from "./assembler.js";
import { BYTE_SWAP, INITIAL_STATE, littleEndian } from "./sha256-constants.js";

/** Messages that are hashed together, one in each lane of the schedule. */
export const LANES = 4;
/** A message's last blocks, with padding. */
export const TAIL_BYTES = 2 * BLOCK_BYTES;

/** `begin(control)`: the initial state for each message. */
export function beginFunction(): FunctionCode {
	const control = 0;
	const code = new FunctionCode(1);
	for (let offset = 0; offset < LANES * DIGEST_BYTES; offset += 16) {
		const first = (offset % DIGEST_BYTES) / 4;
		code.get(control).v128(INITIAL_STATE.slice(first, first + 4).flatMap(littleEndian));
		code.memory("v128.store", CONTROL.state + offset);
	}
	return code;
}

/** `absorb(control, data, blocks, lanes, stride)`: so many whole blocks of each message, the messages `stride` apart. */
export function absorbFunction(compress: number): FunctionCode {
	const [control, data, blocks, lanes, stride] = [0, 1, 2, 3, 4];
	const code = new FunctionCode(5);
	code.get(control).i32(CONTROL.state).op("i32.add").set(control);
	code.get(lanes).i32(1).op("i32.eq").if();
	code.get(control, data, blocks).i32(BLOCK_BYTES).i32(0).call(compress).op("return", "end");

	code.block().loop();
	code.get(blocks).op("i32.eqz").brIf(1);
	code.get(control, data, lanes, stride).i32(DIGEST_BYTES).call(compress);
	code.get(data).i32(BLOCK_BYTES).op("i32.add").set(data);
	code.get(blocks).i32(1).op("i32.sub").set(blocks);
	return code.br(0).op("end", "end");
}

/** `close(control, blocks, lanes)`: absorbs the padded last blocks that are in the scratch, and writes the digests. */
export function closeFunction(absorb: number): FunctionCode {
	const [control, blocks, lanes] = [0, 1, 2];
	const code = new FunctionCode(3);
	code.get(control, control).i32(CONTROL.scratch).op("i32.add");
	code.get(blocks, lanes).i32(TAIL_BYTES).call(absorb);
	for (let offset = 0; offset < LANES * DIGEST_BYTES; offset += 16) {
		code.get(control, control).memory("v128.load", CONTROL.state + offset);
		code.v128(BYTE_SWAP).op("i8x16.swizzle");
		code.memory("v128.store", CONTROL.digest + offset);
	}
	return code;
}

/**
 * `finish(control, data, length, lanes, stride)`: the rest of each message, `length` bytes: whole blocks, then padding
 * (FIPS 180-4, section 5.1.1), then the digests. Sets count to 0.
 */
export function finishFunction(absorb: number, close: number): FunctionCode {
	const [control, data, length, lanes, stride] = [0, 1, 2, 3, 4];
	const code = new FunctionCode(5);
	const [rest, blocks, tail, left] = code.locals("i32", 4) as [number, number, number, number];
	const { scratch, count } = CONTROL;
	// What fits into the scratch with its padding is hashed there in one go: a schedule counts as much for
	// one block as for four (81 bytes, a fork of a hash tree: 9,800 instructions instead of 12,700).
	code.get(length, length);
	code.i32(BLOCK_BYTES - 1).op("i32.and");
	code.get(length);
	code
		.i32(TAIL_BYTES - 8)
		.op("i32.lt_u", "select")
		.set(rest);
	code.get(control, data, length, rest).op("i32.sub").i32(6).op("i32.shr_u");
	code.get(lanes, stride).call(absorb);
	code.i32(1).i32(2).get(rest);
	code
		.i32(BLOCK_BYTES - 8)
		.op("i32.lt_u", "select")
		.set(blocks);

	code.get(data, length).op("i32.add").get(rest).op("i32.sub").set(data);
	code.get(control).set(tail);
	code.get(lanes).set(left);
	code.loop();
	for (let offset = 0; offset < TAIL_BYTES; offset += 16) {
		code.get(tail).v128(new Array(16).fill(0));
		code.memory("v128.store", scratch + offset);
	}
	code.get(tail).i32(scratch).op("i32.add").get(data, rest).op("memory.copy");
	code.get(tail, rest).op("i32.add").i32(0x80).memory("i32.store8", scratch);
	// The length in bits, most significant byte first, in the last 8 bytes.
	code.get(tail, blocks).i32(6).op("i32.shl", "i32.add");
	code.get(control).memory("i64.load", count).get(length).op("i64.extend_i32_u", "i64.add");
	code.i64(3).op("i64.shl", "i64x2.splat");
	code.v128([7, 6, 5, 4, 3, 2, 1, 0, ...new Array(8).fill(0)]);
	code.op("i8x16.swizzle").laneMemory("v128.store64_lane", scratch - 8, 0);
	code.get(data, stride).op("i32.add").set(data);
	code.get(tail).i32(TAIL_BYTES).op("i32.add").set(tail);
	code.get(left).i32(1).op("i32.sub").tee(left).brIf(0).op("end");

	code.get(control, blocks, lanes).call(close);
	return code.get(control).i64(0).memory("i64.store", count);
}
