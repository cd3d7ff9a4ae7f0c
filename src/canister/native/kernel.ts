/**
 * The kernel's functions: those that stand in front of system calls, and what they do (see abi.ts).
 */
import { CERTIFIED_DATA_MAX_BYTES, CONTROL, CONTROL_MAGIC, detectionPrincipal, VERSION } from "./abi.js";
import { FunctionCode, functionType, signedLeb, unsignedLeb, type ValueType } from "./assembler.js";
import { base64Function } from "./base64.js";
import { compressFunction } from "./compress.js";
import { absorbFunction, beginFunction, closeFunction, finishFunction } from "./digest.js";
import {
	climbFunction,
	forksFunction,
	isHashFunction,
	labeledFunction,
	leafFunction,
	leafOfHashFunction,
} from "./nodes.js";
import { runFunction } from "./operations.js";
import { manyFunction } from "./records.js";
import { isUtf8Function, textCopyFunction, textSizeFunction, textTakeFunction } from "./texts.js";

/** The system calls that the kernel makes: their names and types. The linker finds them among the imports. */
export const SYSTEM_CALLS = {
	certifiedDataSet: { name: "certified_data_set", type: functionType(["i32", "i32"], []) },
	isController: { name: "is_controller", type: functionType(["i32", "i32"], ["i32"]) },
	stableSize: { name: "stable64_size", type: functionType([], ["i64"]) },
	liquidCycles: { name: "canister_liquid_cycle_balance128", type: functionType(["i32"], []) },
	costCall: { name: "cost_call", type: functionType(["i64", "i64", "i32"], []) },
	methodNameSize: { name: "msg_method_name_size", type: functionType([], ["i32"]) },
	methodNameCopy: { name: "msg_method_name_copy", type: functionType(["i32", "i32", "i32"], []) },
	reject: { name: "msg_reject", type: functionType(["i32", "i32"], []) },
} as const;

/** Where the kernel finds what is not its own, and where its own things will stand. */
export interface KernelPlacement {
	/** Function indices of the real system calls. */
	readonly system: Readonly<Record<keyof typeof SYSTEM_CALLS, number>>;
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

/** Places in the list that `kernelFunctions` gives. */
export const KernelIndex = {
	certifiedDataSet: 0,
	isController: 1,
	methodNameSize: 2,
	methodNameCopy: 3,
	reject: 4,
	run: 5,
	compress: 6,
	begin: 7,
	absorb: 8,
	close: 9,
	finish: 10,
	labeled: 11,
	leaf: 12,
	forks: 13,
	many: 14,
	isUtf8: 15,
	climb: 16,
	leafOfHash: 17,
	isHash: 18,
	base64: 19,
} as const;

/** The system calls that the kernel's function of the same name stands in front of. */
export const REDIRECTED = [
	"certifiedDataSet",
	"isController",
	"methodNameSize",
	"methodNameCopy",
	"reject",
] as const satisfies (keyof typeof SYSTEM_CALLS & keyof typeof KernelIndex)[];

export function kernelFunctions(placement: KernelPlacement): KernelFunction[] {
	const { system, attached } = placement;
	const { stableSize, liquidCycles, costCall } = system;
	const at = Object.fromEntries(
		Object.entries(KernelIndex).map(([name, index]) => [name, placement.firstFunction + index]),
	) as Record<keyof typeof KernelIndex, number>;
	const make = (
		parameters: number,
		code: FunctionCode,
		results: readonly ValueType[] = [],
	): KernelFunction => ({
		parameters: new Array<ValueType>(parameters).fill("i32"),
		results,
		body: code.encode(),
	});
	return [
		make(2, certifiedDataSetFunction(placement, at.run)),
		make(2, isControllerFunction(system.isController), ["i32"]),
		make(0, textSizeFunction({ attached, real: system.methodNameSize }, at.isUtf8), ["i32"]),
		make(3, textCopyFunction({ attached, real: system.methodNameCopy })),
		make(2, textTakeFunction({ attached, real: system.reject })),
		make(3, runFunction({ ...at, stableSize, liquidCycles, costCall })),
		make(5, compressFunction()),
		make(1, beginFunction()),
		make(5, absorbFunction(at.compress)),
		make(3, closeFunction(at.absorb)),
		make(5, finishFunction(at.absorb, at.close)),
		make(3, labeledFunction(at.finish)),
		make(3, leafFunction(at.absorb, at.finish)),
		make(3, forksFunction(at.begin, at.close)),
		make(3, manyFunction(at.begin, at.finish)),
		make(2, isUtf8Function(), ["i32"]),
		make(1, climbFunction(at.begin, at.labeled)),
		make(3, leafOfHashFunction(at.begin, at.finish, at.leaf)),
		make(3, isHashFunction(at.finish), ["i32"]),
		make(3, base64Function()),
	];
}

/** An entry of the global section: a mutable i32, 0 at first. */
export const ATTACHED_GLOBAL = [0x7f, 0x01, 0x41, ...signedLeb(0), 0x0b];

/** Leaves 1 on the stack if 16 bytes at the address differ from the given ones. */
function emitDiffers(code: FunctionCode, address: number, bytes: readonly number[], offset = 0): void {
	code.get(address).memory("v128.load", offset).v128(bytes).op("i8x16.eq", "i8x16.all_true", "i32.eqz");
}

/** `certified_data_set(address, length)`: tells the system's calls, control blocks and data apart. */
function certifiedDataSetFunction({ system, attached }: KernelPlacement, run: number): FunctionCode {
	const [address, length] = [0, 1];
	const code = new FunctionCode(2);
	const control = code.local("i32");
	code.get(length).i32(CERTIFIED_DATA_MAX_BYTES).op("i32.le_u").if();
	code.get(address, length).call(system.certifiedDataSet).op("return", "end");

	// No block yet: this must be one, or the check of the magic below traps.
	code.get(address).globalGet(attached).globalGet(attached).op("i32.eqz", "select").tee(control);
	code.get(address).op("i32.eq").if();
	code.get(length).i32(CONTROL.payload).op("i32.lt_u").trapIf();
	code.get(address, length).i32(CONTROL.payload).op("i32.sub").memory("i32.store", CONTROL.capacity);
	code.get(address).memory("i32.load", CONTROL.capacity);
	code.get(address).memory("i32.load", CONTROL.length).op("i32.lt_u").trapIf();
	code.get(address).memory("i32.load", CONTROL.length).set(length);
	code.get(address).i32(CONTROL.payload).op("i32.add").set(address);
	code.op("end");
	emitDiffers(code, control, CONTROL_MAGIC);
	code.trapIf();
	code.get(control).globalSet(attached);
	return code.get(control, address, length).call(run);
}

/** `is_controller(address, length)`: says yes to the one principal that nobody has. */
function isControllerFunction(isController: number): FunctionCode {
	const [address, length] = [0, 1];
	const code = new FunctionCode(2);
	const principal = detectionPrincipal(VERSION);
	const bytes = principal.length;
	code.block();
	code.get(length).i32(bytes).op("i32.ne").brIf(0);
	emitDiffers(code, address, principal.slice(0, 16));
	code.brIf(0);
	emitDiffers(code, address, principal.slice(bytes - 16), bytes - 16);
	code.brIf(0).i32(1).op("return", "end");
	return code.get(address, length).call(isController);
}

/** The kernel as a module of its own, with a memory of its own: to be tried by itself. */
export function kernelModule(): Uint8Array {
	const calls = Object.values(SYSTEM_CALLS);
	const indices = Object.fromEntries(Object.keys(SYSTEM_CALLS).map((name, i) => [name, i])) as Record<
		keyof typeof SYSTEM_CALLS,
		number
	>;
	const own = (index: number) => calls.length + index;
	const functions = kernelFunctions({
		system: indices,
		firstFunction: own(0),
		attached: 0,
	});
	const types = functions.map(({ parameters, results }) => functionType(parameters, results));
	const name = (text: string) => [text.length, ...new TextEncoder().encode(text)];
	const vector = (entries: readonly (readonly number[])[]) => [
		...unsignedLeb(entries.length),
		...entries.flat(),
	];
	const section = (id: number, content: number[]) => [id, ...unsignedLeb(content.length), ...content];
	return Uint8Array.from([
		...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
		...section(1, vector([...calls.map(({ type }) => type), ...types])),
		...section(2, vector(calls.map((call, type) => [...name("ic0"), ...name(call.name), 0, type]))),
		...section(3, vector(functions.map((_, index) => [own(index)]))),
		...section(5, vector([[0, 1]])),
		...section(6, vector([ATTACHED_GLOBAL])),
		...section(
			7,
			vector([
				[...name("memory"), 2, 0],
				...REDIRECTED.map((call) => [...name(SYSTEM_CALLS[call].name), 0, own(KernelIndex[call])]),
			]),
		),
		...section(10, vector(functions.map(({ body }) => body))),
	]);
}
