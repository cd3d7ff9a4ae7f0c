/** Memory whose written pages are marked, against the same module without marks, and its heap as a message leaves it. */
import binaryen from "binaryen";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Heap } from "../../src/localnet/execution/heap.js";
import { EXPORTED_MARK, MARKS_BYTES, markWrites } from "../../src/localnet/wasm/write-marks.js";
import { BASE, SIMD } from "../../src/wasm/opcodes.js";

const STORES = [...BASE, ...SIMD].filter((name) => /\.store/.test(name));
const LOADS = [...BASE, ...SIMD].filter((name) => /\.load/.test(name));
const PAGE = 4_096;
const WASM_PAGE = 65_536;
const PAGES = 4;
const SIZE = PAGES * WASM_PAGE;
const OFFSETS = [0, 1, 4_093];

/** A function for each store and each load at each constant offset, and for what writes or asks in bulk. */
const MODULE = `(module (memory (export "memory") ${PAGES})
	(data (i32.const 70000) "at the start")
	(data $d "0123456789")
	(global $vector (mut v128) (v128.const i64x2 0 0))
	${STORES.flatMap((name) =>
		OFFSETS.map((offset) => {
			const lane = name.endsWith("_lane") ? " 1" : "";
			const vector = `(i64x2.splat (local.get 1))`;
			const value = {
				i32: "(i32.wrap_i64 (local.get 1))",
				i64: "(local.get 1)",
				f32: "(f32.reinterpret_i32 (i32.wrap_i64 (local.get 1)))",
				f64: "(f64.reinterpret_i64 (local.get 1))",
				v12: vector,
			}[name.slice(0, 3)]!;
			return `(func (export "${name} ${offset}") (param i32 i64)
				(${name} offset=${offset}${lane} (local.get 0) ${value}))`;
		}),
	).join("\n")}
	${LOADS.flatMap((name) =>
		OFFSETS.map((offset) => {
			const lane = name.endsWith("_lane") ? " 1" : "";
			const vector = lane && "(v128.const i64x2 1 2)";
			const load = `(${name} offset=${offset}${lane} (local.get 0) ${vector})`;
			const result = {
				i32: `(i64.extend_i32_u ${load})`,
				i64: load,
				f32: `(i64.extend_i32_u (i32.reinterpret_f32 ${load}))`,
				f64: `(i64.reinterpret_f64 ${load})`,
				v12: `(i64x2.extract_lane 0 ${load})`,
			}[name.slice(0, 3)]!;
			return `(func (export "${name} ${offset}") (param i32) (result i64) ${result})`;
		}),
	).join("\n")}
	(func (export "fill") (param i32 i32 i32) (memory.fill (local.get 0) (local.get 1) (local.get 2)))
	(func (export "copy") (param i32 i32 i32) (memory.copy (local.get 0) (local.get 1) (local.get 2)))
	(func (export "init") (param i32 i32 i32) (memory.init $d (local.get 0) (local.get 1) (local.get 2)))
	(func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
	(func (export "size") (result i32) (memory.size)))`;

type Run = (...args: (number | bigint)[]) => unknown;
interface Started {
	readonly memory: WebAssembly.Memory;
	readonly exports: Record<string, Run>;
}

const { BulkMemory, MutableGlobals, SIMD128 } = binaryen.Features;

function assemble(wat: string, features = BulkMemory | MutableGlobals | SIMD128): Uint8Array {
	const module = binaryen.parseText(wat);
	module.setFeatures(features);
	const bytes = module.emitBinary();
	module.dispose();
	return bytes;
}

const plain = assemble(MODULE);
const marked = markWrites(plain)!;
const modules = [plain, marked].map((bytes) => new WebAssembly.Module(bytes as BufferSource));

/** Both, of which the second keeps marks. */
function start(): readonly [Started, Started] {
	const [first, second] = modules.map((module) => {
		const { exports } = new WebAssembly.Instance(module);
		return { memory: exports.memory as WebAssembly.Memory, exports: exports as Record<string, Run> };
	});
	return [first!, second!];
}

const heapOf = ({ memory }: Started, at = 0) => Buffer.from(memory.buffer, at);
/** What a call answers, or how it traps. */
function outcome(run: Run, args: readonly (number | bigint)[]): unknown {
	try {
		return run(...args);
	} catch (error) {
		return (error as Error).message;
	}
}

const address = fc.oneof(
	fc.integer({ min: 0, max: SIZE + 20 }),
	// Around the ends of pages, of memory, and of all addresses.
	fc
		.tuple(
			fc.constantFrom(PAGE, WASM_PAGE, SIZE, 2 ** 32, 2 ** 32 - MARKS_BYTES),
			fc.integer({ min: -20, max: 4 }),
		)
		.map(([at, more]) => (at + more) >>> 0),
);
const length = fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 3 * PAGE }));
const call = fc.oneof(
	{
		weight: 6,
		arbitrary: fc
			.tuple(
				fc.constantFrom(...STORES),
				fc.constantFrom(...OFFSETS),
				address,
				fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
			)
			.map(([name, offset, at, value]) => [`${name} ${offset}`, at, value] as const),
	},
	{
		weight: 2,
		arbitrary: fc
			.tuple(fc.constantFrom(...LOADS), fc.constantFrom(...OFFSETS), address)
			.map(([name, offset, at]) => [`${name} ${offset}`, at] as const),
	},
	{
		weight: 2,
		arbitrary: fc
			.tuple(fc.constantFrom("fill", "copy"), address, address, length)
			.map(([name, to, from, size]) => [name, to, from, size] as const),
	},
	fc.tuple(address, fc.nat({ max: 11 }), fc.nat({ max: 11 })).map((args) => ["init", ...args] as const),
	fc.constant(["grow", 1] as const),
	fc.constant(["grow", 70_000] as const),
	fc.constant(["size"] as const),
);

describe("a module whose writes are marked", () => {
	it("does what it did without", () => {
		fc.assert(
			fc.property(fc.array(call, { maxLength: 30 }), (calls) => {
				const [before, after] = start();
				for (const [name, ...args] of calls)
					expect(outcome(after.exports[name]!, args), name).toEqual(outcome(before.exports[name]!, args));
				expect(heapOf(after, MARKS_BYTES).equals(heapOf(before))).toBe(true);
			}),
		);
	});

	it("has its heap kept and undone as if all of it were compared", () => {
		const message = fc.record({ calls: fc.array(call, { maxLength: 10 }), isKept: fc.boolean() });
		let [kept, undone] = [0, 0];
		fc.assert(
			fc.property(fc.array(message, { maxLength: 8 }), (messages) => {
				const instances = start();
				const heaps = instances.map(({ memory }, index) => new Heap(memory, index * MARKS_BYTES));
				for (const heap of heaps) heap.commit();
				for (const { calls, isKept } of messages) {
					for (const [name, ...args] of calls)
						for (const { exports } of instances) outcome(exports[name]!, args);
					if (isKept || heaps[0]!.grown) {
						const [all, byMarks] = heaps.map((heap) => heap.commit());
						expect(byMarks).toBe(all);
						kept += all!;
					} else {
						const before = Buffer.from(heapOf(instances[0]));
						for (const heap of heaps) heap.restore();
						if (!before.equals(heapOf(instances[0]))) undone++;
					}
					expect(heapOf(instances[1], MARKS_BYTES).equals(heapOf(instances[0]))).toBe(true);
				}
			}),
		);
		expect(Math.min(kept, undone)).toBeGreaterThan(50);
	});

	it("is left as it is where it has no memory of 32 bits of its own, or instructions that are not known", () => {
		expect(markWrites(assemble(`(module (func (export "f")))`))).toBeUndefined();
		const imported = `(module (import "m" "m" (memory 1)) (func (export "f") (i32.store (i32.const 0) (i32.const 1))))`;
		expect(markWrites(assemble(imported))).toBeUndefined();
		expect(markWrites(assemble(`(module (memory 65530))`))).toBeUndefined();
		const throwing = `(module (memory 1) (tag $t) (func (export "f") (throw $t)))`;
		const bytes = assemble(throwing, BulkMemory | binaryen.Features.ExceptionHandling);
		expect(WebAssembly.validate(bytes as BufferSource)).toBe(true);
		expect(markWrites(bytes)).toBeUndefined();
		expect(WebAssembly.Module.exports(modules[1]!).map(({ name }) => name)).toContain(EXPORTED_MARK);
	});

	it("traps at addresses that would wrap, in the largest memory there is", () => {
		const { memory, exports } = start()[1];
		// 16 pages of marks, and at most one that is no canister's.
		const least = 65_536 - 17;
		exports.grow!(least - PAGES);
		while (exports.grow!(1) !== -1);
		expect(exports.size!()).toBeGreaterThanOrEqual(least);
		for (const name of ["fill", "copy", "init"])
			for (const at of [2 ** 32 - 1, 2 ** 32 - MARKS_BYTES])
				for (const length of [0, 1])
					expect(() => exports[name]!(at, 0, length), `${name} ${at} ${length}`).toThrow("out of bounds");
		expect(heapOf({ memory, exports }, memory.buffer.byteLength - 1)[0]).toBe(0);
	});

	it("keeps its largest size, but for what the marks take", () => {
		const wat = `(module (memory 1 3) (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))`;
		const { exports } = new WebAssembly.Instance(
			new WebAssembly.Module(markWrites(assemble(wat))! as BufferSource),
		);
		const grow = exports.grow as Run;
		expect([grow(3), grow(2), grow(1), grow(0)]).toEqual([-1, 1, -1, 3]);
	});
});
