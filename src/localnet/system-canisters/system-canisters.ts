/** The system canisters of mainnet that this network implements. */
import { Principal } from "@dfinity/principal";
import { hex } from "../encoding/bytes.js";
import type { Call } from "../execution/calls.js";
import type { Response } from "../execution/message.js";
import { decodeReply, encodeArgs, type MethodName, NO_SETTINGS } from "../management/candid.js";
import type { Management } from "../management/management.js";
import { CYCLES_LEDGER, cyclesLedger } from "./cycles-ledger.js";
import { cyclesMintingCanister } from "./cycles-minting-canister.js";
import type { SystemCanister } from "./system-canister.js";

export class SystemCanisters {
	readonly #canisters: ReadonlyMap<string, SystemCanister>;

	constructor(subnetId: Uint8Array, management: Management) {
		/** Both methods respond before they return. */
		const manage = (method: MethodName, args: object, cycles: bigint): Response => {
			let response: Response | undefined;
			const call: Call = {
				kind: "call",
				origin: { kind: "system" },
				caller: CYCLES_LEDGER,
				callee: new Uint8Array(0),
				method,
				arg: encodeArgs(method, args),
				cycles,
			};
			management.call(call, (answer) => {
				response = answer;
			});
			return response!;
		};
		const all = [
			cyclesMintingCanister(subnetId),
			cyclesLedger({
				subnetId,
				create(cycles, settings) {
					const args = { settings: [{ ...NO_SETTINGS, ...settings }] };
					const response = manage("create_canister", args, cycles);
					if (response.kind === "reject") return response.reject;
					const { canister_id } = decodeReply("create_canister", response.bytes) as {
						canister_id: Principal;
					};
					return Principal.fromUint8Array(canister_id.toUint8Array());
				},
				deposit(canister_id, cycles) {
					const response = manage("deposit_cycles", { canister_id }, cycles);
					return response.kind === "reject" ? response.reject : undefined;
				},
			}),
		];
		this.#canisters = new Map(all.map((canister) => [hex(canister.id), canister]));
	}

	get(id: Uint8Array): SystemCanister | undefined {
		return this.#canisters.get(hex(id));
	}
}
