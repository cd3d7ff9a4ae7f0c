/**
 * Rewrites one function body so that it counts what it executes: what the replica's
 * rs/embedders/src/wasm_utils/instrumentation.rs does to every canister.
 *
 * Each straight-line run of instructions subtracts its whole weight where it begins. The counter is compared
 * only where code can come round again, at function entries and loop headers: so an overrun is noticed late
 * by at most one path without loops, as on the replica.
 *
 * The replica subtracts in a global each time. V8 would read and write memory each time (a tight
 * loop took 8 times as long), so here a function keeps the counter in a local of its own and the global has
 * it whenever another function runs: across calls, at the end, before `unreachable` (1.7 times as long; code
 * that only calls, 1.3 times). Only a trap of the engine's own (an access out of bounds, a division by zero)
 * leaves the global where it was at the last of these.
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
	/** Writes a body (without its size) of a function with so many parameters, that counts what it executes. */
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
			// A run is copied once its weight is known; `pieces` says what to put in where on the way.
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
						// To the outermost label: the function's end, past what the end itself does.
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
			// Only a body that does not end with `end` leaves something here; V8 will say so.
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

/** A body's instructions on their way to the output, under a local of type i64 after all others. */
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
