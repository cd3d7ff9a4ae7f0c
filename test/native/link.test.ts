import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import binaryen from "binaryen";
import { beforeAll, describe, expect, it } from "vitest";
import { CONTROL, detectionPrincipal, OPERATION, VERSION } from "../../src/canister/native/abi.js";
import {
	LinkError,
	linkedVersion,
	linkKernel,
	MARK_NAME,
	withCandid,
} from "../../src/canister/native/link.js";
import { parseModule } from "../../src/localnet/wasm/meter.js";
import { findSection, readSections, SectionId } from "../../src/wasm/module.js";
import { Driver, METHOD_NAME, pattern, STABLE_PAGES, withByte } from "./support.js";

const AZLE = fileURLToPath(
	new URL("../../node_modules/azle/dist/canister_templates/stable.wasm", import.meta.url),
);

function assemble(wat: string): Uint8Array {
	const module = binaryen.parseText(wat);
	const { BulkMemory, MutableGlobals, NontrappingFPToInt, SignExt, SIMD128, TailCall } = binaryen.Features;
	module.setFeatures(BulkMemory | MutableGlobals | NontrappingFPToInt | SignExt | SIMD128 | TailCall);
	const bytes = module.emitBinary();
	module.dispose();
	return bytes;
}

const CALLS = `
	(import "ic0" "certified_data_set" (func $certified_data_set (param i32 i32)))
	(import "ic0" "is_controller" (func $is_controller (param i32 i32) (result i32)))
	(import "ic0" "stable64_size" (func $stable64_size (result i64)))
	(import "ic0" "canister_liquid_cycle_balance128" (func $liquid (param i32)))
	(import "ic0" "cost_call" (func $cost_call (param i64 i64 i32)))
	(import "ic0" "msg_method_name_size" (func $msg_method_name_size (result i32)))
	(import "ic0" "msg_method_name_copy" (func $msg_method_name_copy (param i32 i32 i32)))
	(import "ic0" "msg_reject" (func $msg_reject (param i32 i32)))`;
const AZLE_SHAPE = `(func (export "execute_method_js") (param i32)) (memory (export "memory") 1)`;

/** A canister of Azle's shape, whose exports make the kernel's calls from among other instructions. */
const SMALL = `(module
	(import "ic0" "time" (func $time (result i64)))
	${CALLS}
	${AZLE_SHAPE}
	(global $count (mut i32) (i32.const 40))
	(data (i32.const 8) "\\10\\01\\10\\02")
	(func (export "certified_data_set") (param i32 i32)
		(drop (i32.const 0x0110))
		(drop (f64.const 1.5))
		(drop (i8x16.shuffle 16 1 16 2 16 1 16 2 16 1 16 2 16 1 16 2
			(v128.const i32x4 1 2 3 4) (v128.const i32x4 1 2 3 4)))
		(block $a (block $b (br_table $a $b (i32.const 1))))
		(drop (i32.trunc_sat_f64_s (f64.const 2)))
		(global.set $count (i32.add (global.get $count) (i32.const 1)))
		(call $certified_data_set (local.get 0) (local.get 1))
		(memory.fill (i32.const 0) (i32.const 0) (i32.const 1)))
	(func (export "is_controller") (param i32 i32) (result i32)
		(return_call $is_controller (local.get 0) (local.get 1)))
	(func (export "msg_method_name_size") (result i32) (call $msg_method_name_size))
	(func (export "msg_method_name_copy") (param i32 i32 i32)
		(call $msg_method_name_copy (local.get 0) (local.get 1) (local.get 2)))
	(func (export "msg_reject") (param i32 i32) (call $msg_reject (local.get 0) (local.get 1)))
	(func (export "count") (result i32) (global.get $count)))`;

describe("a small canister", () => {
	it("hashes, answers the detection and makes the system's calls once linked", () => {
		const linked = linkKernel(assemble(SMALL));
		const instance = new Driver(new WebAssembly.Module(linked as BufferSource));
		const control = 2_048;
		const view = new DataView(instance.bytes().buffer);
		instance.certifiedDataSet(control, instance.writeControl(control, OPERATION.hash, pattern(100)));
		expect(instance.digest(control)).toBe(createHash("sha256").update(pattern(100)).digest("hex"));
		instance.certifiedDataSet(control, instance.writeControl(control, OPERATION.resources));
		expect(view.getBigUint64(control + CONTROL.pages, true)).toBe(STABLE_PAGES);
		instance.bytes().set(pattern(32), 500);
		instance.certifiedDataSet(500, 32);
		expect(instance.system.certified).toEqual([pattern(32)]);
		const principal = detectionPrincipal(VERSION);
		instance.bytes().set(principal, 500);
		expect(instance.isController(500, principal.length)).toBe(1);
		expect(instance.isController(500, 5)).toBe(0);
		expect(instance.system.asked).toHaveLength(1);
		instance.setFields(control, { op: OPERATION.encode });
		instance.reject(500, 32);
		expect(instance.field(control, "length")).toBe(32);
		instance.reject(500, 0);
		expect(instance.system.rejected).toEqual([""]);
		instance.setFields(control, { op: OPERATION.decode, length: 0 });
		expect(instance.methodNameSize()).toBe(0);
		instance.methodNameCopy(500, 0, 0);
		expect(instance.methodNameSize()).toBe(METHOD_NAME.length);
		expect(instance.bytes().slice(8, 12)).toEqual(Uint8Array.of(0x10, 1, 0x10, 2));
	});
});

/** The same canister with what Azle embeds when it builds: the JavaScript's path, and the functions that know its length. */
function built(path: string, length?: number): Uint8Array {
	const data = JSON.stringify({ envVars: [["AZLE_VERSION", "0.33.0"]], mainJsPath: path });
	const size = `(i32.const ${length ?? data.length})`;
	return assemble(`${SMALL.slice(0, -1)}
		(data "var x;")
		(data "${data.replaceAll('"', '\\"')}")
		(func $size (result i32) ${size})
		(func (export "wasm_data_passive_data_size") (result i32) (local i32) (call $size))
		(func $copy (param i32)
			(memory.init 2 (local.get 0) (i32.const 0) ${size})
			(data.drop 2))
		(func (export "init_wasm_data_passive_data") (param i32) (call $copy (local.get 0))))`);
}

describe("the path of the build", () => {
	it("is taken out, and what knows its length is told", () => {
		const linked = linkKernel(built(`/home/somebody/${"x".repeat(200)}/main.js`));
		expect(Buffer.compare(linked, linkKernel(built("/a/main.js")))).toBe(0);
		const driver = new Driver(new WebAssembly.Module(linked as BufferSource));
		const { exports } = driver;
		const size = (exports.wasm_data_passive_data_size as () => number)();
		(exports.init_wasm_data_passive_data as (at: number) => void)(4_096);
		expect(JSON.parse(new TextDecoder().decode(driver.bytes().slice(4_096, 4_096 + size)))).toEqual({
			envVars: [["AZLE_VERSION", "0.33.0"]],
			mainJsPath: "main.js",
		});
	});

	it("is not guessed at where Azle lays it out otherwise", () => {
		expect(() => linkKernel(built("/a/main.js", 1))).toThrow(/data of Azle's build are not as expected/);
	});
});

describe("the interface", () => {
	it("becomes public metadata, in the place of another", () => {
		const named = (wasm: Uint8Array) =>
			WebAssembly.Module.customSections(
				new WebAssembly.Module(wasm as BufferSource),
				"icp:public candid:service",
			).map((content) => new TextDecoder().decode(content));
		const once = withCandid(assemble(SMALL), "service : { first : () -> () }");
		expect(named(withCandid(once, "service : {}"))).toEqual(["service : {}"]);
	});
});

describe("refusals", () => {
	const refused: [string, Uint8Array, RegExp][] = [
		["no WebAssembly", new TextEncoder().encode("(module)"), /not a WebAssembly module.*azle build/],
		[
			"a Wasm that is cut off",
			assemble(SMALL).subarray(0, 120),
			/unexpected end at byte 120.*build it again/,
		],
		["another language's canister", assemble(`(module ${CALLS} (memory 1))`), /not a canister built by Azle/],
		[
			"a canister without certified_data_set",
			assemble(`(module ${CALLS.replace(/.*certified.*/, "")} ${AZLE_SHAPE})`),
			/does not import ic0\.certified_data_set/,
		],
		...[
			"is_controller",
			"stable64_size",
			"canister_liquid_cycle_balance128",
			"cost_call",
			"msg_method_name_size",
			"msg_method_name_copy",
			"msg_reject",
		].map((name): [string, Uint8Array, RegExp] => [
			`a canister without ${name}`,
			assemble(`(module ${CALLS.replace(new RegExp(`.*"${name}".*`), "")} ${AZLE_SHAPE})`),
			new RegExp(`does not import ic0\\.${name}`),
		]),
		[
			"a 64-bit system interface",
			assemble(`(module ${CALLS.replace(/\(param i32 i32\)\)\)/, "(param i64 i64)))")} ${AZLE_SHAPE})`),
			/has not the type of a 32-bit heap/,
		],
		[
			"what is not for the Internet Computer yet",
			assemble(`(module (import "wasi_snapshot_preview1" "fd_write" (func)) ${CALLS} ${AZLE_SHAPE})`),
			/imports wasi_snapshot_preview1\.fd_write/,
		],
		["calls that are never made", assemble(`(module ${CALLS} ${AZLE_SHAPE})`), /never calls it/],
	];
	it.each(refused)("%s", (_, wasm, message) => {
		expect(() => linkKernel(wasm)).toThrow(LinkError);
		expect(() => linkKernel(wasm)).toThrow(message);
	});

	it.each(["1", "9"])("a Wasm linked with version %s", (version) => {
		const linked = linkKernel(assemble(SMALL));
		const other = withByte(linked, linked.length - 1, version.charCodeAt(0));
		expect(linkedVersion(other)).toBe(version);
		expect(() => linkKernel(other)).toThrow(
			new RegExp(`linked already with version ${version} .*this is version ${VERSION}: build it again`),
		);
	});
});

describe("Azle's canister", () => {
	const wasm = new Uint8Array(readFileSync(AZLE));
	let linked: Uint8Array;
	beforeAll(() => {
		linked = linkKernel(wasm);
	});

	it("is valid, and has the same imports, exports and custom sections, but for the mark", () => {
		expect(WebAssembly.validate(linked as BufferSource)).toBe(true);
		const before = parseModule(wasm);
		const after = parseModule(linked);
		expect(after.imports).toEqual(before.imports);
		expect(after.exports).toEqual(before.exports);
		expect(after.customSections.slice(0, -1)).toEqual(before.customSections);
		expect(after.customSections.at(-1)).toEqual({
			name: MARK_NAME,
			bytes: new TextEncoder().encode(`${VERSION}`),
		});
		expect(after.imports.every(({ module }) => module === "ic0")).toBe(true);
		const data = (bytes: Uint8Array) => findSection(readSections(bytes), SectionId.data);
		expect(data(linked)).toEqual(data(wasm));
	});

	it("grows by the kernel only", () => {
		expect(linked.length - wasm.length).toBeLessThan(34_000);
	});

	it("comes out the same each time, and linking it again changes nothing", () => {
		expect(Buffer.compare(linkKernel(wasm), linked)).toBe(0);
		expect(linkKernel(linked)).toBe(linked);
		expect(linkedVersion(wasm)).toBeUndefined();
		expect(linkedVersion(linked)).toBe(`${VERSION}`);
	});
});
