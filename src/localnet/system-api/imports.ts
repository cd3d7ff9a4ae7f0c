/**
 * Canister interface, "Overview of imports": the import object of a canister's module.
 *
 * Every function is guarded alike: is it allowed here, what does it cost. A function of the specification that
 * this network does not have can be imported and traps by its name when it is called.
 */
import { MODE_NAMES } from "../execution/message.js";
import { unsupported, wrongMode } from "../execution/rejects.js";
import { callCalls } from "./calls.js";
import { canisterCalls } from "./canister.js";
import { cycleCalls } from "./cycles.js";
import type { Host, SystemCall, SystemCalls } from "./host.js";
import { messageCalls } from "./messages.js";
import { ALLOWED, costOf } from "./permissions.js";
import { stableCalls } from "./stable.js";

/** Whether the specification has such a function of `ic0`. */
export function isSystemCall(name: string): boolean {
	return Object.hasOwn(ALLOWED, name);
}

export function systemImports(host: Host, names: readonly string[]): WebAssembly.ModuleImports {
	const calls: SystemCalls = {
		...messageCalls(host),
		...callCalls(host),
		...cycleCalls(host),
		...stableCalls(host),
		...canisterCalls(host),
	};
	return Object.fromEntries(names.map((name) => [name, guard(host, name, calls[name])]));
}

function guard(host: Host, name: string, call: SystemCall | undefined) {
	const allowed = new Set(ALLOWED[name]);
	const cost = costOf(name);
	return (...args: (number | bigint)[]) => {
		if (!allowed.has(host.message.mode)) throw wrongMode(name, MODE_NAMES[host.message.mode]);
		if (!call) throw unsupported(name);
		for (let i = 0; i < args.length; i++) {
			const arg = args[i]!;
			if (typeof arg === "number") args[i] = arg >>> 0;
			else if (arg < 0n) args[i] = BigInt.asUintN(64, arg);
		}
		if (host.counter) {
			host.charge(cost.size === undefined ? cost.base : cost.base + BigInt(args[cost.size]!));
		}
		return call(...(args as never[]));
	};
}
