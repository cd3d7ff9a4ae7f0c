/**
 * The message schedule (FIPS 180-4, section 6.2.2, step 1) of four blocks at once, one in each lane.
 *
 * Blocks of one message depend on each other in their rounds only. A vector addition or xor counts as much
 * as a scalar one, a vector shift 2, and a rotation is two shifts: 57 for a word of four blocks, 14 each,
 * where the scalar form has 30. For fewer than four blocks the rest of the lanes is wasted; that costs less
 * than a second, scalar form would in code.
 */
import type { FunctionCode } from "./assembler.js";
import { BYTE_SWAP, ROUND_CONSTANTS, splatBytes } from "./sha256-constants.js";

/** Writes instructions that leave in the given 64 locals W[t] + K[t], from blocks at four addresses. */
export function emitSchedule(
	code: FunctionCode,
	pointers: readonly number[],
	scheduled: readonly number[],
): void {
	const window = code.locals("v128", 16);
	const byteSwap = code.local("v128");
	const w = (t: number): number => window[t % 16]!;
	const keep = (t: number): void => {
		// The last two words are nobody's predecessors.
		if (t < 62) code.tee(w(t));
		code.v128(splatBytes(ROUND_CONSTANTS[t]!)).op("i32x4.add").set(scheduled[t]!);
	};

	code.v128(BYTE_SWAP).set(byteSwap);
	for (let t = 0; t < 16; t++) {
		code.get(...[...pointers].reverse()).memory("v128.load32_zero", 4 * t);
		for (let lane = 1; lane < 4; lane++) code.laneMemory("v128.load32_lane", 4 * t, lane);
		code.get(byteSwap).op("i8x16.swizzle");
		keep(t);
	}
	for (let t = 16; t < 64; t++) {
		code.get(w(t - 16), w(t - 7)).op("i32x4.add");
		// rotr 7 ^ rotr 18 ^ shr 3, then rotr 17 ^ rotr 19 ^ shr 10
		emitSmallSigma(code, w(t - 15), [11, 4, 3], [11, 14]);
		code.op("i32x4.add");
		emitSmallSigma(code, w(t - 2), [2, 7, 10], [2, 13]);
		code.op("i32x4.add");
		keep(t);
	}
}

/**
 * Both rotations and the shift as ((x >> a ^ x) >> b ^ x) >> c ^ ((x << d) ^ x) << e: a rotation's two
 * halves have no bit in common, so xor serves for or.
 */
function emitSmallSigma(
	code: FunctionCode,
	x: number,
	[a, b, c]: readonly [number, number, number],
	[d, e]: readonly [number, number],
): void {
	code.get(x).i32(a).op("i32x4.shr_u").get(x).op("v128.xor");
	code.i32(b).op("i32x4.shr_u").get(x).op("v128.xor");
	code.i32(c).op("i32x4.shr_u");
	code.get(x).i32(d).op("i32x4.shl").get(x).op("v128.xor").i32(e).op("i32x4.shl");
	code.op("v128.xor");
}
