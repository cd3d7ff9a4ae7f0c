/**
 * Abstract behavior, "Call contexts": the caller that waits for a canister's response, and the calls that the canister
 * itself waits for. A context ends when it was answered and has no outstanding call.
 */
import type { CanisterId } from "./canister-id.js";
import type { Response, TableCallback } from "./message.js";

export type Origin =
	| { readonly kind: "ingress"; readonly requestId: string }
	| { readonly kind: "canister"; readonly canister: CanisterId; readonly callback: number }
	/** The network's operator, who is not part of the network. */
	| { readonly kind: "operator"; readonly answer: (response: Response) => void }
	| { readonly kind: "system" };

export interface CallContext {
	readonly origin: Origin;
	readonly caller: Uint8Array;
	/** Cycles sent with the call and not accepted yet. */
	cycles: bigint;
	responded: boolean;
	outstandingCalls: number;
	/** Instructions executed in this context so far, for `performance_counter(1)`. */
	instructions: bigint;
	/** Set by uninstalling: callbacks of this context no longer run. */
	deleted: boolean;
}

/** Functions to run when the response to an outgoing call arrives. */
export interface Callback {
	readonly context: CallContext;
	readonly reply: TableCallback;
	readonly reject: TableCallback;
	readonly cleanup: TableCallback | undefined;
}

export function newContext(origin: Origin, caller: Uint8Array, cycles: bigint): CallContext {
	return {
		origin,
		caller,
		cycles,
		responded: origin.kind === "system",
		outstandingCalls: 0,
		instructions: 0n,
		deleted: false,
	};
}
