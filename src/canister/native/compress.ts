/**
 * `compress(state, data, blocks, dataStep, stateStep)`: runs SHA-256's compression function over whole blocks, four
 * at a time, each `dataStep` bytes after the one before.
 *
 * With a stateStep of 0 they are blocks of one message, and between blocks its state stays in locals. Otherwise there
 * are at most four, one of each of as many messages, whose states lie stateStep apart: so short messages share a
 * schedule, which costs the same for one block as for four. That the two are one function costs 3 instructions a
 * block; two functions would double the kernel's 30 KB.
 *
 * A state is eight words as Wasm stores them (not in the digest's order of bytes), the data may lie at any address.
 */
import { FunctionCode } from "./assembler.js";
import { declareRoundLocals, emitRounds } from "./rounds.js";
import { emitSchedule } from "./schedule.js";

export function compressFunction(): FunctionCode {
	const [state, data, blocks, dataStep, stateStep] = [0, 1, 2, 3, 4];
	const code = new FunctionCode(5);
	const abcd = code.locals("i32", 4);
	const pointers = [data, ...code.locals("i32", 3)];
	const roundLocals = declareRoundLocals(code);
	const efgh = code.locals("v128", 4);
	const scheduled = code.locals("v128", 64);

	const load = () => {
		for (const [i, local] of abcd.entries()) {
			code.get(state).memory("i32.load", 4 * i);
			code.set(local);
		}
		for (const [i, local] of efgh.entries()) {
			code.get(state).memory("v128.load32_splat", 16 + 4 * i);
			code.set(local);
		}
	};
	const store = () => {
		for (const [i, local] of abcd.entries()) code.get(state, local).memory("i32.store", 4 * i);
		for (const [i, local] of efgh.entries())
			code.get(state, local).laneMemory("v128.store32_lane", 16 + 4 * i, 0);
	};

	load();
	code.block().loop();
	code.get(blocks).op("i32.eqz").brIf(1);
	// Lanes past the last block read the first one again, so that nothing past the data is read.
	for (let lane = 1; lane < 4; lane++) {
		code
			.get(pointers[lane - 1]!, dataStep)
			.op("i32.add")
			.get(data);
		code.get(blocks).i32(lane).op("i32.gt_u", "select").set(pointers[lane]!);
	}
	emitSchedule(code, pointers, scheduled);
	for (let lane = 0; lane < 4; lane++) {
		emitRounds(code, { abcd, efgh }, scheduled, lane, roundLocals);
		if (lane === 3) break;
		code.get(blocks);
		code.i32(lane + 1);
		code.op("i32.eq").brIf(1);
		code.get(stateStep).if();
		store();
		code.get(state, stateStep).op("i32.add").set(state);
		load();
		code.op("end");
	}
	code.get(pointers[3]!, dataStep).op("i32.add").set(data);
	code.get(blocks).i32(4).op("i32.sub").set(blocks);
	code.br(0).op("end", "end");
	store();
	return code;
}
