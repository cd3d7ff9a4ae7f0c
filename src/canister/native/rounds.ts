/**
 * The 64 rounds of one block (FIPS 180-4, section 6.2.2, steps 2 to 4): 48 instructions each.
 *
 * What keeps them few:
 * - Nothing moves: that `b` becomes `c` is a change of names while the code is written.
 * - A round leaves e, and the sum T2 of the next round, on the stack.
 * - Maj(a, b, c) = b ^ ((a ^ b) & (b ^ c)), and b ^ c is the a ^ b of the round before.
 * - Ch is one `bitselect`, so e, f, g and h live in all lanes of vectors, and h + (W + K) + Ch is summed there,
 *   where W + K of this block already lies in its lane: 11 instructions, where scalars need 12.
 * - Rotations nest: rotr 6 ^ rotr 11 ^ rotr 25 = rotr(x ^ rotr(x ^ rotr(x, 14), 5), 6).
 */
import type { FunctionCode } from "./assembler.js";

/** The chaining state in locals: a to d as i32, e to h in all lanes of a v128. */
export interface ChainingState {
	readonly abcd: readonly number[];
	readonly efgh: readonly number[];
}

/** Locals that the rounds of every block share. */
export interface RoundLocals {
	readonly abcd: readonly number[];
	readonly efgh: readonly number[];
	readonly e: number;
	readonly t1: number;
	readonly differences: readonly number[];
}

export function declareRoundLocals(code: FunctionCode): RoundLocals {
	return {
		// One more than there are letters: the new a is written while d is still to be read.
		abcd: code.locals("i32", 5),
		e: code.local("i32"),
		t1: code.local("i32"),
		differences: code.locals("i32", 2),
		efgh: code.locals("v128", 4),
	};
}

/** Rounds of the block whose schedule is in `lane`; they update the chaining state in place. */
export function emitRounds(
	code: FunctionCode,
	state: ChainingState,
	scheduled: readonly number[],
	lane: number,
	locals: RoundLocals,
): void {
	const { e, t1, differences } = locals;
	// Until they are displaced, the rounds' a to h are the chaining state's own locals, which only the end
	// may write: new values go to the locals that the round's number gives.
	let [a, b, c, d] = state.abcd as [number, number, number, number];
	let [ve, vf, vg, vh] = state.efgh as [number, number, number, number];

	code.get(b, c).op("i32.xor").set(differences[0]!);
	code.get(a);
	emitBigSigma(code, a, [9, 11, 2]);
	emitMaj(code, a, b, differences[1]!, differences[0]!);
	code.op("i32.add").get(ve).extractLane(0).tee(e);

	for (let t = 0; t < 64; t++) {
		// On the stack: T2, e. For the first round, e is in all lanes already.
		emitBigSigma(code, e, [14, 5, 6]);
		code.get(vh, scheduled[t]!).op("i32x4.add").get(vf, vg);
		if (t === 0) code.get(ve);
		else {
			ve = locals.efgh[t % 4]!;
			code.get(e).op("i32x4.splat").tee(ve);
		}
		code.op("v128.bitselect", "i32x4.add").extractLane(lane).op("i32.add");
		code.tee(t1).op("i32.add");
		if (t === 63) break;

		const next = locals.abcd[t % 5]!;
		code.tee(next);
		emitBigSigma(code, next, [9, 11, 2]);
		emitMaj(code, next, a, differences[t % 2]!, differences[1 - (t % 2)]!);
		code.op("i32.add").get(t1, d).op("i32.add").tee(e);
		[a, b, c, d] = [next, a, b, c];
		[ve, vf, vg, vh] = [-1, ve, vf, vg];
	}

	// On the stack: the last a. The last e is T1 + d.
	const [ha, hb, hc, hd] = state.abcd as [number, number, number, number];
	code.get(ha).op("i32.add").set(ha);
	for (const [h, value] of [
		[hb, a],
		[hc, b],
		[hd, c],
	] as const) {
		code.get(h, value).op("i32.add").set(h);
	}
	const [he, hf, hg, hh] = state.efgh as [number, number, number, number];
	code.get(t1, d).op("i32.add", "i32x4.splat").get(he).op("i32x4.add").set(he);
	for (const [h, value] of [
		[hf, ve],
		[hg, vf],
		[hh, vg],
	] as const) {
		code.get(h, value).op("i32x4.add").set(h);
	}
}

/** With x on the stack already: rotr(x ^ rotr(x ^ rotr(x, inner), middle), outer). */
function emitBigSigma(
	code: FunctionCode,
	x: number,
	[inner, middle, outer]: readonly [number, number, number],
): void {
	code.get(x, x).i32(inner).op("i32.rotr", "i32.xor");
	code.i32(middle).op("i32.rotr", "i32.xor");
	code.i32(outer).op("i32.rotr");
}

/** b ^ ((a ^ b) & previous), which keeps a ^ b for the next round. */
function emitMaj(code: FunctionCode, a: number, b: number, difference: number, previous: number): void {
	code.get(a, b).op("i32.xor").tee(difference);
	code.get(previous).op("i32.and").get(b).op("i32.xor");
}
