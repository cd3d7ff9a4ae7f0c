/**
 * Resources that each message used, and the cycles that the network charged for it (fees.ts).
 *
 * Storage is not charged. Instructions are counted only by a network with metering; without, they are 0 and
 * cycles cover the fixed fees.
 */

/** Kind of an executed message. */
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
	/** Name of the method, or of the entry point if the system called it. */
	readonly method: string;
	/** Kind of the message. */
	readonly kind: MessageKind;
	/** `ic0.canister_version` before the message. */
	readonly canisterVersion: bigint;
	/** Wasm instructions, including the cost of system calls and dirtied pages. */
	readonly instructions: bigint;
	/** Heap pages of 4 KiB changed, plus stable memory blocks of 4 KiB written. */
	readonly pagesDirtied: number;
	/** Bytes written to stable memory. Overwriting the same bytes counts every time. */
	readonly stableBytesWritten: number;
	/** Bytes of method name and argument of an ingress message; 0 for any other. */
	readonly ingressBytes: number;
	/** Size of its reply in bytes, without the envelope. */
	readonly replyBytes: number;
	/** Cycles charged to the canister, including those for reception. */
	readonly cycles: bigint;
	/** Error code, such as `IC0503`, if the message failed. */
	readonly error?: string;
}

/** Sums over the messages of one canister, or of all. */
export interface Metrics {
	/** Number of messages. */
	messages: number;
	/** Wasm instructions, including the cost of system calls and dirtied pages. */
	instructions: bigint;
	/** Heap pages and stable memory blocks of 4 KiB, counted per message. */
	pagesDirtied: number;
	/** Bytes written to stable memory. Overwriting the same bytes counts every time. */
	stableBytesWritten: number;
	/** Bytes of method names and arguments of ingress messages. */
	ingressBytes: number;
	/** Size of all replies in bytes. */
	replyBytes: number;
	/** Cycles charged to the canisters, including those for reception. */
	cycles: bigint;
	/** Number of failed messages. */
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

	/** A copy of the sums of one canister, or of all. */
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
