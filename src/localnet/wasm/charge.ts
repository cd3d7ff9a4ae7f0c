/**
 * Rewrites one function body so that it counts what it executes: what the replica's
 * rs/embedders/src/wasm_utils/instrumentation.rs does to every canister.
 *
 * Each straight-line run of instructions subtracts its whole weight where it begins. The counter is looked
 * at only where code can come round again, at function entries and loop headers: so an overrun is noticed
 * late by at most one path without loops, as on the replica. Reading and storing the global everywhere
 * but branching there only keeps V8 within about 1.5 times its speed without metering.
 */
import { type ByteReader, ByteWriter } from "./bytes.js";
import { Flow, InstructionDecoder } from "./decoder.js";
import { FUNCTION_ENTRY_WEIGHT } from "./weights.js";

const op = {
	unreachable: 0x00,
	if: 0x04,
	end: 0x0b,
	call: 0x10,
	localGet: 0x20,
	globalGet: 0x23,
	globalSet: 0x24,
	i64Const: 0x42,
	i64LtS: 0x53,
	i64Sub: 0x7d,
	i64ExtendI32U: 0xad,
} as const;
const EMPTY_BLOCK = 0x40;

export interface Charger {
	/** Writes a body (without its size) that charges the global for what it executes. */
	rewrite(body: ByteReader, out: ByteWriter): void;
	/** The body of the helper `(length: i32) -> length`, which charges 1 for each unit. */
	readonly bulkBody: Uint8Array;
}

export function createCharger(counterGlobal: number, bulkFunction: number): Charger {
	const counter = new ByteWriter().u32(counterGlobal).view();
	const beforeAmount = [op.globalGet, ...counter, op.i64Const];
	const afterAmount = [op.i64Sub, op.globalSet, ...counter];
	const check = [
		...[op.globalGet, ...counter, op.i64Const, 0, op.i64LtS],
		...[op.if, EMPTY_BLOCK, op.unreachable, op.end],
	];
	const bulkCall = new ByteWriter().u8(op.call).u32(bulkFunction).view();

	return {
		rewrite(body, out) {
			const { bytes } = body;
			const decoder = new InstructionDecoder(body);
			const start = body.pos;
			for (let groups = body.u32(); groups > 0; groups--) {
				body.skipLeb();
				body.skipLeb();
			}
			out.range(bytes, start, body.pos);

			let runStart = body.pos;
			let weight = FUNCTION_ENTRY_WEIGHT;
			let reentrant = true;
			const flush = (end: number, nextIsReentrant: boolean): void => {
				if (weight > 0) {
					out.bytes(beforeAmount);
					if (weight < 64) out.u8(weight);
					else out.s64(BigInt(weight));
					out.bytes(afterAmount);
				}
				if (reentrant) out.bytes(check);
				out.range(bytes, runStart, end);
				runStart = end;
				weight = 0;
				reentrant = nextIsReentrant;
			};
			while (body.pos < body.end) {
				const at = body.pos;
				decoder.step();
				const { flow } = decoder;
				if (flow === Flow.bulk) {
					flush(at, false);
					out.bytes(bulkCall);
				}
				weight += decoder.weight;
				if (flow !== Flow.none && flow !== Flow.open && flow !== Flow.bulk) {
					flush(body.pos, flow === Flow.loop);
				}
			}
			// Only a body that does not end with `end` leaves something here; V8 will say so.
			out.range(bytes, runStart, body.end);
		},
		bulkBody: Uint8Array.from([
			...[0, op.globalGet, ...counter, op.localGet, 0, op.i64ExtendI32U, op.i64Sub, op.globalSet, ...counter],
			...check,
			...[op.localGet, 0, op.end],
		]),
	};
}
