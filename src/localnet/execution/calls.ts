/**
 * Abstract behavior, "Call delivery", "Call contexts" and "Message execution": messages between canisters, from
 * ingress to the last callback. One queue, first in, first out, which keeps the order between any two canisters.
 */
import { MANAGEMENT_CANISTER, principalText } from "../encoding/bytes.js";
import type { Management } from "../management/management.js";
import type { SystemCanisters } from "../system-canisters/system-canisters.js";
import { type Callback, type CallContext, newContext, type Origin } from "./call-context.js";
import type { Canister } from "./canister.js";
import type { CanisterId } from "./canister-id.js";
import type { Executor, Label, Outcome } from "./executor.js";
import type { Message, Response } from "./message.js";
import { ExecutionError, missingMethod, type Reject, RejectCode, reject } from "./rejects.js";

/** A queued call to a canister or to the management canister. */
export interface Call {
	readonly kind: "call";
	readonly origin: Origin;
	readonly caller: Uint8Array;
	readonly callee: Uint8Array;
	readonly method: string;
	readonly arg: Uint8Array;
	readonly cycles: bigint;
	readonly ingress?: Label["ingress"];
}

interface Delivery {
	readonly kind: "response";
	readonly canister: CanisterId;
	readonly callback: number;
	readonly response: Response;
	readonly refund: bigint;
}

interface SystemTask {
	readonly kind: "task";
	readonly canister: Canister;
	readonly entry: "canister_global_timer" | "canister_heartbeat";
}

export type Task = Call | Delivery | SystemTask;

/** The functions that calls need from the subnet. */
export interface CallEnvironment {
	readonly executor: Executor;
	readonly management: Management;
	readonly systemCanisters: SystemCanisters;
	canister(id: Uint8Array): Canister | undefined;
	/** Nanoseconds since 1970, of the block in execution. */
	time(): bigint;
	/** Called when an ingress message has a response, or has started and awaits other calls. */
	answered(requestId: string, response: Response): void;
	processing(requestId: string): void;
}

export class Calls {
	readonly #env: CallEnvironment;
	readonly #queue: Task[] = [];
	#nextCallback = 1;

	constructor(env: CallEnvironment) {
		this.#env = env;
	}

	get pending(): boolean {
		return this.#queue.length > 0;
	}

	enqueue(task: Task): void {
		this.#queue.push(task);
	}

	/** Runs queued messages, and the messages that they cause, up to a maximum. */
	drain(most: number): void {
		for (let n = 0; n < most; n++) {
			const task = this.#queue.shift();
			if (!task) return;
			if (task.kind === "call") this.#deliver(task);
			else if (task.kind === "response") this.#deliverResponse(task);
			else this.#runTask(task);
		}
	}

	/** Responds to a call of any origin and refunds the remaining cycles. */
	respond(origin: Origin, response: Response, refund: bigint): void {
		if (origin.kind === "ingress") this.#env.answered(origin.requestId, response);
		else if (origin.kind === "operator") origin.answer(response);
		else if (origin.kind === "canister") {
			const { canister, callback } = origin;
			this.#queue.push({ kind: "response", canister, callback, response, refund });
		}
	}

	/** Abstract behavior, "IC Management Canister: Code uninstallation": rejects open calls. */
	abandon(canister: Canister): void {
		for (const context of canister.contexts) {
			context.deleted = true;
			if (!context.responded) {
				const message = `Canister ${canister.text} has been uninstalled.`;
				this.#answer(context, rejected(reject(RejectCode.CanisterReject, "IC0406", message)));
			}
			if (context.outstandingCalls === 0) this.#end(canister, context);
		}
	}

	#deliver(call: Call): void {
		if (call.callee.length === MANAGEMENT_CANISTER.length) {
			if (call.origin.kind === "ingress") this.#env.processing(call.origin.requestId);
			this.#env.management.call(call, (response, refund) => this.respond(call.origin, response, refund));
			return;
		}
		const system = this.#env.systemCanisters.get(call.callee);
		if (system) {
			const { caller, cycles } = call;
			const message = { caller, cycles, time: this.#env.time() };
			const { response, refund } = system.call("update", call.method, call.arg, message);
			this.respond(call.origin, response, refund);
			return;
		}
		const canister = this.#env.canister(call.callee);
		const refusal = canister ? (refusalOf(canister) ?? this.#unpaid(canister)) : notFound(call.callee);
		if (!canister || refusal) {
			this.respond(call.origin, rejected(refusal!), call.cycles);
			return;
		}
		const update = canister.exports(`canister_update ${call.method}`);
		if (!update && !canister.exports(`canister_query ${call.method}`)) {
			const error = missingMethod("update", call.method).toReject(canister.text);
			this.respond(call.origin, rejected(error), call.cycles);
			return;
		}
		const context = newContext(call.origin, call.caller, call.cycles);
		canister.contexts.add(context);
		const input = {
			mode: update ? ("U" as const) : ("RQ" as const),
			caller: call.caller,
			arg: call.arg,
			time: this.#env.time(),
			context,
		};
		const name = `${update ? "canister_update" : "canister_query"} ${call.method}`;
		const label: Label = {
			kind: update ? "update" : "replicated query",
			method: call.method,
			...(call.ingress && { ingress: call.ingress }),
		};
		const { executor } = this.#env;
		const outcome = update
			? executor.update(canister, { kind: "export", name }, input, label)
			: executor.replicatedQuery(canister, { kind: "export", name }, input, label);
		this.#settle(canister, context, outcome);
	}

	/** Rejects a message whose execution the balance could not pay for. */
	#unpaid(canister: Canister): Reject | undefined {
		const { prepayment } = this.#env.executor;
		return canister.cycles < prepayment ? outOfCycles(canister, prepayment) : undefined;
	}

	#deliverResponse({ canister: id, callback: number, response, refund }: Delivery): void {
		const canister = this.#env.canister(id);
		if (!canister) return;
		canister.cycles += refund;
		const callback = canister.callbacks.get(number);
		if (!callback) return;
		canister.callbacks.delete(number);
		const { context } = callback;
		context.outstandingCalls--;
		if (context.deleted) {
			if (context.outstandingCalls === 0) this.#end(canister, context);
			return;
		}
		const outcome = this.#runCallback(canister, callback, response, refund);
		this.#settle(canister, context, outcome);
	}

	#runCallback(canister: Canister, callback: Callback, response: Response, refunded: bigint): Outcome {
		const replied = response.kind === "reply";
		const { context } = callback;
		const input = { caller: context.caller, time: this.#env.time(), context, refunded };
		const table = replied ? callback.reply : callback.reject;
		const outcome = this.#env.executor.update(
			canister,
			{ kind: "callback", callback: table },
			replied
				? { ...input, mode: "Ry", arg: response.bytes }
				: { ...input, mode: "Rt", rejected: response.reject },
			{ kind: "callback", method: replied ? "(reply)" : "(reject)" },
		);
		if (outcome.error && callback.cleanup) {
			// If this traps too, only its own changes are discarded.
			this.#env.executor.update(
				canister,
				{ kind: "callback", callback: callback.cleanup },
				{ ...input, mode: "C", ...(replied ? {} : { rejected: response.reject }) },
				{ kind: "callback", method: "(cleanup)" },
			);
		}
		return outcome;
	}

	#runTask({ canister, entry }: SystemTask): void {
		if (canister.status !== "running" || !canister.exports(entry) || this.#unpaid(canister)) return;
		const context = newContext({ kind: "system" }, MANAGEMENT_CANISTER, 0n);
		canister.contexts.add(context);
		const outcome = this.#env.executor.update(
			canister,
			{ kind: "export", name: entry },
			{ mode: "T", caller: MANAGEMENT_CANISTER, time: this.#env.time(), context },
			{ kind: entry === "canister_heartbeat" ? "heartbeat" : "timer", method: entry },
		);
		this.#settle(canister, context, outcome);
	}

	/** After an execution in a context: sends its calls, answers its caller, ends the context. */
	#settle(canister: Canister, context: CallContext, { message, error }: Outcome): void {
		if (!error) {
			this.#send(canister, context, message);
			if (message.response) this.#answer(context, message.response);
		}
		if (context.outstandingCalls > 0) {
			if (context.origin.kind === "ingress" && !context.responded) {
				this.#env.processing(context.origin.requestId);
			}
			return;
		}
		if (!context.responded) {
			const reason = error
				? error.toReject(canister.text)
				: reject(RejectCode.CanisterError, "IC0506", `Canister ${canister.text} did not reply to the call`);
			this.#answer(context, rejected(reason));
		}
		this.#end(canister, context);
	}

	#send(canister: Canister, context: CallContext, message: Message): void {
		for (const call of message.calls) {
			const callback = this.#nextCallback++;
			canister.callbacks.set(callback, {
				context,
				reply: call.reply,
				reject: call.reject,
				cleanup: call.cleanup,
			});
			context.outstandingCalls++;
			this.#queue.push({
				kind: "call",
				origin: { kind: "canister", canister: canister.id, callback },
				caller: canister.id,
				callee: call.callee,
				method: call.method,
				arg: call.arg.length === 1 ? call.arg[0]! : Buffer.concat(call.arg),
				cycles: call.cycles,
			});
		}
	}

	#answer(context: CallContext, response: Response): void {
		context.responded = true;
		this.respond(context.origin, response, context.cycles);
		context.cycles = 0n;
	}

	#end(canister: Canister, context: CallContext): void {
		canister.contexts.delete(context);
		if (canister.contexts.size > 0 || canister.status !== "stopping") return;
		canister.status = "stopped";
		canister.version++;
		for (const resolve of canister.stopWaiters.splice(0)) resolve();
	}
}

export function rejected(reason: Reject): Response {
	return { kind: "reject", reject: reason };
}

export function notFound(id: Uint8Array): Reject {
	return reject(RejectCode.DestinationInvalid, "IC0301", `Canister ${principalText(id)} not found`);
}

export function outOfCycles(canister: Canister, needed: bigint): Reject {
	const text = `Canister ${canister.text} is out of cycles: please top up the canister with at least ${needed - canister.cycles} additional cycles`;
	return reject(RejectCode.SysTransient, "IC0207", text);
}

/** Why a canister accepts no messages now. */
export function refusalOf(canister: Canister): Reject | undefined {
	if (canister.status === "stopped") {
		return reject(RejectCode.CanisterError, "IC0508", `Canister ${canister.text} is stopped`);
	}
	if (canister.status === "stopping") {
		return reject(RejectCode.CanisterError, "IC0509", `Canister ${canister.text} is stopping`);
	}
	if (!canister.instance) {
		return new ExecutionError(
			"IC0537",
			"Attempted to execute a message, but the canister contains no Wasm module.",
			["Please install code to your canister before attempting to call methods.", "wasm-module-not-found"],
		).toReject(canister.text);
	}
	return undefined;
}
