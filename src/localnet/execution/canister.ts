/** Abstract behavior, "The state": the state of a canister. */
import { hex, principalText } from "../encoding/bytes.js";
import { SIZES } from "../limits.js";
import type { Callback, CallContext } from "./call-context.js";
import type { CanisterId } from "./canister-id.js";
import { CanisterLog } from "./canister-log.js";
import type { Instance, InstanceState } from "./instance.js";
import type { CanisterModule } from "./module.js";
import { StableMemory } from "./stable-memory.js";

const NOTHING = new Uint8Array(0);

/** Content of a canister snapshot. */
export interface Snapshot {
	readonly id: Uint8Array;
	/** Nanoseconds since 1970. */
	readonly takenAt: bigint;
	readonly module: CanisterModule;
	readonly state: InstanceState;
	readonly stable: StableMemory;
	readonly certifiedData: Uint8Array;
	readonly globalTimer: bigint;
	/** Size for limits and charges. */
	readonly bytes: bigint;
}

const WASM_PAGE = 65_536n;

export class Canister {
	readonly text: string;
	#controllers: readonly Uint8Array[] = [];
	#controllerKeys = new Set<string>();
	status: "running" | "stopping" | "stopped" = "running";
	version = 0n;
	module: CanisterModule | undefined;
	instance: Instance | undefined;
	stable = new StableMemory();
	certifiedData: Uint8Array = NOTHING;
	/** Nanoseconds since 1970; 0 if no timer is set. */
	globalTimer = 0n;
	installedAt: bigint | undefined;
	log = new CanisterLog();
	/** Maximum size of its log in bytes. */
	logLimit: number = SIZES.logBytes;
	/** Values by name, in the order in which they were set. */
	environmentVariables: ReadonlyMap<string, string> = new Map();
	readonly chunkStore = new Map<string, Uint8Array>();
	/** Snapshots by hexadecimal id. */
	readonly snapshots = new Map<string, Snapshot>();
	snapshotsTaken = 0n;
	readonly contexts = new Set<CallContext>();
	readonly callbacks = new Map<number, Callback>();
	/** Called when the last call context has ended, for callers of `stop_canister`. */
	readonly stopWaiters: (() => void)[] = [];

	constructor(
		readonly id: CanisterId,
		controllers: readonly Uint8Array[],
		public cycles: bigint,
		readonly createdAt: bigint,
	) {
		this.text = principalText(id);
		this.controllers = controllers;
	}

	get controllers(): readonly Uint8Array[] {
		return this.#controllers;
	}

	set controllers(principals: readonly Uint8Array[]) {
		this.#controllers = principals;
		this.#controllerKeys = new Set(principals.map(hex));
	}

	isController(principal: Uint8Array): boolean {
		return this.#controllerKeys.has(hex(principal));
	}

	exports(name: string): boolean {
		return this.module?.exports.has(name) ?? false;
	}

	/**
	 * Resets the canister to the state before its first installation, except cycles, controllers and the chunk store.
	 */
	uninstall(): void {
		this.module = undefined;
		this.instance = undefined;
		this.installedAt = undefined;
		this.resetState();
	}

	/** A snapshot of the committed state. Requires that the canister has code. */
	capture(id: Uint8Array, takenAt: bigint): Snapshot {
		const { module, instance, stable, certifiedData, globalTimer } = this;
		if (!module || !instance) throw new Error("a canister without code has no snapshot");
		const bytes = BigInt(instance.heapBytes) + BigInt(stable.pages) * WASM_PAGE + BigInt(module.bytes);
		const state = instance.capture();
		return { id, takenAt, module, state, stable: stable.copy(), certifiedData, globalTimer, bytes };
	}

	/** Restores a snapshot; `instance` has its module and state. The canister version is not restored. */
	restore({ module, stable, certifiedData, globalTimer }: Snapshot, instance: Instance): void {
		this.module = module;
		this.instance = instance;
		this.stable = stable.copy();
		this.certifiedData = certifiedData;
		this.globalTimer = globalTimer;
	}

	/** Resets the state that a new installation discards. */
	resetState(): void {
		this.stable = new StableMemory();
		this.certifiedData = NOTHING;
		this.globalTimer = 0n;
		this.log = this.log.emptied();
	}

	/** Logs the output of a committed message. */
	print(text: string, time: bigint): void {
		this.log.add(text, time, this.logLimit);
	}
}
