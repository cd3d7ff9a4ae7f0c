import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import binaryen from "binaryen";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { instrument, parseModule } from "../../src/localnet/wasm/meter.js";

const LEFT = "canister_blobs:instructions_left";
const AZLE = fileURLToPath(
	new URL("../../node_modules/azle/dist/canister_templates/stable.wasm", import.meta.url),
);

function assemble(wat: string): Uint8Array {
	const module = binaryen.parseText(wat);
	// Named one by one: with all of them binaryen writes encodings of proposals that V8 refuses.
	const { BulkMemory, Multivalue, MutableGlobals, ReferenceTypes, SIMD128, TailCall } = binaryen.Features;
	module.setFeatures(BulkMemory | Multivalue | MutableGlobals | ReferenceTypes | SIMD128 | TailCall);
	const bytes = module.emitBinary();
	module.dispose();
	return bytes;
}

async function start(wat: string, metering = true, imports: WebAssembly.Imports = {}) {
	const bytes = instrument(assemble(wat), { metering });
	const { instance } = await WebAssembly.instantiate(bytes as BufferSource, imports);
	return instance.exports as Record<string, WebAssembly.ExportValue> & Record<string, never>;
}

/** Runs `run` with a million instructions and says how many it took. */
async function count(wat: string, ...args: number[]): Promise<number> {
	const exports = await start(wat);
	const left = exports[LEFT] as unknown as WebAssembly.Global;
	left.value = 1_000_000n;
	(exports.run as unknown as (...args: number[]) => unknown)(...args);
	return 1_000_000 - Number(left.value);
}

/** Hand-counted; each function entry is 1. */
const SAMPLES: [string, string, number[], number][] = [
	["an empty function", `(func (export "run"))`, [], 1],
	["integer arithmetic", `(func (export "run") (drop (i32.add (i32.const 1) (i32.const 2))))`, [], 1 + 4],
	[
		"division, float and conversion",
		`(func (export "run")
			(drop (i32.div_s (i32.const 6) (i32.const 3)))
			(drop (f64.sqrt (f64.convert_i32_u (i32.const 6)))))`,
		[],
		1 + (2 + 10 + 1) + (1 + 16 + 8 + 1),
	],
	[
		"only the arm taken",
		`(func (export "run") (param i32)
			(if (local.get 0) (then (global.set $g (i32.const 1))) (else (nop) (nop) (nop))))
		(global $g (mut i32) (i32.const 0))`,
		[1],
		1 + 1 + 2 + (1 + 2),
	],
	[
		"the other arm",
		`(func (export "run") (param i32)
			(if (local.get 0) (then (global.set $g (i32.const 1))) (else (nop) (nop) (nop))))
		(global $g (mut i32) (i32.const 0))`,
		[0],
		1 + 1 + 2 + 3,
	],
	[
		"a loop, by its rounds",
		`(func (export "run") (param $n i32)
			(loop $l
				(local.set $n (i32.sub (local.get $n) (i32.const 1)))
				(br_if $l (local.get $n))))`,
		[7],
		1 + 7 * (4 + 1 + 2),
	],
	[
		"a branch that leaves the rest of a block",
		`(func (export "run") (param i32)
			(block $b (br_if $b (local.get 0)) (nop) (nop))
			(nop))`,
		[1],
		1 + 1 + 2 + 1,
	],
	[
		"a branch that does not",
		`(func (export "run") (param i32)
			(block $b (br_if $b (local.get 0)) (nop) (nop))
			(nop))`,
		[0],
		1 + 1 + 2 + 2 + 1,
	],
	[
		"a branch table",
		`(func (export "run") (param i32)
			(block $a (block $b (br_table $a $b (local.get 0))) (nop)) (nop))`,
		[5],
		1 + 1 + 2 + 1 + 1,
	],
	[
		"calls, direct and through a table",
		`(type $t (func))
		(table 1 funcref) (elem (i32.const 0) $f)
		(func $f (nop))
		(func (export "run") (call $f) (call_indirect (type $t) (i32.const 0)))`,
		[],
		1 + 5 + 2 + 1 + 10 + 2,
	],
	[
		"a branch to the function's own label",
		`(func (export "run") (param i32) (br_if 0 (local.get 0)) (nop))`,
		[1],
		1 + 1 + 2,
	],
	[
		"a branch table that leaves the function",
		`(func (export "run") (param i32) (block $a (br_table $a 1 (local.get 0))) (nop))`,
		[1],
		1 + 1 + 2,
	],
	[
		"a call in a loop in a callee with arguments",
		`(func $f (param i32 i64) (result i32) (local f64) (i32.mul (local.get 0) (i32.const 3)))
		(func (export "run") (param $n i32)
			(loop $l
				(drop (call $f (local.get $n) (i64.const 1)))
				(br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))`,
		[5],
		1 + 5 * (2 + 5 + 1 + (1 + 3) + 4 + 2),
	],
	["an early return", `(func (export "run") (nop) (return) (nop))`, [], 1 + 2],
	[
		"bulk memory, by the byte",
		`(memory 1) (data $d "0123456789")
		(func (export "run") (param $n i32)
			(memory.fill (i32.const 0) (i32.const 1) (local.get $n))
			(memory.copy (i32.const 0) (i32.const 5000) (local.get $n))
			(memory.init $d (i32.const 0) (i32.const 0) (i32.const 10))
			(data.drop $d))`,
		[4096],
		1 + (3 + 100 + 4096) + (3 + 100 + 4096) + (3 + 100 + 10) + 300,
	],
	[
		"memory.grow and memory.size",
		`(memory 1) (func (export "run") (drop (memory.grow (i32.const 1))) (drop (memory.size)))`,
		[],
		1 + (1 + 300 + 1) + (20 + 1),
	],
	[
		"tables",
		`(table $t 4 funcref)
		(func (export "run")
			(table.fill $t (i32.const 0) (ref.null func) (i32.const 3))
			(drop (table.size $t))
			(drop (ref.is_null (table.get $t (i32.const 0)))))`,
		[],
		1 + (3 + 100 + 3) + (100 + 1) + (1 + 5 + 5 + 1),
	],
	[
		"vectors",
		`(func (export "run")
			(drop (i32x4.shl (i32x4.mul (v128.const i32x4 1 2 3 4) (v128.const i32x4 1 2 3 4)) (i32.const 3)))
			(drop (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15
				(v128.const i32x4 1 2 3 4) (v128.const i32x4 1 2 3 4))))`,
		[],
		1 + (2 + 2 + 1 + 2 + 1) + (2 + 3 + 1),
	],
	["a tail call", `(func $f (nop)) (func (export "run") (return_call $f))`, [], 1 + 3 + 1 + 1],
	[
		"multi-value blocks",
		`(func (export "run")
			(tuple.drop 2 (block $b (result i32 i32) (tuple.make 2 (i32.const 1) (i32.const 2)))))`,
		[],
		1 + 4,
	],
];

describe("metering", () => {
	it.each(SAMPLES)("counts %s", async (_, wat, args, expected) => {
		expect(await count(`(module ${wat})`, ...args)).toBe(expected);
	});

	const LOOP = `(module (func (export "run") (loop $l (br $l))))`;
	const RECURSION = `(module (func $f (export "run") (call $f)))`;
	const BULK = `(module (memory 1) (func (export "run") (memory.fill (i32.const 0) (i32.const 0) (i32.const 9000))))`;
	it.each([LOOP, RECURSION, BULK])("stops what has no instructions left: %s", async (wat) => {
		const exports = await start(wat);
		const left = exports[LEFT] as unknown as WebAssembly.Global;
		left.value = 5_000n;
		expect(exports.run as unknown as () => void).toThrow(/unreachable/);
		expect(Number(left.value)).toBeLessThan(0);
	});

	it("counts a sum of any length as the formula says", async () => {
		const exports = await start(`(module (func (export "run") (param $n i32) (result i32) (local $s i32)
			(block $done
				(loop $l
					(br_if $done (i32.eqz (local.get $n)))
					(local.set $s (i32.add (local.get $s) (local.get $n)))
					(local.set $n (i32.sub (local.get $n) (i32.const 1)))
					(br $l)))
			(local.get $s)))`);
		const left = exports[LEFT] as unknown as WebAssembly.Global;
		fc.assert(
			fc.property(fc.nat({ max: 2000 }), (n) => {
				left.value = 1_000_000n;
				expect((exports.run as unknown as (n: number) => number)(n)).toBe((n * (n + 1)) / 2);
				expect(1_000_000n - (left.value as bigint)).toBe(BigInt(1 + n * (4 + 4 + 4 + 2) + 4 + 1));
			}),
		);
	});
});

describe("exported state", () => {
	const STATE = `(module
		(import "m" "g" (global $imported (mut i32)))
		(global $constant i32 (i32.const 1))
		(global $mine (mut i32) (i32.const 2))
		(global $long (mut i64) (i64.const 3))
		(memory 1)
		(table $refs 1 externref)
		(table $funcs 1 funcref)
		(func $begin (global.set $mine (i32.const 7)))
		(start $begin)
		(export "own" (global $long)))`;

	it.each([true, false])("exports it with metering %s", async (metering) => {
		const global = new WebAssembly.Global({ value: "i32", mutable: true }, 0);
		const exports = await start(STATE, metering, { m: { g: global } });
		const names = Object.keys(exports).sort();
		expect(names).toEqual(
			[
				"own",
				"canister_blobs:global:2",
				"canister_blobs:global:3",
				"canister_blobs:memory",
				"canister_blobs:start",
				"canister_blobs:table",
				...(metering ? [LEFT] : []),
			].sort(),
		);
		const mine = exports["canister_blobs:global:2"] as unknown as WebAssembly.Global;
		expect(mine.value).toBe(2);
		if (metering) (exports[LEFT] as unknown as WebAssembly.Global).value = 100n;
		(exports["canister_blobs:start"] as unknown as () => void)();
		expect(mine.value).toBe(7);
		expect(exports["canister_blobs:memory"]).toBeInstanceOf(WebAssembly.Memory);
		expect(exports["canister_blobs:table"]).toBeInstanceOf(WebAssembly.Table);
	});

	it("refuses what was instrumented already", () => {
		const once = instrument(assemble(`(module (memory 1))`), { metering: false });
		expect(() => instrument(once, { metering: true })).toThrow(/already exports/);
	});

	it("refuses what is no module", () => {
		expect(() => instrument(new Uint8Array(20), { metering: true })).toThrow(/not a WebAssembly module/);
	});
});

describe("Azle's canister", () => {
	const wasm = readFileSync(AZLE);

	it.each([true, false])("stays valid with metering %s", (metering) => {
		const bytes = instrument(wasm, { metering });
		expect(WebAssembly.validate(bytes as BufferSource)).toBe(true);
		const before = parseModule(wasm);
		const after = parseModule(bytes);
		expect(after.imports).toEqual(before.imports);
		expect(after.exports.slice(0, before.exports.length)).toEqual(before.exports);
		expect(after.customSections).toEqual(before.customSections);
	});

	it("is described as V8 describes it", () => {
		const module = new WebAssembly.Module(wasm);
		const { imports, exports, customSections } = parseModule(wasm);
		expect(imports).toEqual(WebAssembly.Module.imports(module));
		expect(exports).toEqual(WebAssembly.Module.exports(module));
		expect(customSections.map(({ name }) => name)).toEqual(["name", "producers", "target_features"]);
		const [expected] = WebAssembly.Module.customSections(module, "producers");
		expect(customSections[1]!.bytes).toEqual(new Uint8Array(expected!));
	});
});
