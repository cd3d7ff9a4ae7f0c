/** Every request in order of arrival, for tests that count the requests of an operation. */
import { hex } from "../encoding/bytes.js";
import type { CborValue } from "../encoding/cbor-decode.js";
import { KEPT_RECORDS } from "../execution/blocks.js";
import { endpointOf, isStatus } from "../http/endpoint.js";
import type { WireReply, WireRequest } from "../http/wire.js";
import { type Envelope, envelopeOf } from "../ingress/envelope.js";
import { type Fault, fits, type RequestFilter, type RequestKind, type SeenRequest } from "./fault.js";

/** The log's own view of a request. Fields that are unknown on arrival are set later. */
export interface LoggedRequest extends SeenRequest {
	fault: Fault | undefined;
	isHeld: boolean;
	outcome: number | "closed" | undefined;
}

interface Waiter {
	readonly after: LoggedRequest;
	left: number;
	readonly resolve: () => void;
}

/** The latest 100,000 requests to a network. */
export class RequestLog {
	#entries: LoggedRequest[] = [];
	#counts = new Map<RequestKind, number>();
	#total = 0;
	#waiters: Waiter[] = [];
	readonly #order = new WeakMap<SeenRequest, number>();
	#arrived = 0;

	/** The requests, the oldest first; at most the latest 100,000. */
	get entries(): readonly SeenRequest[] {
		return this.#entries;
	}

	/** Number of kept requests that match. */
	count(filter: RequestFilter = {}): number {
		return this.#entries.filter((entry) => fits(entry, filter)).length;
	}

	/** Clears the log, and counts from 0 again. */
	clear(): void {
		this.#entries = [];
		this.#counts.clear();
		this.#total = 0;
	}

	/** @internal */
	add(request: WireRequest): LoggedRequest {
		const endpoint = endpointOf(request.url);
		const kind = endpoint?.kind ?? (isStatus(request.url) ? "status" : "other");
		const nth = this.#counts.get(kind) ?? 0;
		const envelope = endpoint && readable(request.body);
		const entry: LoggedRequest = {
			index: this.#total++,
			nth,
			kind,
			version: endpoint?.version ?? (kind === "status" ? 2 : 0),
			canister: endpoint?.scope === "canister" ? endpoint.id : undefined,
			method: textOf(envelope?.content.get("method_name")),
			requestId: envelope && hex(envelope.requestId),
			bytes: request.body.length,
			fault: undefined,
			isHeld: false,
			outcome: undefined,
		};
		this.#counts.set(kind, nth + 1);
		this.#order.set(entry, this.#arrived++);
		this.#entries.push(entry);
		if (this.#entries.length > KEPT_RECORDS) this.#entries.shift();
		return entry;
	}

	/** @internal */
	finish(entry: LoggedRequest, reply: WireReply | "drop"): void {
		entry.outcome = reply === "drop" || reply.breakAfter !== undefined ? "closed" : reply.status;
		const order = this.#order.get(entry)!;
		for (const waiter of this.#waiters) {
			if (order > this.#order.get(waiter.after)! && --waiter.left === 0) waiter.resolve();
		}
		this.#waiters = this.#waiters.filter(({ left }) => left > 0);
	}

	/** Resolves when this many requests that arrived later were answered. @internal */
	afterLater(after: LoggedRequest, requests: number): Promise<void> {
		if (requests <= 0) return Promise.resolve();
		return new Promise((resolve) => this.#waiters.push({ after, left: requests, resolve }));
	}
}

/** Undefined for an unreadable body, which the network rejects. */
function readable(body: Uint8Array): Envelope | undefined {
	try {
		return envelopeOf(body);
	} catch {
		return undefined;
	}
}

const textOf = (value: CborValue | undefined) => (typeof value === "string" ? value : undefined);
