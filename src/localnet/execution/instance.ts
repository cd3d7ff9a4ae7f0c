/**
 * Canister interface, "Entry points": a module's Wasm state, entered for one message at a time, and reverted if the
 * message traps or was a query.
 *
 * The state is memory and globals. `table.set` and dropped segments are not reverted: compilers for canisters use
 * neither after the start.
 */
import { type Environment, Host } from "../system-api/host.js";
import { systemImports } from "../system-api/imports.js";
import {
	EXPORTED_GLOBAL_PREFIX,
	EXPORTED_MEMORY,
	EXPORTED_START,
	EXPORTED_TABLE,
	INSTRUCTIONS_LEFT,
} from "../wasm/meter.js";
import { EXPORTED_MARK, MARKS_BYTES } from "../wasm/write-marks.js";
import type { Canister } from "./canister.js";
import { Heap } from "./heap.js";
import type { Message, TableCallback } from "./message.js";
import type { CanisterModule } from "./module.js";
import { type ExecutionError, fromEngine, instructionLimit, wasmTrap } from "./rejects.js";

export type Entry =
	| { readonly kind: "export"; readonly name: string }
	| { readonly kind: "callback"; readonly callback: TableCallback };

/** Memory and globals. */
export interface InstanceState {
	readonly heap: readonly (Buffer | undefined)[];
	readonly globals: readonly unknown[];
}

export class Instance {
	#host!: Host;
	#exports!: WebAssembly.Exports;
	#table: WebAssembly.Table | undefined;
	#globals: readonly WebAssembly.Global[] = [];
	#savedGlobals: readonly unknown[] = [];
	#heap!: Heap;

	/** Instantiates the module and commits its initial state; `start` must run next. */
	constructor(
		readonly module: CanisterModule,
		readonly canister: Canister,
		readonly environment: Environment,
	) {
		this.#instantiate();
		this.#heap = new Heap(this.#host.memory, this.#host.heapAt);
		this.commit();
	}

	/** The module's `(start)`, which the IC runs before the first entry point. */
	get start(): Entry | undefined {
		return EXPORTED_START in this.#exports ? { kind: "export", name: EXPORTED_START } : undefined;
	}

	get heapBytes(): number {
		return this.#heap.size;
	}

	/** Runs an entry point. @returns its instructions, and its error if it failed */
	enter(entry: Entry, message: Message): { readonly instructions: bigint; readonly error?: ExecutionError } {
		const host = this.#host;
		host.begin(message);
		try {
			this.#call(entry);
			host.settle();
			return { instructions: host.executed() };
		} catch (error) {
			if (host.isExhausted) return { instructions: message.limit, error: instructionLimit(message.limit) };
			return { instructions: host.executed(), error: fromEngine(error) };
		}
	}

	/** @returns the number of changed heap pages */
	commit(): number {
		this.#savedGlobals = this.#globals.map((global) => global.value);
		return this.#heap.commit();
	}

	rollback(): void {
		if (this.#heap.grown) {
			// Memory cannot shrink: instantiate the module again, and load the committed heap.
			this.#instantiate();
			this.#heap = this.#heap.moveTo(this.#host.memory);
		} else {
			this.#heap.restore();
		}
		this.#globals.forEach((global, index) => {
			global.value = this.#savedGlobals[index];
		});
	}

	/** The committed state, for a snapshot. */
	capture(): InstanceState {
		return { heap: this.#heap.copy(), globals: this.#savedGlobals };
	}

	/** Loads a state of an instance of the same module. */
	load({ heap, globals }: InstanceState): void {
		this.#heap.load(heap);
		this.#savedGlobals = globals;
		this.#globals.forEach((global, index) => {
			global.value = globals[index];
		});
	}

	#call(entry: Entry): void {
		if (entry.kind === "export") {
			(this.#exports[entry.name] as () => void)();
			return;
		}
		const { fn, env } = entry.callback;
		const table = this.#table;
		if (!table || fn >= table.length) throw wasmTrap("table out of bounds");
		const callback = table.get(fn) as ((env: number) => void) | null;
		if (!callback) throw wasmTrap("table out of bounds");
		callback(env);
	}

	#instantiate(): void {
		const host = new Host(this.canister, this.environment);
		const { exports } = new WebAssembly.Instance(this.module.compiled, {
			ic0: systemImports(host, this.module.systemCalls),
		});
		this.#host = host;
		this.#exports = exports;
		host.memory = exports[EXPORTED_MEMORY] as WebAssembly.Memory | undefined;
		host.heapAt = EXPORTED_MARK in exports ? MARKS_BYTES : 0;
		host.counter = exports[INSTRUCTIONS_LEFT] as WebAssembly.Global | undefined;
		this.#table = exports[EXPORTED_TABLE] as WebAssembly.Table | undefined;
		this.#globals = Object.keys(exports)
			.filter((name) => name.startsWith(EXPORTED_GLOBAL_PREFIX))
			.map((name) => exports[name] as WebAssembly.Global);
	}
}
