/**
 * `compress(state, data, blocks)`: runs SHA-256's compression function over whole blocks, four at a time.
 *
 * The state is eight words as Wasm stores them (not in the digest's order of bytes), the data may lie at any
 * address. Between blocks the state stays in locals.
 */
import { BLOCK_BYTES } from "./abi.js";
import { FunctionCode } from "./assembler.js";
import { declareRoundLocals, emitRounds } from "./rounds.js";
import { emitSchedule } from "./schedule.js";

export function compressFunction(): FunctionCode {
	const [state, data, blocks] = [0, 1, 2];
	const code = new FunctionCode(3);
	const abcd = code.locals("i32", 4);
	const pointers = [data, ...code.locals("i32", 3)];
	const roundLocals = declareRoundLocals(code);
	const efgh = code.locals("v128", 4);
	const scheduled = code.locals("v128", 64);

	abcd.forEach((local, i) => {
		code
			.get(state)
			.memory("i32.load", 4 * i)
			.set(local);
	});
	efgh.forEach((local, i) => {
		code
			.get(state)
			.memory("v128.load32_splat", 16 + 4 * i)
			.set(local);
	});
	code.block().loop();
	code.get(blocks).op("i32.eqz").brIf(1);
	// Lanes past the last block read the first one again, so that nothing past the data is read.
	for (let lane = 1; lane < 4; lane++) {
		code
			.get(data)
			.i32(BLOCK_BYTES * lane)
			.op("i32.add")
			.get(data);
		code.get(blocks).i32(lane).op("i32.gt_u", "select").set(pointers[lane]!);
	}
	emitSchedule(code, pointers, scheduled);
	for (let lane = 0; lane < 4; lane++) {
		emitRounds(code, { abcd, efgh }, scheduled, lane, roundLocals);
		if (lane < 3)
			code
				.get(blocks)
				.i32(lane + 1)
				.op("i32.eq")
				.brIf(1);
	}
	code
		.get(data)
		.i32(4 * BLOCK_BYTES)
		.op("i32.add")
		.set(data);
	code.get(blocks).i32(4).op("i32.sub").set(blocks);
	code.br(0).op("end", "end");
	abcd.forEach((local, i) => {
		code.get(state, local).memory("i32.store", 4 * i);
	});
	efgh.forEach((local, i) => {
		code.get(state, local).laneMemory("v128.store32_lane", 16 + 4 * i, 0);
	});
	return code;
}
