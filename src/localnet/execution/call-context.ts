/**
 * Abstract behavior, "Call contexts": who waits for an answer of a canister, and what the canister itself waits
 * for. A context ends when it was answered and no call made in it is outstanding.
 */
import type { CanisterId } from "./canister-id.js";
import type { Response, TableCallback } from "./message.js";

export type Origin =
	| { readonly kind: "ingress"; readonly requestId: string }
	| { readonly kind: "canister"; readonly canister: CanisterId; readonly callback: number }
	/** The network's operator, who stands outside of it. */
	| { readonly kind: "operator"; readonly answer: (response: Response) => void }
	| { readonly kind: "system" };

export interface CallContext {
	readonly origin: Origin;
	readonly caller: Uint8Array;
	/** Sent with the call and not accepted yet. */
	cycles: bigint;
	responded: boolean;
	outstandingCalls: number;
	/** Executed in this context so far, for `performance_counter(1)`. */
	instructions: bigint;
	/** Set by uninstalling: no callback of this context runs any more. */
	deleted: boolean;
}

/** What to do when the response to an outgoing call comes. */
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
