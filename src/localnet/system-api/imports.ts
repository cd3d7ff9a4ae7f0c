/**
 * Canister interface, "Overview of imports": the import object of a canister's module.
 *
 * Every function has the same guard: whether the context allows it, and what it costs. A specified function that this
 * network lacks can be imported, and traps with its name when it is called.
 */
import { endianness } from "node:os";
import { MODE_NAMES } from "../execution/message.js";
import { unsupported, wrongMode } from "../execution/rejects.js";
import { callCalls } from "./calls.js";
import { canisterCalls } from "./canister.js";
import { cycleCalls } from "./cycles.js";
import type { Host, SystemCall, SystemCalls } from "./host.js";
import { messageCalls } from "./messages.js";
import { ALLOWED, costOf } from "./permissions.js";
import { stableCalls } from "./stable.js";

/** Whether the specification has this function of `ic0`. */
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

/** Makes an argument unsigned: in JavaScript an i32 or i64 may arrive negative. */
function unsigned(arg: Argument): Argument {
	if (typeof arg === "number") return arg >>> 0;
	return arg < 0n ? BigInt.asUintN(64, arg) : arg;
}

type Argument = number | bigint;

const I64 = new BigInt64Array(1);
const [LOW, HIGH] = endianness() === "LE" ? [0, 1] : [1, 0];
const HALVES = new Uint32Array(I64.buffer);

/**
 * An argument as number, exact for any memory address. Converts in halves, which is faster than the engine's
 * conversion.
 */
function toNumber(arg: Argument): number {
	if (typeof arg === "number") return arg >>> 0;
	I64[0] = arg;
	return HALVES[HIGH]! * 2 ** 32 + HALVES[LOW]!;
}

function guard(host: Host, name: string, call: SystemCall | undefined) {
	const allowed = new Set(ALLOWED[name]);
	const { base, size } = costOf(name);
	const enter = () => {
		if (!allowed.has(host.message.mode)) throw wrongMode(name, MODE_NAMES[host.message.mode]);
		if (!call) throw unsupported(name);
	};
	// A canister's map reads and writes stable memory hundreds of times a message: rest arguments or bigints would slow
	// down each call.
	if (call?.length === 3 && size === 2) {
		const copy = call as (at: number, from: number, bytes: number) => unknown;
		return (at: Argument, from: Argument, bytes: Argument) => {
			enter();
			const length = toNumber(bytes);
			host.charge(base + length);
			return copy(toNumber(at), toNumber(from), length);
		};
	}
	return (...args: Argument[]) => {
		enter();
		for (let i = 0; i < args.length; i++) args[i] = unsigned(args[i]!);
		host.charge(size === undefined ? base : base + Number(args[size]!));
		return call!(...(args as never[]));
	};
}
