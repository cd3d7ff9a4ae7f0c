/**
 * IC management canister: the virtual canister `aaaaa-aa`, as far as installing and looking after canisters
 * needs it. Any other method is rejected by its name. Settings are remembered; of them only the controllers
 * have an effect.
 */
import { Principal } from "@dfinity/principal";
import { hex, sha256 } from "../encoding/bytes.js";
import type { Call } from "../execution/calls.js";
import { notFound, rejected } from "../execution/calls.js";
import { Canister } from "../execution/canister.js";
import type { Executor } from "../execution/executor.js";
import type { Response } from "../execution/message.js";
import { type Reject, RejectCode, reject } from "../execution/rejects.js";
import { CYCLES, SIZES } from "../limits.js";
import {
	type CanisterArgValue,
	decodeArgs,
	encodeReply,
	isMethod,
	type MethodName,
	type ModeValue,
	type SettingsValue,
} from "./candid.js";
import { install } from "./install.js";
import { Settings } from "./settings.js";
import { statusOf } from "./status.js";

export interface ManagementEnvironment {
	readonly executor: Executor;
	canister(id: Uint8Array): Canister | undefined;
	/** The next free id, or the one asked for; undefined where that is taken or not of this subnet. */
	newCanisterId(specified?: Uint8Array): Uint8Array | undefined;
	addCanister(canister: Canister): void;
	removeCanister(canister: Canister): void;
	/** Rejects everything the canister has not answered. */
	abandon(canister: Canister): void;
	random(): Uint8Array;
	time(): bigint;
}

type Respond = (response: Response, refund: bigint) => void;

/** Thrown by a method, becomes the call's answer. */
class Refused extends Error {
	constructor(readonly reject: Reject) {
		super(reject.message);
	}
}

const refuse = (errorCode: string, message: string): never => {
	throw new Refused(reject(RejectCode.CanisterError, errorCode, message));
};

export class Management {
	readonly #env: ManagementEnvironment;
	readonly #settings = new WeakMap<Canister, Settings>();

	constructor(env: ManagementEnvironment) {
		this.#env = env;
	}

	call(call: Call, respond: Respond): void {
		const { method } = call;
		try {
			if (!isMethod(method)) {
				return refuse("IC0536", `Management canister has no method '${method}' in this local network`);
			}
			this.#dispatch(method, call, respond);
		} catch (error) {
			if (!(error instanceof Refused)) throw error;
			respond(rejected(error.reject), call.cycles);
		}
	}

	#dispatch(method: MethodName, call: Call, respond: Respond): void {
		const args = this.#decode(method, call.arg);
		const reply = (values: readonly unknown[] = [], refund = call.cycles) =>
			respond({ kind: "reply", bytes: encodeReply(method, values) }, refund);
		switch (method) {
			case "create_canister":
			case "provisional_create_canister_with_cycles":
				return this.#create(method, args as CreateArgs, call, reply);
			case "provisional_top_up_canister": {
				const { canister_id, amount } = args as CanisterArgValue & { amount: bigint };
				this.#find(canister_id).cycles += amount;
				return reply();
			}
			case "deposit_cycles":
				this.#find((args as CanisterArgValue).canister_id).cycles += call.cycles;
				return reply([], 0n);
			case "install_code": {
				const { mode, canister_id, wasm_module, arg } = args as InstallArgs;
				return this.#install(this.#controlled(canister_id, call), mode, wasm_module, arg, call, reply);
			}
			case "install_chunked_code":
				return this.#installChunked(args as InstallChunkedArgs, call, reply);
			case "raw_rand":
				if (call.origin.kind === "ingress") refuse("IC0516", "raw_rand can only be called by canisters");
				return reply([this.#env.random()]);
			case "canister_status": {
				const { canister_id } = args as CanisterArgValue;
				const canister = this.#controlled(canister_id, call, true);
				return reply([statusOf(canister, this.#settingsOf(canister))]);
			}
			case "upload_chunk":
			case "clear_chunk_store":
			case "stored_chunks": {
				const { canister_id, chunk } = args as CanisterArgValue & { chunk: Uint8Array };
				return reply(this.#chunkStore(method, this.#controlled(canister_id, call, true), chunk));
			}
			default: {
				const canister = this.#controlled((args as CanisterArgValue).canister_id, call);
				return this.#lifecycle(method, canister, args, reply);
			}
		}
	}

	#lifecycle(method: MethodName, canister: Canister, args: unknown, reply: () => void): void {
		canister.version++;
		if (method === "update_settings") {
			const { settings } = args as { settings: SettingsValue };
			this.#applySettings(canister, settings);
		} else if (method === "start_canister") {
			canister.status = "running";
		} else if (method === "stop_canister") {
			if (canister.contexts.size > 0 && canister.status !== "stopped") {
				canister.status = "stopping";
				canister.stopWaiters.push(reply);
				return;
			}
			canister.status = "stopped";
		} else if (method === "uninstall_code") {
			this.#env.abandon(canister);
			canister.uninstall();
		} else {
			if (canister.status !== "stopped") {
				refuse("IC0510", `Canister ${canister.text} must be stopped before it is deleted.`);
			}
			this.#env.removeCanister(canister);
		}
		reply();
	}

	#create(
		method: MethodName,
		args: CreateArgs,
		call: Call,
		reply: (values: unknown[], refund: bigint) => void,
	) {
		const provisional = method === "provisional_create_canister_with_cycles";
		const specified = args.specified_id?.[0]?.toUint8Array();
		if (!provisional && call.origin.kind === "ingress") {
			refuse("IC0516", "create_canister can only be called by canisters");
		}
		if (!provisional && call.cycles < CYCLES.createCanister) {
			refuse(
				"IC0207",
				`Creating a canister requires a fee of ${CYCLES.createCanister} that is deducted from the canister's initial balance but only ${call.cycles} cycles were received with the create_canister request.`,
			);
		}
		const id = this.#env.newCanisterId(specified);
		if (!id)
			return refuse(
				"IC0513",
				`Canister ${args.specified_id?.[0]?.toText()} cannot be created: the id is taken or not of this subnet`,
			);
		const cycles = provisional
			? (args.amount?.[0] ?? CYCLES.provisionalBalance)
			: call.cycles - CYCLES.createCanister;
		const canister = new Canister(id, [call.caller], cycles, this.#env.time());
		if (args.settings[0]) this.#applySettings(canister, args.settings[0]);
		this.#env.addCanister(canister);
		reply([{ canister_id: Principal.fromUint8Array(id) }], 0n);
	}

	#installChunked(args: InstallChunkedArgs, call: Call, reply: () => void): void {
		const target = this.#controlled(args.target_canister, call);
		const store = args.store_canister[0] ? this.#controlled(args.store_canister[0], call, true) : target;
		const chunks = args.chunk_hashes_list.map(({ hash }) => {
			return (
				store.chunkStore.get(hex(hash)) ??
				refuse("IC0506", `Error from Wasm chunk store: Chunk ${hex(hash)} was not found`)
			);
		});
		const wasm = Buffer.concat(chunks);
		if (hex(sha256(wasm)) !== hex(args.wasm_module_hash)) {
			refuse(
				"IC0506",
				`Error from Wasm chunk store: Wasm module hash ${hex(sha256(wasm))} does not match given hash ${hex(args.wasm_module_hash)}`,
			);
		}
		this.#install(target, args.mode, wasm, args.arg, call, reply);
	}

	#install(
		canister: Canister,
		mode: ModeValue,
		wasm: Uint8Array,
		arg: Uint8Array,
		call: Call,
		reply: () => void,
	) {
		const upgrade = mode.upgrade?.[0];
		if (upgrade?.wasm_memory_persistence[0] && "keep" in upgrade.wasm_memory_persistence[0]) {
			refuse("IC0503", "wasm_memory_persistence = keep is not supported by this local network");
		}
		const failure = install(this.#env.executor, canister, {
			mode: mode.upgrade ? "upgrade" : "reinstall" in mode ? "reinstall" : "install",
			skipPreUpgrade: upgrade?.skip_pre_upgrade[0] ?? false,
			wasm,
			arg,
			caller: call.caller,
			time: this.#env.time(),
			ingress: call.ingress,
		});
		if (failure) throw new Refused(failure);
		reply();
	}

	#chunkStore(method: MethodName, canister: Canister, chunk: Uint8Array): unknown[] {
		const { chunkStore } = canister;
		if (method === "stored_chunks") {
			return [[...chunkStore.keys()].map((key) => ({ hash: Buffer.from(key, "hex") }))];
		}
		if (method === "clear_chunk_store") {
			chunkStore.clear();
			return [];
		}
		if (chunk.length > SIZES.wasmChunkBytes) {
			refuse(
				"IC0534",
				`Error from Wasm chunk store: Wasm chunk size ${chunk.length} exceeds the maximum chunk size of ${SIZES.wasmChunkBytes}.`,
			);
		}
		const hash = sha256(chunk);
		if (chunkStore.size >= SIZES.wasmChunks && !chunkStore.has(hex(hash))) {
			refuse(
				"IC0534",
				`Error from Wasm chunk store: Chunk store size has reached its limit of ${SIZES.wasmChunks} chunks`,
			);
		}
		// A copy: the chunk is a view of the whole request.
		chunkStore.set(hex(hash), Uint8Array.from(chunk));
		return [{ hash }];
	}

	#decode(method: MethodName, arg: Uint8Array): unknown {
		try {
			return decodeArgs(method, arg);
		} catch (error) {
			return refuse("IC0504", `Error decoding candid: ${(error as Error).message}`);
		}
	}

	#find(id: Principal): Canister {
		const canister = this.#env.canister(id.toUint8Array());
		if (!canister) throw new Refused(notFound(id.toUint8Array()));
		return canister;
	}

	/** The canister, if the caller may manage it; some methods a canister may also call on itself. */
	#controlled(id: Principal, { caller }: Call, orItself = false): Canister {
		const canister = this.#find(id);
		if (!canister.isController(caller) && !(orItself && hex(caller) === hex(canister.id))) {
			throw new Refused(notController(canister, caller));
		}
		return canister;
	}

	#settingsOf(canister: Canister): Settings {
		let settings = this.#settings.get(canister);
		if (!settings) {
			settings = new Settings();
			this.#settings.set(canister, settings);
		}
		return settings;
	}

	#applySettings(canister: Canister, change: SettingsValue): void {
		const controllers = change.controllers[0];
		if (controllers && controllers.length > SIZES.controllers) {
			refuse(
				"IC0515",
				`Invalid settings: 'controllers' length exceeds maximum size allowed of ${SIZES.controllers}.`,
			);
		}
		if (controllers) canister.controllers = controllers.map((principal) => principal.toUint8Array());
		this.#settingsOf(canister).change(change);
	}
}

export function notController(canister: Canister, caller: Uint8Array): Reject {
	const text = (bytes: Uint8Array) => Principal.fromUint8Array(Uint8Array.from(bytes)).toText();
	return reject(
		RejectCode.CanisterError,
		"IC0512",
		`Only the controllers of the canister ${canister.text} can control it.\n` +
			`Canister's controllers: ${canister.controllers.map(text).join(" ")}\nSender's ID: ${text(caller)}`,
	);
}

interface CreateArgs {
	readonly amount?: [] | [bigint];
	readonly settings: [] | [SettingsValue];
	readonly specified_id?: [] | [Principal];
}
interface InstallArgs extends CanisterArgValue {
	readonly mode: ModeValue;
	readonly wasm_module: Uint8Array;
	readonly arg: Uint8Array;
}
interface InstallChunkedArgs {
	readonly mode: ModeValue;
	readonly target_canister: Principal;
	readonly store_canister: [] | [Principal];
	readonly chunk_hashes_list: { readonly hash: Uint8Array }[];
	readonly wasm_module_hash: Uint8Array;
	readonly arg: Uint8Array;
}
