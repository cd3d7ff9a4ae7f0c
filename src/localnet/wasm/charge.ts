/**
 * Rewrites a function body so that it counts its instructions, as the replica's
 * rs/embedders/src/wasm_utils/instrumentation.rs does for every canister.
 *
 * Each straight-line run of instructions subtracts its whole weight at its start. The counter is compared only at
 * function entries and loop headers, so an overrun is detected at most one loop-free path late, as on the replica.
 *
 * The replica subtracts from a global each time. With V8 that is a read and write of memory, so here a function keeps
 * the counter in a local, and stores it in the global before another function runs: at calls, at the end, and before
 * `unreachable`. Only a trap of the engine (out of bounds, division by zero) leaves the global at its last stored
 * value.
 */
import { ByteReader, ByteWriter } from "../../wasm/bytes.js";
import { Flow, InstructionDecoder } from "./decoder.js";
import { FUNCTION_ENTRY_WEIGHT } from "./weights.js";

const op = {
	unreachable: 0x00,
	if: 0x04,
	end: 0x0b,
	call: 0x10,
	localGet: 0x20,
	localSet: 0x21,
	localTee: 0x22,
	globalGet: 0x23,
	globalSet: 0x24,
	i64Const: 0x42,
	i64LtS: 0x53,
	i64Sub: 0x7d,
	i64ExtendI32U: 0xad,
} as const;
const EMPTY_BLOCK = 0x40;
const I64 = 0x7e;

export interface Charger {
	/** Writes a body (without its size) of a function with `parameters` parameters, with counting added. */
	rewrite(body: ByteReader, parameters: number, out: ByteWriter): void;
	/** The body of the helper `(length: i32) -> length`, which charges 1 for each unit. */
	readonly bulkBody: Uint8Array;
}

export function createCharger(counterGlobal: number, bulkFunction: number): Charger {
	const counter = leb(counterGlobal);
	const load = [op.globalGet, ...counter];
	const store = [op.globalSet, ...counter];
	const bulkCall = [op.call, ...leb(bulkFunction)];

	return {
		rewrite(body, parameters, out) {
			const code = new BodyCode(body, parameters, out);
			const left = leb(code.addedLocal);
			const fromLocal = [op.localGet, ...left];
			const toGlobal = [...fromLocal, ...store];
			const toLocal = [...load, op.localSet, ...left];
			const subtract = [op.i64Sub, op.localSet, ...left];
			const subtractAndCheck = [
				...[op.i64Sub, op.localTee, ...left, op.i64Const, 0, op.i64LtS],
				...[op.if, EMPTY_BLOCK, ...toGlobal, op.unreachable, op.end],
			];
			// A run is copied once its weight is known; `pieces` lists the insertions on the way.
			const pieces: { at: number; code: readonly number[] }[] = [];
			let weight = FUNCTION_ENTRY_WEIGHT;
			let start: readonly number[] | undefined = load;
			const flush = (nextStart?: readonly number[]): void => {
				if (weight > 0 || start !== undefined) {
					out.bytes(start ?? fromLocal).u8(op.i64Const);
					if (weight < 64) out.u8(weight);
					else out.s64(BigInt(weight));
					out.bytes(start === undefined ? subtract : subtractAndCheck);
				}
				for (const piece of pieces) code.copyTo(piece.at).bytes(piece.code);
				pieces.length = 0;
				code.copyTo(body.pos);
				weight = 0;
				start = nextStart;
			};

			const decoder = new InstructionDecoder(body);
			for (let depth = 0; body.pos < body.end; ) {
				const at = body.pos;
				decoder.step();
				weight += decoder.weight;
				switch (decoder.flow) {
					case Flow.open:
						depth++;
						break;
					case Flow.if:
						depth++;
						flush();
						break;
					case Flow.loop:
						depth++;
						flush(fromLocal);
						break;
					case Flow.end:
						if (depth-- === 0) pieces.push({ at, code: toGlobal });
						flush();
						break;
					case Flow.else:
						flush();
						break;
					case Flow.branch:
						// A branch to the outermost label goes to the function's end, after the code that `end` runs.
						if (new ByteReader(body.bytes, at + 1).u32() === depth) pieces.push({ at, code: toGlobal });
						flush();
						break;
					case Flow.leave:
						pieces.push({ at, code: toGlobal });
						flush();
						break;
					case Flow.call:
						pieces.push({ at, code: toGlobal }, { at: body.pos, code: toLocal });
						break;
					case Flow.bulk:
						pieces.push({ at, code: [...toGlobal, ...bulkCall, ...toLocal] });
						break;
				}
			}
			// Only a body without a final `end` leaves something here; V8 rejects it.
			code.copyTo(body.end);
		},
		bulkBody: Uint8Array.from([
			...[0, ...load, op.localGet, 0, op.i64ExtendI32U, op.i64Sub, ...store],
			...[...load, op.i64Const, 0, op.i64LtS, op.if, EMPTY_BLOCK, op.unreachable, op.end],
			...[op.localGet, 0, op.end],
		]),
	};
}

const leb = (value: number): Uint8Array => new ByteWriter(5).u32(value).view();

/** The instructions of a body on their way to the output, with a local of type i64 after all others. */
class BodyCode {
	readonly addedLocal: number;
	readonly #bytes: Uint8Array;
	#copied: number;

	constructor(
		body: ByteReader,
		parameters: number,
		readonly out: ByteWriter,
	) {
		const groups = body.u32();
		const start = body.pos;
		let locals = parameters;
		for (let i = 0; i < groups; i++) {
			locals += body.u32();
			body.skipLeb();
		}
		out.u32(groups + 1).range(body.bytes, start, body.pos);
		out.u8(1).u8(I64);
		this.addedLocal = locals;
		this.#bytes = body.bytes;
		this.#copied = body.pos;
	}

	copyTo(end: number): ByteWriter {
		this.out.range(this.#bytes, this.#copied, end);
		this.#copied = end;
		return this.out;
	}
}
