/**
 * IC management canister: "create_canister", "update_settings", "canister_status", "start_canister",
 * "stop_canister", "uninstall_code", "delete_canister", "deposit_cycles", "raw_rand", "IC Provisional API".
 */
import { Principal } from "@dfinity/principal";
import { Canister } from "../execution/canister.js";
import { SIZES } from "../limits.js";
import type { CanisterArgValue, SettingsValue } from "./candid.js";
import { type Context, DONE, type Invocation, type Methods, type Result } from "./method.js";
import { refuse } from "./refusal.js";
import { refuseSettings } from "./settings.js";
import { statusOf } from "./status.js";

interface CreateArgs {
	readonly amount?: [] | [bigint];
	readonly settings: [] | [SettingsValue];
	readonly specified_id?: [] | [Principal];
}

export function lifecycleMethods(context: Context): Methods {
	const { env } = context;
	const { fees } = env.executor;

	const { settingsOf } = context;

	const applySettings = (canister: Canister, change: SettingsValue): void => {
		const [controllers] = change.controllers;
		if (controllers && controllers.length > SIZES.controllers) {
			refuse(
				"IC0515",
				`Invalid settings: 'controllers' length exceeds maximum size allowed of ${SIZES.controllers}.`,
			);
		}
		refuseSettings(change);
		if (controllers) canister.controllers = controllers.map((principal) => principal.toUint8Array());
		const settings = settingsOf(canister);
		settings.change(change);
		canister.logLimit = Number(settings.values.log_memory_limit);
		canister.log.fit(canister.logLimit);
		canister.environmentVariables = new Map(
			settings.values.environment_variables.map(({ name, value }) => [name, value]),
		);
	};

	const create = ({ call, args }: Invocation, cycles: bigint): Result => {
		const { settings, specified_id } = args as CreateArgs;
		const id = env.newCanisterId(specified_id?.[0]?.toUint8Array());
		if (!id) {
			const text = specified_id?.[0]?.toText();
			return refuse(
				"IC0513",
				`The specified_id of the created canister is already in use or not of this subnet: ${text}`,
			);
		}
		const canister = new Canister(id, [call.caller], cycles, env.time());
		if (settings[0]) applySettings(canister, settings[0]);
		env.addCanister(canister);
		return { values: [{ canister_id: Principal.fromUint8Array(id) }], keepCycles: true };
	};

	/** A method that requires a controller, and that changes the canister version. */
	const change =
		(apply: (canister: Canister, invocation: Invocation) => Result) => (invocation: Invocation) => {
			const { canister_id } = invocation.args as CanisterArgValue;
			const canister = context.controlled(canister_id, invocation.call);
			const result = apply(canister, invocation);
			canister.version++;
			return result;
		};

	return {
		create_canister(invocation) {
			const { call } = invocation;
			const fee = fees.createCanister;
			if (call.cycles < fee) {
				refuse(
					"IC0207",
					`Creating a canister requires a fee of ${fee} that is deducted from the canister's ` +
						`initial balance but only ${call.cycles} cycles were received with the create_canister request.`,
				);
			}
			return create(invocation, call.cycles - fee);
		},
		provisional_create_canister_with_cycles(invocation) {
			const { amount } = invocation.args as CreateArgs;
			return create(invocation, amount?.[0] ?? fees.provisionalBalance);
		},
		provisional_top_up_canister({ args }) {
			const { canister_id, amount } = args as CanisterArgValue & { amount: bigint };
			context.find(canister_id).cycles += amount;
			return DONE;
		},
		deposit_cycles({ args, call }) {
			context.find((args as CanisterArgValue).canister_id).cycles += call.cycles;
			return { values: [], keepCycles: true };
		},
		raw_rand: () => ({ values: [env.random()] }),
		canister_status({ args, call }) {
			const { canister_id } = args as CanisterArgValue;
			const canister = context.visible(canister_id, "status_visibility", call.caller);
			return { values: [statusOf(canister, settingsOf(canister))] };
		},
		update_settings: change((canister, { args }) => {
			applySettings(canister, (args as { settings: SettingsValue }).settings);
			return DONE;
		}),
		start_canister: change((canister) => {
			canister.status = "running";
			return DONE;
		}),
		stop_canister: change((canister, { replyLater }) => {
			if (canister.status === "stopped" || canister.contexts.size === 0) {
				canister.status = "stopped";
				return DONE;
			}
			canister.status = "stopping";
			canister.stopWaiters.push(replyLater);
			return undefined;
		}),
		uninstall_code: change((canister) => {
			env.abandon(canister);
			canister.uninstall();
			return DONE;
		}),
		delete_canister: change((canister) => {
			if (canister.status !== "stopped") {
				refuse("IC0510", `Canister ${canister.text} must be stopped before it is deleted.`);
			}
			env.removeCanister(canister);
			return DONE;
		}),
	};
}
