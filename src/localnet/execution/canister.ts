/** Abstract behavior, "The state": what the IC keeps of a canister. */
import { hex, principalText } from "../encoding/bytes.js";
import type { Callback, CallContext } from "./call-context.js";
import type { CanisterId } from "./canister-id.js";
import type { Instance } from "./instance.js";
import type { CanisterModule } from "./module.js";
import { StableMemory } from "./stable-memory.js";

const NOTHING = new Uint8Array(0);

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
	/** Nanoseconds since 1970; 0 where none is set. */
	globalTimer = 0n;
	installedAt: bigint | undefined;
	readonly chunkStore = new Map<string, Uint8Array>();
	readonly contexts = new Set<CallContext>();
	readonly callbacks = new Map<number, Callback>();
	/** Resolved when the last call context is gone: callers of `stop_canister`. */
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

	/** Empty again, as before the first installation; cycles, controllers and the chunk store stay. */
	uninstall(): void {
		this.module = undefined;
		this.instance = undefined;
		this.installedAt = undefined;
		this.resetState();
	}

	/** What installing afresh forgets. */
	resetState(): void {
		this.stable = new StableMemory();
		this.certifiedData = NOTHING;
		this.globalTimer = 0n;
	}
}
