/** Which of the kernel's functions an operation is. */
import { BLOCK_BYTES, CONTROL, OPERATION } from "./abi.js";
import { FunctionCode } from "./assembler.js";

/** Indices of the functions that `run` calls. */
export interface OperationFunctions {
	readonly begin: number;
	readonly absorb: number;
	readonly finish: number;
	readonly labeled: number;
	readonly leaf: number;
	readonly forks: number;
	readonly climb: number;
	readonly leafOfHash: number;
	readonly isHash: number;
	readonly many: number;
	readonly isUtf8: number;
	readonly base64: number;
	/** The system's own: () -> i64, (address) -> (). */
	readonly stableSize: number;
	readonly liquidCycles: number;
	/** (bytes of the method, bytes of the argument, address) -> (). */
	readonly costCall: number;
}

/** `run(control, data, length)`: the operation that the control block names. */
export function runFunction(functions: OperationFunctions): FunctionCode {
	const [control, data, length] = [0, 1, 2];
	const code = new FunctionCode(3);
	const op = code.local("i32");
	const when = (operation: number, write: () => void) => {
		code.get(op).i32(operation).op("i32.eq").if();
		write();
		code.op("return", "end");
	};
	const beginAfresh = () => {
		code.get(control).memory("i64.load", CONTROL.count).op("i64.eqz").if();
		code.get(control).call(functions.begin).op("end");
	};
	const finish = () => code.get(control, data, length).i32(1).i32(0).call(functions.finish);

	code.get(control).memory("i32.load", CONTROL.op).set(op);
	when(OPERATION.update, () => {
		code.get(length);
		code
			.i32(BLOCK_BYTES - 1)
			.op("i32.and")
			.trapIf();
		beginAfresh();
		code.get(control, data, length).i32(6).op("i32.shr_u").i32(1).i32(0).call(functions.absorb);
		code.get(control, control).memory("i64.load", CONTROL.count);
		code.get(length).op("i64.extend_i32_u", "i64.add").memory("i64.store", CONTROL.count);
	});
	when(OPERATION.finish, () => {
		beginAfresh();
		finish();
	});
	when(OPERATION.check, () => {
		code.get(control, data, length).call(functions.isUtf8).memory("i32.store", CONTROL.records);
	});
	when(OPERATION.resources, () => {
		code.get(control).call(functions.stableSize).memory("i64.store", CONTROL.pages);
		code.get(control).i32(CONTROL.cycles).op("i32.add").call(functions.liquidCycles);
		// Any price tells a network that charges from one that does not; an empty call's is at hand.
		code.i64(0).i64(0).get(control).i32(CONTROL.work).op("i32.add").call(functions.costCall);
		code.get(control, control).memory("i64.load", CONTROL.work).op("i64.eqz");
		code
			.get(control)
			.memory("i64.load", CONTROL.work + 8)
			.op("i64.eqz", "i32.and", "i32.eqz");
		code.memory("i32.store", CONTROL.isPaid);
	});

	code.get(control).i64(0).memory("i64.store", CONTROL.count);
	code.get(control).call(functions.begin);
	const climb = () => code.get(control).call(functions.climb);
	when(OPERATION.hash, () => {
		finish();
		climb();
	});
	for (const name of ["labeled", "leaf", "leafOfHash", "forks"] as const)
		when(OPERATION[name], () => {
			code.get(control, data, length).call(functions[name]);
			climb();
		});
	when(OPERATION.climb, climb);
	when(OPERATION.many, () => code.get(control, data, length).call(functions.many));
	when(OPERATION.isHash, () => {
		code.get(control, control, data, length).call(functions.isHash).memory("i32.store", CONTROL.records);
	});
	when(OPERATION.base64, () => code.get(control, data, length).call(functions.base64));
	return code.op("unreachable");
}
