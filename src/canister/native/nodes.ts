/** Digests of the nodes of a hash tree: interface specification, "Certificate" (`reconstruct`). */
import {
	BLOCK_BYTES,
	CONTROL,
	DIGEST_BYTES,
	LABELS_BYTES,
	MAX_FORKED,
	MAX_LABEL_BYTES,
	WORK_BYTES,
} from "./abi.js";
import { FunctionCode } from "./assembler.js";
import { LANES, TAIL_BYTES } from "./digest.js";
import { emitBoundsCheck, emitCopyDigest, emitLanes } from "./records.js";
import { littleEndian } from "./sha256-constants.js";

const separator = (name: string): number[] => [name.length, ...new TextEncoder().encode(name)];
const LABELED = separator("ic-hashtree-labeled");
const LEAF = separator("ic-hashtree-leaf");
const FORK = separator("ic-hashtree-fork");

/** Before each label of a path. */
const LENGTH_BYTES = 4;

/** Writes a separator of 17 or of 20 bytes to the start of the work area. */
function emitSeparator(code: FunctionCode, control: number, bytes: readonly number[]): void {
	code.get(control).v128(bytes.slice(0, 16)).memory("v128.store", CONTROL.work);
	const [a, b = 0, c = 0, d = 0] = bytes.slice(16) as [number, number?, number?, number?];
	code.get(control).i32(a | (b << 8) | (c << 16) | (d << 24));
	code.memory("i32.store", CONTROL.work + 16);
}

/** `labeled(control, data, length)`: the data is the label, the digest under it in the block. */
export function labeledFunction(finish: number): FunctionCode {
	const [control, data, length] = [0, 1, 2];
	const code = new FunctionCode(3);
	const work = code.local("i32");
	const end = code.local("i32");
	code.get(length).i32(MAX_LABEL_BYTES).op("i32.gt_u").trapIf();
	emitSeparator(code, control, LABELED);
	code.get(control).i32(CONTROL.work).op("i32.add").tee(work);
	code.i32(LABELED.length).op("i32.add").get(data, length).op("memory.copy");
	code.get(work, length).op("i32.add").set(end);
	emitCopyDigest(code, end, LABELED.length, control, CONTROL.digest);
	code.get(control, work, length);
	code.i32(LABELED.length + DIGEST_BYTES).op("i32.add");
	return code.i32(1).i32(0).call(finish);
}

/** `leaf(control, data, length)`: the data is the value. */
export function leafFunction(absorb: number, finish: number): FunctionCode {
	const [control, data, length] = [0, 1, 2];
	const code = new FunctionCode(3);
	const work = code.local("i32");
	const head = code.local("i32");
	const room = WORK_BYTES - LEAF.length;
	emitSeparator(code, control, LEAF);
	code.get(length).i32(room).get(length).i32(room).op("i32.lt_u", "select").set(head);
	code.get(control).i32(CONTROL.work).op("i32.add").tee(work);
	code.i32(LEAF.length).op("i32.add").get(data, head).op("memory.copy");
	code.get(length, head).op("i32.eq").if();
	code.get(control, work, length).i32(LEAF.length).op("i32.add").i32(1).i32(0).call(finish);
	code.op("return", "end");
	// A value that does not fit begins in the work area, which it fills, and goes on where it lies.
	code.get(control, work);
	code.i32(WORK_BYTES / BLOCK_BYTES);
	code.i32(1).i32(0).call(absorb);
	code.get(control).i64(WORK_BYTES).memory("i64.store", CONTROL.count);
	code.get(control, data, head).op("i32.add").get(length, head).op("i32.sub");
	return code.i32(1).i32(0).call(finish);
}

/**
 * `climb(control)`: puts the labels of the path, which is then none, on top of the digest, the innermost first. What is
 * not in the area of labels traps.
 */
export function climbFunction(begin: number, labeled: number): FunctionCode {
	const control = 0;
	const code = new FunctionCode(1);
	const [left, at, end, length] = code.locals("i32", 4) as [number, number, number, number];
	code.get(control).memory("i32.load", CONTROL.path).tee(left).op("i32.eqz").if().op("return", "end");
	code.get(control).i32(0).memory("i32.store", CONTROL.path);
	code.get(control).memory("i32.load", CONTROL.pathAt).tee(at);
	code.i32(CONTROL.labels).op("i32.sub").i32(LABELS_BYTES).op("i32.ge_u").trapIf();
	code.get(control).i32(CONTROL.payload).op("i32.add").set(end);
	code.get(control, at).op("i32.add").set(at);
	code.loop();
	// How much is left of the area, less the length's own bytes: below zero it is a large number, but no length is.
	code.get(end, at).op("i32.sub").i32(LENGTH_BYTES).op("i32.lt_u").trapIf();
	code.get(at).memory("i32.load", 0).tee(length);
	code.get(end, at).op("i32.sub").i32(LENGTH_BYTES).op("i32.sub", "i32.gt_u").trapIf();
	code.get(control).call(begin);
	code.get(control, at).i32(LENGTH_BYTES).op("i32.add").get(length).call(labeled);
	code
		.get(at, length)
		.i32(2 * LENGTH_BYTES - 1)
		.op("i32.add");
	code.i32(-LENGTH_BYTES).op("i32.and", "i32.add").set(at);
	code.get(left).i32(1).op("i32.sub").tee(left).brIf(0);
	return code.op("end");
}

/** `leaf_of_hash(control, data, length)`: the leaf whose value is the SHA-256 of the data. */
export function leafOfHashFunction(begin: number, finish: number, leaf: number): FunctionCode {
	const [control, data, length] = [0, 1, 2];
	const code = new FunctionCode(3);
	code.get(control, data, length).i32(1).i32(0).call(finish);
	code.get(control).call(begin);
	code.get(control, control).i32(CONTROL.digest).op("i32.add").i32(DIGEST_BYTES);
	return code.call(leaf);
}

/** `is_hash(control, data, length)`: 1 where the SHA-256 of the data is the digest that is expected. */
export function isHashFunction(finish: number): FunctionCode {
	const [control, data, length] = [0, 1, 2];
	const code = new FunctionCode(3);
	code.get(control, data, length).i32(1).i32(0).call(finish);
	for (let half = 0; half < DIGEST_BYTES; half += 16) {
		code.get(control).memory("v128.load", CONTROL.digest + half);
		code.get(control).memory("v128.load", CONTROL.expected + half);
		code.op("i8x16.eq", "i8x16.all_true");
	}
	return code.op("i32.and");
}

/** The two blocks of a fork's message, zeros where its digests go. */
const forkTail = (): number[] => {
	const tail: number[] = new Array(TAIL_BYTES).fill(0);
	const bytes = FORK.length + 2 * DIGEST_BYTES;
	FORK.forEach((byte, i) => {
		tail[i] = byte;
	});
	tail[bytes] = 0x80;
	littleEndian(8 * bytes).forEach((byte, i) => {
		tail[TAIL_BYTES - 1 - i] = byte;
	});
	return tail;
};

/**
 * `forks(control, data, length)`: level by level, the first one from the data into the work area, the others there in
 * place. Four forks share a schedule, and their constant bytes stay in the scratch: 50 digests cost 8,200 instructions
 * a fork, where one by one they would 9,800.
 */
export function forksFunction(begin: number, close: number): FunctionCode {
	const [control, data, length] = [0, 1, 2];
	const code = new FunctionCode(3);
	const [count, from, stride, to] = code.locals("i32", 4) as [number, number, number, number];
	const [pairs, lanes, tail, left] = code.locals("i32", 4) as [number, number, number, number];
	const field = (offset: number) => code.get(control).memory("i32.load", offset);
	const next = () => code.get(from, stride).op("i32.add").set(from);
	field(CONTROL.records).tee(count).i32(1).op("i32.sub").i32(MAX_FORKED).op("i32.lt_u", "i32.eqz").trapIf();
	emitBoundsCheck(code, control, length, CONTROL, () => code.i32(DIGEST_BYTES));
	field(CONTROL.at).get(data).op("i32.add").set(from);
	field(CONTROL.stride).set(stride);

	code.get(count).i32(1).op("i32.eq").if();
	emitCopyDigest(code, control, CONTROL.digest, from, 0);
	code.op("return", "end");

	const constant = forkTail();
	for (let offset = 0; offset < TAIL_BYTES; offset += 16) {
		if (offset >= FORK.length && offset + 16 <= FORK.length + 2 * DIGEST_BYTES) continue;
		for (let lane = 0; lane < LANES; lane++) {
			code.get(control).v128(constant.slice(offset, offset + 16));
			code.memory("v128.store", CONTROL.scratch + TAIL_BYTES * lane + offset);
		}
	}

	code.loop();
	code.get(control).i32(CONTROL.work).op("i32.add").set(to);
	code.get(count).i32(1).op("i32.shr_u").set(pairs);
	code.loop();
	emitLanes(code, pairs);
	code.tee(lanes).set(left);
	code.get(control).set(tail);
	code.loop();
	for (let which = 0; which < 2; which++) {
		emitCopyDigest(code, tail, CONTROL.scratch + FORK.length + DIGEST_BYTES * which, from, 0);
		next();
	}
	code.get(tail).i32(TAIL_BYTES).op("i32.add").set(tail);
	code.get(left).i32(1).op("i32.sub").tee(left).brIf(0).op("end");
	code.get(control).call(begin);
	code.get(control).i32(TAIL_BYTES / BLOCK_BYTES);
	code.get(lanes).call(close);
	// As many as there are and no more: behind them may stand digests that are not paired yet.
	code.get(to, control).i32(CONTROL.digest).op("i32.add").get(lanes).i32(5).op("i32.shl", "memory.copy");
	code.get(to, lanes).i32(5).op("i32.shl", "i32.add").set(to);
	code.get(pairs, lanes).op("i32.sub").tee(pairs).brIf(0).op("end");

	code.get(count).i32(1).op("i32.and").if();
	emitCopyDigest(code, to, 0, from, 0);
	code.op("end");
	code.get(control).i32(CONTROL.work).op("i32.add").set(from);
	code.i32(DIGEST_BYTES).set(stride);
	code.get(count).i32(1).op("i32.add").i32(1).op("i32.shr_u").tee(count);
	return code.i32(1).op("i32.gt_u").brIf(0).op("end");
}
