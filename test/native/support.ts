import { CONTROL, CONTROL_MAGIC, DIGEST_BYTES, OPERATION } from "../../src/canister/native/abi.js";
import { kernelModule } from "../../src/canister/native/kernel.js";
import { instrument } from "../../src/localnet/wasm/meter.js";

const PLENTY = 1n << 60n;

export const STABLE_PAGES = 7_654_321n;
export const LIQUID_CYCLES = 0x1_2345_6789_abcd_ef01_2345n;

export const METHOD_NAME = "a_method";

/** What stands behind the kernel: it records what came through. */
export class FakeSystem {
	readonly certified: Uint8Array[] = [];
	readonly asked: Uint8Array[] = [];
	readonly rejected: string[] = [];
	memory!: WebAssembly.Memory;
	callCost = 260_000n;

	readonly imports = {
		ic0: {
			certified_data_set: (address: number, length: number) => {
				this.certified.push(new Uint8Array(this.memory.buffer.slice(address, address + length)));
			},
			is_controller: (address: number, length: number) => {
				this.asked.push(new Uint8Array(this.memory.buffer.slice(address, address + length)));
				return 0;
			},
			msg_method_name_size: () => METHOD_NAME.length,
			msg_method_name_copy: (to: number, offset: number, size: number) => {
				const name = new TextEncoder().encode(METHOD_NAME);
				new Uint8Array(this.memory.buffer).set(name.subarray(offset, offset + size), to);
			},
			msg_reject: (address: number, length: number) => {
				this.rejected.push(new TextDecoder().decode(this.memory.buffer.slice(address, address + length)));
			},
			cost_call: (_method: bigint, _argument: bigint, address: number) => {
				const view = new DataView(this.memory.buffer);
				view.setBigUint64(address, this.callCost & 0xffff_ffff_ffff_ffffn, true);
				view.setBigUint64(address + 8, this.callCost >> 64n, true);
			},
			time: () => 0n,
			stable64_size: () => STABLE_PAGES,
			canister_liquid_cycle_balance128: (address: number) => {
				const view = new DataView(this.memory.buffer);
				view.setBigUint64(address, LIQUID_CYCLES & 0xffff_ffff_ffff_ffffn, true);
				view.setBigUint64(address + 8, LIQUID_CYCLES >> 64n, true);
			},
		},
	};
}

/** Plays the part of Azle and of the canister's code: puts arrays into memory and makes the calls. */
export class Driver {
	readonly system = new FakeSystem();
	readonly #memory: WebAssembly.Memory;
	readonly #left: WebAssembly.Global | undefined;
	readonly exports: WebAssembly.Exports;
	readonly certifiedDataSet: (address: number, length: number) => void;
	readonly isController: (address: number, length: number) => number;
	readonly methodNameSize: () => number;
	readonly methodNameCopy: (to: number, offset: number, size: number) => void;
	readonly reject: (address: number, length: number) => void;

	constructor(module: WebAssembly.Module) {
		const { exports } = new WebAssembly.Instance(module, this.system.imports);
		this.exports = exports;
		this.#memory = exports.memory as WebAssembly.Memory;
		this.system.memory = this.#memory;
		this.#left = exports["canister_blobs:instructions_left"] as WebAssembly.Global | undefined;
		this.certifiedDataSet = exports.certified_data_set as Driver["certifiedDataSet"];
		this.isController = exports.is_controller as Driver["isController"];
		this.methodNameSize = exports.msg_method_name_size as Driver["methodNameSize"];
		this.methodNameCopy = exports.msg_method_name_copy as Driver["methodNameCopy"];
		this.reject = exports.msg_reject as Driver["reject"];
		if (this.#left !== undefined) this.#left.value = PLENTY;
	}

	/** The memory's bytes, at least up to `end`. */
	bytes(end = 0): Uint8Array {
		const missing = end - this.#memory.buffer.byteLength;
		if (missing > 0) this.#memory.grow(Math.ceil(missing / 65_536));
		return new Uint8Array(this.#memory.buffer);
	}

	/** Instructions that `action` takes. */
	count(action: () => void): number {
		this.#left!.value = PLENTY;
		action();
		return Number(PLENTY - (this.#left!.value as bigint));
	}

	/** Writes a control block for an operation on a payload in it; answers the block's length. */
	writeControl(address: number, op: number, payload: Uint8Array = new Uint8Array(), capacity = 4096): number {
		const bytes = this.bytes(address + CONTROL.payload + capacity);
		bytes.set(CONTROL_MAGIC, address + CONTROL.magic);
		bytes[address + CONTROL.op] = op;
		new DataView(bytes.buffer).setUint32(address + CONTROL.length, payload.length, true);
		bytes.set(payload, address + CONTROL.payload);
		return CONTROL.payload + capacity;
	}

	/** Writes 32-bit fields of a control block. */
	setFields(control: number, values: Partial<Record<Exclude<keyof typeof CONTROL, "magic">, number>>): void {
		const view = new DataView(this.bytes().buffer);
		for (const [name, value] of Object.entries(values))
			view.setUint32(control + CONTROL[name as keyof typeof CONTROL], value, true);
	}

	field(control: number, name: Exclude<keyof typeof CONTROL, "magic">): number {
		return new DataView(this.bytes().buffer).getUint32(control + CONTROL[name], true);
	}

	digest(control: number): string {
		return Buffer.from(
			this.bytes().slice(control + CONTROL.digest, control + CONTROL.digest + DIGEST_BYTES),
		).toString("hex");
	}

	attach(control: number): void {
		this.certifiedDataSet(control, this.writeControl(control, OPERATION.hash));
	}
}

const modules = new Map<boolean, WebAssembly.Module>();

export function startKernel(metering = false): Driver {
	let module = modules.get(metering);
	if (module === undefined) {
		const wasm = kernelModule();
		module = new WebAssembly.Module((metering ? instrument(wasm, { metering }) : wasm) as BufferSource);
		modules.set(metering, module);
	}
	return new Driver(module);
}

/** A copy with one byte replaced. */
export function withByte(bytes: Uint8Array, at: number, value: number): Uint8Array {
	const copy = bytes.slice();
	copy[at] = value;
	return copy;
}

/** Bytes that differ everywhere, the same in each run. */
export function pattern(length: number, seed = 1): Uint8Array {
	const bytes = new Uint8Array(length);
	let x = seed;
	for (let i = 0; i < length; i++) {
		x = (Math.imul(x, 1_103_515_245) + 12_345) | 0;
		bytes[i] = x >>> 16;
	}
	return bytes;
}
