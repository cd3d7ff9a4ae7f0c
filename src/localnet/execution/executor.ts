/**
 * Abstract behavior, "Message execution": runs a message, then commits or reverts its effects as a whole.
 */
import { DIRTY_PAGE_INSTRUCTIONS, type InstructionLimits } from "../limits.js";
import type { Environment } from "../system-api/host.js";
import type { Accounting, MessageKind } from "./accounting.js";
import type { Canister } from "./canister.js";
import { trapText } from "./canister-log.js";
import type { Fees } from "./fees.js";
import { type Entry, Instance } from "./instance.js";
import { Message, type MessageInput } from "./message.js";
import type { CanisterModule } from "./module.js";
import type { ExecutionError } from "./rejects.js";

export interface Label {
	readonly kind: MessageKind;
	readonly method: string;
	/** The ingress fee, charged before execution; for the record. */
	readonly ingress?: { readonly bytes: number; readonly fee: bigint };
}

export interface Outcome {
	readonly message: Message;
	/** Set if the message trapped, in which case it has no effect. */
	readonly error?: ExecutionError;
}

export class Executor {
	constructor(
		readonly environment: Environment,
		readonly accounting: Accounting,
		readonly metering: boolean,
		readonly limits: InstructionLimits,
		readonly fees: Fees,
	) {}

	/**
	 * Cycles that a canister must have for an update or a timer to run: the maximum cost is reserved before execution.
	 */
	get prepayment(): bigint {
		return this.fees.execution(this.limits.update);
	}

	newInstance(canister: Canister, module: CanisterModule): Instance {
		return new Instance(module, canister, this.environment);
	}

	/** An update, a callback or a system task: its effects stay unless it traps. */
	update(canister: Canister, entry: Entry, input: MessageInput, label: Label): Outcome {
		return this.#run(canister, entry, input, label, this.limits.update, true);
	}

	/** A query in replicated mode: it is charged and has no effects on the state. */
	replicatedQuery(canister: Canister, entry: Entry, input: MessageInput, label: Label): Outcome {
		return this.#run(canister, entry, input, label, this.limits.update, false);
	}

	query(canister: Canister, entry: Entry, input: MessageInput, label: Label): Outcome {
		return this.#run(canister, entry, input, label, this.limits.query, false);
	}

	inspect(canister: Canister, entry: Entry, input: MessageInput, label: Label): Outcome {
		return this.#run(canister, entry, input, label, this.limits.inspect, false);
	}

	#run(
		canister: Canister,
		entry: Entry,
		input: MessageInput,
		label: Label,
		limit: bigint,
		keep: boolean,
	): Outcome {
		const instance = canister.instance!;
		const message = new Message(canister.id, input, limit);
		canister.stable.begin();
		const { instructions, error } = instance.enter(entry, message);
		if (error && message.replicated) canister.print(trapText(error), input.time);
		let pagesDirtied = 0;
		let stableBytesWritten = 0;
		if (error || !keep) {
			canister.stable.rollback();
			instance.rollback();
		} else {
			const written = canister.stable.commit();
			const heapPages = instance.commit();
			stableBytesWritten = written.bytesWritten;
			pagesDirtied = heapPages + written.blocksDirtied;
			applyEffects(canister, message);
			this.#finish(canister, label, message, { instructions, heapPages, pagesDirtied, stableBytesWritten });
			return { message };
		}
		this.#finish(
			canister,
			label,
			message,
			{ instructions, heapPages: 0, pagesDirtied, stableBytesWritten },
			error,
		);
		return error ? { message, error } : { message };
	}

	#finish(
		canister: Canister,
		label: Label,
		message: Message,
		used: { instructions: bigint; heapPages: number; pagesDirtied: number; stableBytesWritten: number },
		error?: ExecutionError,
	): void {
		const instructions =
			used.instructions + (this.metering ? BigInt(used.heapPages) * DIRTY_PAGE_INSTRUCTIONS : 0n);
		if (message.input.context) message.input.context.instructions += instructions;
		const fee = message.replicated ? this.fees.execution(instructions) : 0n;
		charge(canister, fee);
		const canisterVersion = canister.version;
		if (message.replicated) canister.version++;
		this.accounting.record({
			canister: canister.text,
			method: label.method,
			kind: label.kind,
			canisterVersion,
			instructions,
			pagesDirtied: used.pagesDirtied,
			stableBytesWritten: used.stableBytesWritten,
			ingressBytes: label.ingress?.bytes ?? 0,
			replyBytes: message.response?.kind === "reply" ? message.response.bytes.length : 0,
			cycles: fee + (label.ingress?.fee ?? 0n),
			...(error && { error: error.errorCode }),
		});
	}
}

/** Applies the effects that `ic0` recorded during execution. */
export function applyEffects(canister: Canister, message: Message): void {
	if (message.certifiedData) canister.certifiedData = message.certifiedData;
	if (message.globalTimer !== undefined) canister.globalTimer = message.globalTimer;
	// Cycles of a call that was never performed return to the balance.
	const unsent = message.callUnderConstruction?.cycles ?? 0n;
	canister.cycles += message.cyclesAccepted + unsent - message.cyclesSpent;
	if (message.input.context) message.input.context.cycles -= message.cyclesAccepted;
}

/** Charges a canister, down to 0 at most: callbacks are not prepaid here, so they may exceed the balance. */
export function charge(canister: Canister, cycles: bigint): void {
	canister.cycles = canister.cycles > cycles ? canister.cycles - cycles : 0n;
}
