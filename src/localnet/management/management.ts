/**
 * IC management canister: the virtual canister `aaaaa-aa`, as far as installing and maintaining canisters needs it. Any
 * other method is rejected by its name.
 */
import type { Principal } from "@dfinity/principal";
import { equal } from "../encoding/bytes.js";
import type { Call } from "../execution/calls.js";
import { notFound, rejected } from "../execution/calls.js";
import type { Canister } from "../execution/canister.js";
import type { Response } from "../execution/message.js";
import { RejectCode, reject } from "../execution/rejects.js";
import { type CanisterArgValue, decodeArgs, encodeReply, isMethod, type MethodName } from "./candid.js";
import { codeMethods } from "./code.js";
import { lifecycleMethods } from "./lifecycle.js";
import { fetchLogs } from "./logs.js";
import type { Context, ManagementEnvironment, Methods, Result } from "./method.js";
import { notController, Refused, refuse } from "./refusal.js";
import { Settings, type VisibilityName } from "./settings.js";
import { snapshotMethods } from "./snapshots.js";
import { statusOf } from "./status.js";

export class Management {
	readonly #methods: Methods;
	readonly #context: Context;

	constructor(env: ManagementEnvironment) {
		const find = (id: Principal): Canister => {
			const canister = env.canister(id.toUint8Array());
			if (!canister) throw new Refused(notFound(id.toUint8Array()));
			return canister;
		};
		const settings = new WeakMap<Canister, Settings>();
		const context: Context = {
			env,
			settingsOf(canister) {
				const known = settings.get(canister) ?? new Settings();
				settings.set(canister, known);
				return known;
			},
			find,
			visible(id, what, caller) {
				const canister = find(id);
				const isOwn = canister.isController(caller) || equal(caller, canister.id);
				if (isOwn || context.settingsOf(canister).shows(what, caller)) return canister;
				throw new Refused(notController(canister, caller));
			},
			controlled(id, { caller }, orItself = false) {
				const canister = find(id);
				if (canister.isController(caller) || (orItself && equal(caller, canister.id))) return canister;
				throw new Refused(notController(canister, caller));
			},
		};
		this.#context = context;
		this.#methods = {
			...lifecycleMethods(context),
			...codeMethods(context),
			...snapshotMethods(context),
		};
	}

	/** Query methods: executed by one node, for every caller, without charge. */
	query(caller: Uint8Array, method: string, arg: Uint8Array): Response {
		try {
			if (method === "fetch_canister_logs")
				return replied(method, [fetchLogs(this.#context, decode(method, arg), caller)]);
			if (method === "canister_status") {
				const { canister_id } = decode(method, arg) as CanisterArgValue;
				const canister = this.#context.visible(canister_id, "status_visibility", caller);
				return replied(method, [statusOf(canister, this.#context.settingsOf(canister))]);
			}
			const message = `Query calls of the management canister ('${method}') are not supported by this local network`;
			return rejected(reject(RejectCode.CanisterReject, "IC0536", message));
		} catch (error) {
			if (error instanceof Refused) return rejected(error.reject);
			throw error;
		}
	}

	/** Whether the settings allow a caller that is no controller to call this method. */
	isOpenTo(canister: Canister, method: string, caller: Uint8Array): boolean {
		const what = VISIBLE[method];
		return what !== undefined && this.#context.settingsOf(canister).shows(what, caller);
	}

	/** Responds through `respond`, at once or later, with the remaining cycles of the call. */
	call(call: Call, respond: (response: Response, refund: bigint) => void): void {
		const name = call.method;
		try {
			const method = isMethod(name) ? this.#methods[name] : undefined;
			if (!isMethod(name) || !method) {
				refuse("IC0536", `Management canister has no method '${name}' in this local network`);
				return;
			}
			const reply = (result: NonNullable<Result>) =>
				respond(replied(name, result.values), result.keepCycles ? 0n : call.cycles);
			const args = decode(name, call.arg);
			const result = method({ call, args, replyLater: () => reply({ values: [] }) });
			if (result) reply(result);
		} catch (error) {
			if (!(error instanceof Refused)) throw error;
			respond(rejected(error.reject), call.cycles);
		}
	}
}

/** The setting that controls the visibility of each method. */
const VISIBLE: Readonly<Record<string, VisibilityName>> = {
	canister_status: "status_visibility",
	list_canister_snapshots: "snapshot_visibility",
};

const replied = (method: MethodName, values: readonly unknown[]): Response => ({
	kind: "reply",
	bytes: encodeReply(method, values),
});

function decode(method: MethodName, arg: Uint8Array): unknown {
	try {
		return decodeArgs(method, arg);
	} catch (error) {
		return refuse("IC0504", `Error decoding candid: ${(error as Error).message}`);
	}
}
