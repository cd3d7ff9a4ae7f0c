/**
 * The system state tree, "Request status": every ingress message from its acceptance until some minutes after its
 * response. A known request id is not executed again.
 */

import { Directory, Leaf } from "../certification/hash-tree.js";
import { leb128, utf8 } from "../encoding/bytes.js";
import { TIMES } from "../limits.js";
import type { Response } from "./message.js";

export interface RequestEntry {
	readonly id: Uint8Array;
	readonly sender: Uint8Array;
	/** Canister id in the URL: it restricts who may read the status. */
	readonly effectiveCanister: Uint8Array;
	readonly expiry: bigint;
	/** `accepted`: by the node, and not yet part of the state. */
	status: "accepted" | "received" | "processing" | "replied" | "rejected";
	response: Response | undefined;
	finishedAt: bigint;
	/** Whether its response is in the certified state. */
	isCertified: boolean;
}

export class RequestHistory {
	readonly #entries = new Map<string, RequestEntry>();
	#tree = Directory.EMPTY;
	readonly #changed = new Set<string>();

	get(id: string): RequestEntry | undefined {
		return this.#entries.get(id);
	}

	add(id: string, entry: RequestEntry): void {
		this.#entries.set(id, entry);
	}

	update(id: string, status: RequestEntry["status"]): void {
		const entry = this.#entries.get(id);
		if (!entry) return;
		entry.status = status;
		this.#changed.add(id);
	}

	finish(id: string, response: Response, time: bigint): void {
		const entry = this.#entries.get(id);
		if (!entry || entry.response) return;
		entry.response = response;
		entry.finishedAt = time;
		this.update(id, response.kind === "reply" ? "replied" : "rejected");
	}

	certified(id: string): void {
		const entry = this.#entries.get(id);
		if (entry) entry.isCertified = true;
	}

	/** Updates the tree. @returns it, with the requests that have finished since */
	certify(time: bigint): { readonly tree: Directory; readonly finished: readonly string[] } {
		const finished: string[] = [];
		for (const id of this.#changed) {
			const entry = this.#entries.get(id);
			if (!entry) continue;
			this.#tree = this.#tree.set(entry.id, statusTree(entry));
			if (entry.response) finished.push(id);
		}
		this.#changed.clear();
		this.#prune(time);
		return { tree: this.#tree, finished };
	}

	/** Entries are in order of arrival, so only the oldest are checked. */
	#prune(time: bigint): void {
		for (const [id, entry] of this.#entries) {
			const over = entry.response !== undefined && time > entry.finishedAt + TIMES.requestStatusNs;
			if (!over || time <= entry.expiry) return;
			this.#entries.delete(id);
			this.#tree = this.#tree.delete(entry.id);
		}
	}
}

function statusTree(entry: RequestEntry): Directory {
	const { response } = entry;
	const status: [Uint8Array, Leaf] = [utf8("status"), new Leaf(utf8(entry.status))];
	if (!response) return Directory.of([status]);
	if (response.kind === "reply") return Directory.of([status, [utf8("reply"), new Leaf(response.bytes)]]);
	const { code, message, errorCode } = response.reject;
	return Directory.of([
		status,
		[utf8("reject_code"), new Leaf(leb128(BigInt(code)))],
		[utf8("reject_message"), new Leaf(utf8(message))],
		[utf8("error_code"), new Leaf(utf8(errorCode))],
	]);
}
