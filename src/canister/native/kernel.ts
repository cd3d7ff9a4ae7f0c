/**
 * The kernel's functions: the two that stand in front of system calls, and what they do (see abi.ts).
 */
import {
	BLOCK_BYTES,
	CERTIFIED_DATA_MAX_BYTES,
	CONTROL,
	CONTROL_MAGIC,
	DETECTION_PRINCIPAL,
	OPERATION,
} from "./abi.js";
import { FunctionCode, functionType, signedLeb, unsignedLeb, type ValueType } from "./assembler.js";
import { compressFunction } from "./compress.js";
import { BYTE_SWAP, INITIAL_STATE, littleEndian } from "./sha256-constants.js";

/** Where the kernel finds what is not its own, and where its own things will stand. */
export interface KernelPlacement {
	/** Function indices of the real system calls. */
	readonly certifiedDataSet: number;
	readonly isController: number;
	/** The index that the kernel's first function gets. */
	readonly firstFunction: number;
	/** The index that the kernel's one global, a mutable i32 of 0, gets: the attached block's address. */
	readonly attached: number;
}

export interface KernelFunction {
	readonly parameters: readonly ValueType[];
	readonly results: readonly ValueType[];
	/** An entry of the code section. */
	readonly body: readonly number[];
}

export const CERTIFIED_DATA_SET_TYPE = functionType(["i32", "i32"], []);
export const IS_CONTROLLER_TYPE = functionType(["i32", "i32"], ["i32"]);

/** Places in the list that `kernelFunctions` gives. */
export const KernelIndex = { certifiedDataSet: 0, isController: 1, run: 2, finish: 3, compress: 4 } as const;

export function kernelFunctions(placement: KernelPlacement): KernelFunction[] {
	const at = (index: number) => placement.firstFunction + index;
	const make = (
		parameters: readonly ValueType[],
		results: readonly ValueType[],
		code: FunctionCode,
	): KernelFunction => ({ parameters, results, body: code.encode() });
	return [
		make(["i32", "i32"], [], certifiedDataSetFunction(placement, at(KernelIndex.run))),
		make(["i32", "i32"], ["i32"], isControllerFunction(placement)),
		make(["i32", "i32", "i32"], [], runFunction(at(KernelIndex.finish), at(KernelIndex.compress))),
		make(["i32", "i32", "i32"], [], finishFunction(at(KernelIndex.compress))),
		make(["i32", "i32", "i32"], [], compressFunction()),
	];
}

/** An entry of the global section: a mutable i32, 0 at first. */
export const ATTACHED_GLOBAL = [0x7f, 0x01, 0x41, ...signedLeb(0), 0x0b];

/** Leaves 1 on the stack if 16 bytes at the address differ from the given ones. */
function emitDiffers(code: FunctionCode, address: number, bytes: readonly number[], offset = 0): void {
	code.get(address).memory("v128.load", offset).v128(bytes).op("i8x16.eq", "i8x16.all_true", "i32.eqz");
}

/** `certified_data_set(address, length)`: tells the system's calls, control blocks and data apart. */
function certifiedDataSetFunction(
	{ certifiedDataSet, attached }: KernelPlacement,
	run: number,
): FunctionCode {
	const [address, length] = [0, 1];
	const code = new FunctionCode(2);
	const control = code.local("i32");
	code.get(length).i32(CERTIFIED_DATA_MAX_BYTES).op("i32.le_u").if();
	code.get(address, length).call(certifiedDataSet).op("return", "end");

	// No block yet: this must be one, or the check of the magic below traps.
	code.get(address).globalGet(attached).globalGet(attached).op("i32.eqz", "select").tee(control);
	code.get(address).op("i32.eq").if();
	code.get(length).i32(CONTROL.payload).op("i32.lt_u").trapIf();
	code.get(length).i32(CONTROL.payload).op("i32.sub").get(address).memory("i32.load", CONTROL.length);
	code.op("i32.lt_u").trapIf();
	code.get(address).memory("i32.load", CONTROL.length).set(length);
	code.get(address).i32(CONTROL.payload).op("i32.add").set(address);
	code.op("end");
	emitDiffers(code, control, CONTROL_MAGIC);
	code.trapIf();
	code.get(control).globalSet(attached);
	return code.get(control, address, length).call(run);
}

/** `is_controller(address, length)`: says yes to the one principal that nobody has. */
function isControllerFunction({ isController }: KernelPlacement): FunctionCode {
	const [address, length] = [0, 1];
	const code = new FunctionCode(2);
	const bytes = DETECTION_PRINCIPAL.length;
	code.block();
	code.get(length).i32(bytes).op("i32.ne").brIf(0);
	emitDiffers(code, address, DETECTION_PRINCIPAL.slice(0, 16));
	code.brIf(0);
	emitDiffers(code, address, DETECTION_PRINCIPAL.slice(bytes - 16), bytes - 16);
	code.brIf(0).i32(1).op("return", "end");
	return code.get(address, length).call(isController);
}

/** `run(control, data, length)`: the operation that the control block names. */
function runFunction(finish: number, compress: number): FunctionCode {
	const [control, data, length] = [0, 1, 2];
	const code = new FunctionCode(3);
	const op = code.local("i32");
	code.get(control).memory("i32.load", CONTROL.op).tee(op);
	code.i32(OPERATION.hash).op("i32.eq").if();
	code.get(control).i64(0).memory("i64.store", CONTROL.count).op("end");

	code.get(control).memory("i64.load", CONTROL.count).op("i64.eqz").if();
	for (let half = 0; half < 2; half++) {
		code.get(control).v128(INITIAL_STATE.slice(4 * half, 4 * half + 4).flatMap(littleEndian));
		code.memory("v128.store", CONTROL.state + 16 * half);
	}
	code.op("end");

	code.get(op).i32(OPERATION.update).op("i32.eq").if();
	code
		.get(length)
		.i32(BLOCK_BYTES - 1)
		.op("i32.and")
		.trapIf();
	code.get(control).i32(CONTROL.state).op("i32.add").get(data, length).i32(6).op("i32.shr_u").call(compress);
	emitCountPlusLength(code.get(control), control, length);
	code.memory("i64.store", CONTROL.count).op("return", "end");

	code
		.get(op)
		.i32(OPERATION.hash)
		.op("i32.ne")
		.get(op)
		.i32(OPERATION.finish)
		.op("i32.ne", "i32.and")
		.trapIf();
	return code.get(control, data, length).call(finish);
}

function emitCountPlusLength(code: FunctionCode, control: number, length: number): void {
	code.get(control).memory("i64.load", CONTROL.count).get(length).op("i64.extend_i32_u", "i64.add");
}

/** `finish(control, data, length)`: whole blocks, then padding (FIPS 180-4, section 5.1.1), then the digest. */
function finishFunction(compress: number): FunctionCode {
	const [control, data, length] = [0, 1, 2];
	const code = new FunctionCode(3);
	const rest = code.local("i32");
	const blocks = code.local("i32");
	const { state, scratch, digest, count } = CONTROL;
	const compressTo = () => code.get(control).i32(state).op("i32.add");
	// What fits into the scratch with its padding is hashed there in one go: a schedule counts as much for
	// one block as for four (81 bytes, a fork of a hash tree: 9,700 instructions instead of 12,600).
	code
		.get(length, length)
		.i32(BLOCK_BYTES - 1)
		.op("i32.and");
	code
		.get(length)
		.i32(2 * BLOCK_BYTES - 8)
		.op("i32.lt_u", "select")
		.set(rest);
	compressTo().get(data, length, rest).op("i32.sub").i32(6).op("i32.shr_u").call(compress);

	for (let offset = 0; offset < 2 * BLOCK_BYTES; offset += 16) {
		code
			.get(control)
			.v128(new Array(16).fill(0))
			.memory("v128.store", scratch + offset);
	}
	code.get(control).i32(scratch).op("i32.add");
	code.get(data, length).op("i32.add").get(rest).op("i32.sub").get(rest).op("memory.copy");
	code.get(control, rest).op("i32.add").i32(0x80).memory("i32.store8", scratch);
	code
		.i32(1)
		.i32(2)
		.get(rest)
		.i32(BLOCK_BYTES - 8)
		.op("i32.lt_u", "select")
		.set(blocks);

	// The length in bits, most significant byte first, in the last 8 bytes.
	code.get(control, blocks).i32(6).op("i32.shl", "i32.add");
	emitCountPlusLength(code, control, length);
	code
		.i64(3)
		.op("i64.shl", "i64x2.splat")
		.v128([7, 6, 5, 4, 3, 2, 1, 0, ...new Array(8).fill(0)]);
	code.op("i8x16.swizzle").laneMemory("v128.store64_lane", scratch - 8, 0);
	compressTo().get(control).i32(scratch).op("i32.add").get(blocks).call(compress);

	for (let half = 0; half < 32; half += 16) {
		code
			.get(control, control)
			.memory("v128.load", state + half)
			.v128(BYTE_SWAP);
		code.op("i8x16.swizzle").memory("v128.store", digest + half);
	}
	return code.get(control).i64(0).memory("i64.store", count);
}

/** The kernel as a module of its own, with a memory of its own: to be tried by itself. */
export function kernelModule(): Uint8Array {
	const functions = kernelFunctions({ certifiedDataSet: 0, isController: 1, firstFunction: 2, attached: 0 });
	const name = (text: string) => [text.length, ...new TextEncoder().encode(text)];
	const vector = (entries: readonly (readonly number[])[]) => [
		...unsignedLeb(entries.length),
		...entries.flat(),
	];
	const section = (id: number, content: number[]) => [id, ...unsignedLeb(content.length), ...content];
	const own = (index: number) => 2 + index;
	return Uint8Array.from([
		...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
		...section(1, vector(functions.map(({ parameters, results }) => functionType(parameters, results)))),
		...section(
			2,
			vector([
				[...name("ic0"), ...name("certified_data_set"), 0, KernelIndex.certifiedDataSet],
				[...name("ic0"), ...name("is_controller"), 0, KernelIndex.isController],
			]),
		),
		...section(3, vector(functions.map((_, type) => [type]))),
		...section(5, vector([[0, 1]])),
		...section(6, vector([ATTACHED_GLOBAL])),
		...section(
			7,
			vector([
				[...name("memory"), 2, 0],
				[...name("certified_data_set"), 0, own(KernelIndex.certifiedDataSet)],
				[...name("is_controller"), 0, own(KernelIndex.isController)],
			]),
		),
		...section(10, vector(functions.map(({ body }) => body))),
	]);
}
