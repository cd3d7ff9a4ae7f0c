/** Canister interface, "Inter-canister method calls". */

import type { OutgoingCall } from "../execution/message.js";
import { contractViolation, payloadTooLarge } from "../execution/rejects.js";
import { SIZES } from "../limits.js";
import type { Host, SystemCalls } from "./host.js";

export function callCalls(host: Host): SystemCalls {
	const underConstruction = (name: string): OutgoingCall => {
		const call = host.message.callUnderConstruction;
		if (!call) throw contractViolation(`ic0.${name} called when no call is under construction.`);
		return call;
	};
	const discard = () => {
		host.message.cyclesSpent -= host.message.callUnderConstruction?.cycles ?? 0n;
		host.message.callUnderConstruction = undefined;
	};
	const addCycles = (name: string, amount: bigint) => {
		const call = underConstruction(name);
		if (amount > host.balance()) {
			throw contractViolation(
				`Canister ${host.canister.text} is out of cycles: cannot send ${amount} cycles with a call`,
			);
		}
		call.cycles += amount;
		host.message.cyclesSpent += amount;
	};
	return {
		call_new(
			calleeSrc: number,
			calleeSize: number,
			nameSrc: number,
			nameSize: number,
			replyFn: number,
			replyEnv: number,
			rejectFn: number,
			rejectEnv: number,
		) {
			discard();
			if (nameSize > SIZES.methodNameBytes) {
				throw contractViolation(`ic0.call_new: method name of ${nameSize} bytes is too long`);
			}
			host.message.callUnderConstruction = {
				callee: Uint8Array.from(host.bytes("call_new", calleeSrc, calleeSize)),
				method: host.bytes("call_new", nameSrc, nameSize).toString("utf8"),
				reply: { fn: replyFn, env: replyEnv },
				reject: { fn: rejectFn, env: rejectEnv },
				cleanup: undefined,
				arg: [],
				argBytes: 0,
				cycles: 0n,
				timeoutSeconds: undefined,
			};
		},
		call_on_cleanup(fn: number, env: number) {
			const call = underConstruction("call_on_cleanup");
			if (call.cleanup)
				throw contractViolation(
					"ic0.call_on_cleanup can be called at most once between `ic0.call_new` and `ic0.call_perform`",
				);
			call.cleanup = { fn, env };
		},
		call_data_append(src: number, size: number) {
			const call = underConstruction("call_data_append");
			const total = call.argBytes + size;
			if (total > SIZES.interCanisterPayloadBytes) {
				throw payloadTooLarge("call_data_append", total, SIZES.interCanisterPayloadBytes);
			}
			call.arg.push(Buffer.from(host.bytes("call_data_append", src, size)));
			call.argBytes = total;
		},
		/** All canisters share one subnet that loses no message, so that no call times out. */
		call_with_best_effort_response(timeoutSeconds: number) {
			const call = underConstruction("call_with_best_effort_response");
			if (call.timeoutSeconds !== undefined) {
				throw contractViolation("ic0.call_with_best_effort_response: a timeout has been set already");
			}
			call.timeoutSeconds = timeoutSeconds;
		},
		call_cycles_add: (amount: bigint) => addCycles("call_cycles_add", amount),
		call_cycles_add128: (high: bigint, low: bigint) => addCycles("call_cycles_add128", (high << 64n) | low),
		call_perform() {
			const call = underConstruction("call_perform");
			const fee = host.environment.fees.call(call.method.length, call.argBytes);
			if (fee > host.balance()) {
				discard();
				return 2;
			}
			host.message.cyclesSpent += fee;
			host.message.calls.push(call);
			host.message.callUnderConstruction = undefined;
			return 0;
		},
	};
}
