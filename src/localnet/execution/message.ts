/**
 * Abstract behavior, "Message execution": one execution of an entry point, and its effects if it does not trap. Heap
 * and stable memory have their own journals; all other effects are recorded here.
 */
import type { CallContext } from "./call-context.js";
import type { CanisterId } from "./canister-id.js";
import type { Reject } from "./rejects.js";

/** The context of a system call, in the abbreviations of the specification's overview of imports. */
export type Mode = "I" | "G" | "U" | "RQ" | "NRQ" | "CQ" | "Ry" | "Rt" | "C" | "F" | "T" | "s";

export const MODE_NAMES: Readonly<Record<Mode, string>> = {
	I: "init",
	G: "pre upgrade",
	U: "update",
	RQ: "replicated query",
	NRQ: "non replicated query",
	CQ: "composite query",
	Ry: "reply callback",
	Rt: "reject callback",
	C: "cleanup",
	F: "inspect message",
	T: "system task",
	s: "start",
};

export interface TableCallback {
	readonly fn: number;
	readonly env: number;
}

/** A call to another canister, assembled by `ic0.call_*`. */
export interface OutgoingCall {
	readonly callee: Uint8Array;
	readonly method: string;
	readonly reply: TableCallback;
	readonly reject: TableCallback;
	cleanup: TableCallback | undefined;
	readonly arg: Buffer[];
	argBytes: number;
	cycles: bigint;
	timeoutSeconds: number | undefined;
}

export type Response =
	| { readonly kind: "reply"; readonly bytes: Uint8Array }
	| { readonly kind: "reject"; readonly reject: Reject };

export interface MessageInput {
	readonly mode: Mode;
	readonly caller: Uint8Array;
	/** Nanoseconds since 1970, constant within the message. */
	readonly time: bigint;
	readonly arg?: Uint8Array;
	readonly methodName?: string;
	readonly rejected?: Reject;
	readonly refunded?: bigint;
	readonly context?: CallContext;
	/** Returns the data certificate, for a query on its target canister. */
	readonly dataCertificate?: () => Uint8Array;
}

export class Message {
	readonly reply: Buffer[] = [];
	replyBytes = 0;
	response: Response | undefined;
	callUnderConstruction: OutgoingCall | undefined;
	readonly calls: OutgoingCall[] = [];
	accepted = false;
	certifiedData: Uint8Array | undefined;
	globalTimer: bigint | undefined;
	/** Cycles taken from the balance: sent with calls or burnt, minus accepted ones. */
	cyclesSpent = 0n;
	cyclesAccepted = 0n;

	constructor(
		readonly canister: CanisterId,
		readonly input: MessageInput,
		/** Instructions this message may take. */
		readonly limit: bigint,
	) {}

	get mode(): Mode {
		return this.input.mode;
	}

	get replicated(): boolean {
		return this.mode !== "NRQ" && this.mode !== "CQ" && this.mode !== "F";
	}

	/** Whether the message may still call `msg_reply` or `msg_reject`. */
	get mayRespond(): boolean {
		return this.response === undefined && !this.input.context?.responded;
	}

	get cyclesAvailable(): bigint {
		if (!this.mayRespond) return 0n;
		return (this.input.context?.cycles ?? 0n) - this.cyclesAccepted;
	}
}
