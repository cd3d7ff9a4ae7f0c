import type { Principal } from "@dfinity/principal";
import type { Call } from "../execution/calls.js";
import type { Canister } from "../execution/canister.js";
import type { Executor } from "../execution/executor.js";
import type { MethodName } from "./candid.js";
import type { Settings, VisibilityName } from "./settings.js";

/** What a method of the management canister is given, and what it answers. */

export interface ManagementEnvironment {
	readonly executor: Executor;
	canister(id: Uint8Array): Canister | undefined;
	/** The next free id, or the requested one; undefined if that is taken or not of this subnet. */
	newCanisterId(specified?: Uint8Array): Uint8Array | undefined;
	addCanister(canister: Canister): void;
	removeCanister(canister: Canister): void;
	/** Rejects all open calls of the canister. */
	abandon(canister: Canister): void;
	random(): Uint8Array;
	time(): bigint;
}

/** One call of a method. */
export interface Invocation {
	readonly call: Call;
	readonly args: unknown;
	/** Called by a method that responds after it returns. */
	readonly replyLater: () => void;
}

/** Values that a method replies; undefined if it replies later. */
export type Result = { readonly values: readonly unknown[]; readonly keepCycles?: boolean } | undefined;
export type Method = (invocation: Invocation) => Result;
export type Methods = { readonly [K in MethodName]?: Method };

export const DONE: Result = { values: [] };

/** State that the methods share. */
export interface Context {
	readonly env: ManagementEnvironment;
	settingsOf(canister: Canister): Settings;
	find(id: Principal): Canister;
	/** The canister, if the caller controls it. Some methods a canister may also call on itself. */
	controlled(id: Principal, call: Call, orItself?: boolean): Canister;
	/** The canister, if the caller may see this part of it. */
	visible(id: Principal, what: VisibilityName, caller: Uint8Array): Canister;
}
