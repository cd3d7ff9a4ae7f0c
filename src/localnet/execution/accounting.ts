/**
 * What each message took, and what the network charged for it (fees.ts).
 *
 * Storage is not charged. Instructions are counted only by a network with metering; without, they are 0 and
 * cycles cover the fixed fees.
 */

/** What kind of message was executed. */
export type MessageKind =
	| "update"
	| "replicated query"
	| "query"
	| "inspect"
	| "callback"
	| "timer"
	| "heartbeat"
	| "install"
	| "management";

/** One executed message. */
export interface MessageRecord {
	/** Textual canister id. */
	readonly canister: string;
	/** Which method; of what the system calls by itself, the name of its entry point. */
	readonly method: string;
	/** As what it was called. */
	readonly kind: MessageKind;
	/** `ic0.canister_version` as the message found it. */
	readonly canisterVersion: bigint;
	/** Wasm instructions, system calls and dirtied pages. */
	readonly instructions: bigint;
	/** Heap pages of 4 KiB changed, plus stable memory blocks of 4 KiB written. */
	readonly pagesDirtied: number;
	/** By `ic0.stable64_write` and its like, overwritten bytes each time anew. */
	readonly stableBytesWritten: number;
	/** Method name and argument, where the message came from outside; else 0. */
	readonly ingressBytes: number;
	/** Of its reply, without what an envelope adds. */
	readonly replyBytes: number;
	/** Charged to the canister, reception included. */
	readonly cycles: bigint;
	/** Error code (`IC0503`) where it failed. */
	readonly error?: string;
}

/** Sums of what a canister's, or all, messages took. */
export interface Metrics {
	/** How many. */
	messages: number;
	/** Wasm instructions, system calls and dirtied pages. */
	instructions: bigint;
	/** Heap pages and stable memory blocks of 4 KiB, each message's counted anew. */
	pagesDirtied: number;
	/** To stable memory, overwritten bytes each time anew. */
	stableBytesWritten: number;
	/** Method names and arguments of those from outside. */
	ingressBytes: number;
	/** Of their replies. */
	replyBytes: number;
	/** Charged to the canisters, reception included. */
	cycles: bigint;
	/** Those that failed. */
	errors: number;
}

export class Accounting {
	readonly #onMessage: ((record: MessageRecord) => void) | undefined;
	readonly #byCanister = new Map<string, Metrics>();
	readonly #total = none();

	constructor(onMessage?: (record: MessageRecord) => void) {
		this.#onMessage = onMessage;
	}

	record(record: MessageRecord): void {
		let own = this.#byCanister.get(record.canister);
		if (!own) {
			own = none();
			this.#byCanister.set(record.canister, own);
		}
		add(own, record);
		add(this.#total, record);
		this.#onMessage?.(record);
	}

	/** A copy, of one canister or of all. */
	metrics(canister?: string): Metrics {
		return { ...(canister === undefined ? this.#total : (this.#byCanister.get(canister) ?? none())) };
	}
}

function none(): Metrics {
	return {
		messages: 0,
		instructions: 0n,
		pagesDirtied: 0,
		stableBytesWritten: 0,
		ingressBytes: 0,
		replyBytes: 0,
		cycles: 0n,
		errors: 0,
	};
}

function add(sum: Metrics, record: MessageRecord): void {
	sum.messages++;
	sum.instructions += record.instructions;
	sum.pagesDirtied += record.pagesDirtied;
	sum.stableBytesWritten += record.stableBytesWritten;
	sum.ingressBytes += record.ingressBytes;
	sum.replyBytes += record.replyBytes;
	sum.cycles += record.cycles;
	if (record.error) sum.errors++;
}
