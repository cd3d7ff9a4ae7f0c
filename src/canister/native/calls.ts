/**
 * Finds and redirects calls in function bodies.
 *
 * A call's operand is found by walking over every instruction, since any byte may be part of another.
 */
import { ByteReader, ByteWriter } from "../../wasm/bytes.js";
import { passImmediates, readInstruction } from "../../wasm/instructions.js";
import { LinkError } from "./errors.js";

const CALL = 0x10;
const RETURN_CALL = 0x12;
const REF_FUNC = 0xd2;

/** The code section with every call of a key of `redirected` made a call of its value. */
export function redirectCalls(
	bytes: Uint8Array,
	redirected: ReadonlyMap<number, number>,
): { readonly code: Uint8Array; readonly callsOf: ReadonlyMap<number, number> } {
	const callsOf = new Map<number, number>();
	const code = new ByteReader(bytes);
	const written = new ByteWriter(bytes.length + 1_024);
	const body = new ByteWriter();
	/** What is not written yet begins here. */
	let pending = 0;
	for (let bodies = code.u32(); bodies > 0; bodies--) {
		const sizeAt = code.pos;
		const size = code.u32();
		const end = code.pos + size;
		let copied = code.pos;
		body.clear();
		for (let groups = code.u32(); groups > 0; groups--) {
			code.skipLeb();
			code.skipLeb();
		}
		while (code.pos < end) {
			const instruction = readInstruction(code);
			if (instruction !== CALL && instruction !== RETURN_CALL && instruction !== REF_FUNC) {
				passImmediates(code, instruction);
				continue;
			}
			const operandAt = code.pos;
			const target = code.u32();
			const replacement = redirected.get(target);
			if (replacement === undefined) continue;
			if (instruction === REF_FUNC)
				throw new LinkError("the Wasm takes a system call's address: was it built by a supported Azle?");
			callsOf.set(target, (callsOf.get(target) ?? 0) + 1);
			body.range(bytes, copied, operandAt).u32(replacement);
			copied = code.pos;
		}
		if (code.pos !== end) throw new LinkError("a function's code is damaged: build the Wasm again");
		if (body.length === 0) continue;
		body.range(bytes, copied, end);
		written.range(bytes, pending, sizeAt).u32(body.length).bytes(body.view());
		pending = end;
	}
	written.range(bytes, pending, bytes.length);
	return { code: written.view(), callsOf };
}
