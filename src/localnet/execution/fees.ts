/**
 * What the subnet charges: canister interface, "Cycle cost calculation". A subnet has a cost schedule: application
 * subnets charge (`normal`), dedicated ones (cloud engines) do not (`free`): there every fee is 0, `ic0.cost_*`
 * return 0, and canisters hold no cycles.
 */
import { CYCLES } from "../limits.js";

/** Whether a subnet charges cycles. */
export type CostSchedule = "normal" | "free";

export class Fees {
	readonly #isFree: boolean;

	constructor(schedule: CostSchedule) {
		this.#isFree = schedule === "free";
	}

	/** Cost of receiving a message, by the bytes of its method name and argument. */
	ingress(bytes: number): bigint {
		return this.#fee(CYCLES.ingressReception + CYCLES.ingressByte * BigInt(bytes));
	}

	execution(instructions: bigint): bigint {
		return this.#fee(CYCLES.updateExecution + CYCLES.instruction * instructions);
	}

	/** Cost of a call. Its response is free here. */
	call(methodBytes: number, argBytes: number): bigint {
		return this.#fee(CYCLES.callBase + CYCLES.callByte * BigInt(methodBytes + argBytes));
	}

	get createCanister(): bigint {
		return this.#fee(CYCLES.createCanister);
	}

	/** Initial balance of a canister that is created without an amount of cycles. */
	get provisionalBalance(): bigint {
		return this.#fee(CYCLES.provisionalBalance);
	}

	#fee(cycles: bigint): bigint {
		return this.#isFree ? 0n : cycles;
	}
}
