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

/** As they arrive in JavaScript, an i32 or i64 may be negative. */
function unsigned(arg: Argument): Argument {
	if (typeof arg === "number") return arg >>> 0;
	return arg < 0n ? BigInt.asUintN(64, arg) : arg;
}

type Argument = number | bigint;

function guard(host: Host, name: string, call: SystemCall | undefined) {
	const allowed = new Set(ALLOWED[name]);
	const { base, size } = costOf(name);
	const enter = () => {
		if (!allowed.has(host.message.mode)) throw wrongMode(name, MODE_NAMES[host.message.mode]);
		if (!call) throw unsupported(name);
	};
	// Stable memory is read and written hundreds of times a message: with arguments gathered and spread again each call
	// would take twice as long.
	if (call?.length === 3 && size === 2) {
		const copy = call as (at: Argument, from: Argument, bytes: Argument) => unknown;
		return (at: Argument, from: Argument, bytes: Argument) => {
			enter();
			const length = unsigned(bytes);
			if (host.counter) host.charge(base + BigInt(length));
			return copy(unsigned(at), unsigned(from), length);
		};
	}
	return (...args: Argument[]) => {
		enter();
		for (let i = 0; i < args.length; i++) args[i] = unsigned(args[i]!);
		if (host.counter) host.charge(size === undefined ? base : base + BigInt(args[size]!));
		return call!(...(args as never[]));
	};
}
