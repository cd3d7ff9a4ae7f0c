/**
 * IC management canister, "install_code", and Canister interface, "Canister upgrades": all or nothing.
 */

import type { Canister } from "../execution/canister.js";
import { trapText } from "../execution/canister-log.js";
import { applyEffects, charge, type Executor } from "../execution/executor.js";
import type { Entry, Instance } from "../execution/instance.js";
import { Message, type Mode } from "../execution/message.js";
import { type CanisterModule, compileModule, InvalidModule } from "../execution/module.js";
import { ExecutionError, type Reject, RejectCode, reject } from "../execution/rejects.js";
import { DIRTY_PAGE_INSTRUCTIONS } from "../limits.js";

export interface Installation {
	readonly mode: "install" | "reinstall" | "upgrade";
	readonly skipPreUpgrade: boolean;
	readonly wasm: Uint8Array;
	readonly arg: Uint8Array;
	readonly caller: Uint8Array;
	readonly time: bigint;
	/** Size and fee of the ingress message, for the record. */
	readonly ingress: { readonly bytes: number; readonly fee: bigint } | undefined;
}

/** Installs code. @returns the reject if it failed, in which case nothing has changed */
export function install(executor: Executor, canister: Canister, request: Installation): Reject | undefined {
	if (request.mode === "install" && canister.module) {
		return reject(
			RejectCode.CanisterError,
			"IC0514",
			`Canister ${canister.text} cannot be installed because the canister is not empty. Try installing with mode='reinstall' instead.`,
		);
	}
	if (request.mode === "upgrade" && !canister.module) {
		return new ExecutionError(
			"IC0537",
			"Attempted to execute a message, but the canister contains no Wasm module.",
			["Please install code to your canister before attempting to call methods.", "wasm-module-not-found"],
		).toReject(canister.text);
	}
	let module: CanisterModule;
	try {
		module = compileModule(request.wasm, executor.metering);
	} catch (error) {
		if (error instanceof InvalidModule) return error.toReject(canister.text);
		throw error;
	}
	return new Attempt(executor, canister, request).run(module);
}

class Attempt {
	#instructions = 0n;

	constructor(
		readonly executor: Executor,
		readonly canister: Canister,
		readonly request: Installation,
	) {}

	run(module: CanisterModule): Reject | undefined {
		const { canister, request } = this;
		const old = canister.instance;
		const before = {
			stable: canister.stable,
			certifiedData: canister.certifiedData,
			globalTimer: canister.globalTimer,
			cycles: canister.cycles,
			version: canister.version,
			log: canister.log,
		};
		const upgrade = request.mode === "upgrade";
		before.stable.begin();
		try {
			if (upgrade && !request.skipPreUpgrade) this.#enter(old!, "canister_pre_upgrade", "G");
			if (upgrade) {
				canister.globalTimer = 0n;
			} else {
				canister.resetState();
				canister.stable.begin();
			}
			canister.version++;
			const instance = this.#instantiate(module);
			this.#enter(instance, upgrade ? "canister_post_upgrade" : "canister_init", "I");
			const written = canister.stable.commit();
			if (!upgrade) before.stable.commit();
			const heapPages = instance.commit();
			canister.module = module;
			canister.instance = instance;
			canister.installedAt = request.time;
			this.#record(heapPages, heapPages + written.blocksDirtied, written.bytesWritten);
			return undefined;
		} catch (error) {
			before.stable.rollback();
			old?.rollback();
			const said = canister.log === before.log ? [] : canister.log.records;
			Object.assign(canister, before);
			for (const { content, timestamp_nanos } of said)
				canister.print(Buffer.from(content).toString("utf8"), timestamp_nanos);
			if (!(error instanceof ExecutionError)) throw error;
			canister.print(trapText(error), request.time);
			this.#record(0, 0, 0, error);
			return error.toReject(canister.text);
		}
	}

	#instantiate(module: CanisterModule): Instance {
		let instance: Instance;
		try {
			instance = this.executor.newInstance(this.canister, module);
		} catch (error) {
			// A data or element segment out of bounds, or an import with a wrong type.
			throw new ExecutionError("IC0502", `Canister could not be instantiated: ${(error as Error).message}`);
		}
		if (instance.start) this.#run(instance, instance.start, "s");
		return instance;
	}

	#enter(instance: Instance, name: string, mode: Mode): void {
		if (!instance.module.exports.has(name)) return;
		applyEffects(this.canister, this.#run(instance, { kind: "export", name }, mode));
	}

	#run(instance: Instance, entry: Entry, mode: Mode): Message {
		const { arg, caller, time } = this.request;
		const message = new Message(
			this.canister.id,
			{ mode, caller, time, ...(mode === "I" && { arg }) },
			this.executor.limits.install - this.#instructions,
		);
		const { instructions, error } = instance.enter(entry, message);
		this.#instructions += instructions;
		if (error) throw error;
		return message;
	}

	#record(heapPages: number, pagesDirtied: number, stableBytesWritten: number, error?: ExecutionError): void {
		const { canister, executor, request } = this;
		const overhead = executor.metering ? BigInt(heapPages) * DIRTY_PAGE_INSTRUCTIONS : 0n;
		const instructions = this.#instructions + overhead;
		const fee = executor.fees.execution(instructions);
		charge(canister, fee);
		executor.accounting.record({
			canister: canister.text,
			method: request.mode,
			kind: "install",
			canisterVersion: canister.version,
			instructions,
			pagesDirtied,
			stableBytesWritten,
			ingressBytes: request.ingress?.bytes ?? 0,
			replyBytes: 0,
			cycles: fee + (request.ingress?.fee ?? 0n),
			...(error && { error: error.errorCode }),
		});
	}
}
