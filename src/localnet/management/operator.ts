/** The network's operator: creates canisters and installs code without a request, a signature or a fee. */
import { IDL } from "@dfinity/candid";
import { Principal } from "@dfinity/principal";
import { ANONYMOUS, principalText } from "../encoding/bytes.js";
import type { Rounds } from "../execution/rounds.js";
import type { Subnet } from "../execution/subnet.js";
import { checkOptions, checkWasm } from "../given.js";
import { decodeReply, encodeArgs, type MethodName, NO_SETTINGS } from "./candid.js";
import type { InstallOptions, PrincipalLike, UpgradeOptions } from "./install-options.js";

const NO_ARGUMENTS = new Uint8Array(IDL.encode([], []));

export class Operator {
	constructor(
		readonly subnet: Subnet,
		readonly rounds: Rounds,
	) {}

	/** Installs a Wasm of any size, since no message carries it. On failure it deletes the new canister. */
	async install(wasm: Uint8Array, options: InstallOptions): Promise<string> {
		checkWasm(wasm);
		checkOptions(options);
		const { arg = NO_ARGUMENTS, controllers = [ANONYMOUS_PRINCIPAL], cycles, id } = options;
		const principals = controllers.map(principalOf);
		const [caller] = principals;
		if (!caller) throw new RangeError("a canister without a controller cannot be installed: name one");
		const { canister_id } = (await this.#manage(caller, "provisional_create_canister_with_cycles", {
			amount: cycles === undefined ? [] : [cycles],
			settings: [settingsOf(principals)],
			specified_id: id === undefined ? [] : [principalOf(id)],
		})) as { canister_id: Principal };
		try {
			await this.#installCode(caller, canister_id, { install: null }, wasm, arg);
		} catch (error) {
			await this.#manage(caller, "stop_canister", { canister_id });
			await this.#manage(caller, "delete_canister", { canister_id });
			throw error;
		}
		return canister_id.toText();
	}

	async upgrade(canister: PrincipalLike, wasm: Uint8Array, options: UpgradeOptions): Promise<void> {
		checkWasm(wasm);
		checkOptions(options);
		const id = principalOf(canister);
		const controllers = this.subnet.canister(id.toUint8Array())?.controllers;
		if (!controllers) throw new RangeError(`There is no canister ${id.toText()} on this network.`);
		const caller = controllers[0];
		if (!caller)
			throw new RangeError(`The canister ${id.toText()} has no controller, so nobody may upgrade it.`);
		const mode = { upgrade: [] };
		await this.#installCode(principalOf(principalText(caller)), id, mode, wasm, options.arg ?? NO_ARGUMENTS);
	}

	async #installCode(
		caller: Principal,
		canister_id: Principal,
		mode: object,
		wasm_module: Uint8Array,
		arg: Uint8Array,
	): Promise<void> {
		await this.#manage(caller, "install_code", { canister_id, mode, wasm_module, arg });
	}

	async #manage(caller: Principal, method: MethodName, args: object): Promise<unknown> {
		const response = this.subnet.manage(caller.toUint8Array(), method, encodeArgs(method, args));
		this.rounds.wake();
		const answer = await response;
		if (answer.kind === "reply") return decodeReply(method, answer.bytes);
		const { errorCode, message } = answer.reject;
		throw new Error(`The local network refused ${method} (${errorCode}): ${message}`);
	}
}

const ANONYMOUS_PRINCIPAL = principalText(ANONYMOUS);

function principalOf(principal: PrincipalLike): Principal {
	if (typeof principal !== "string")
		return Principal.fromUint8Array(Uint8Array.from(principal.toUint8Array()));
	try {
		return Principal.fromText(principal);
	} catch (error) {
		throw new RangeError(`${JSON.stringify(principal)} is not a valid principal.`, { cause: error });
	}
}

/** Settings with controllers only. */
function settingsOf(controllers: readonly Principal[]) {
	return { ...NO_SETTINGS, controllers: [controllers] };
}
