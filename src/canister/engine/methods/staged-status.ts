import type { WireStagedBatch, WireVersion } from "../../../protocol/index.js";
import { concat, nanoseconds, principalOf, readVersion, versionRecord } from "../base/codec.js";
import type { State } from "../state.js";
import { RECEIPT } from "../store/receipts.js";
import type { StagedBatch } from "../store/staged-batches.js";
import { leaveReceipt } from "./requests.js";

/** What is said of a batch: while it is there, and for as long as its receipt is kept what became of it. */

/** By number; frozen, since the number is stored. */
const OUTCOMES = ["revealed", "dropped"] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** Leaves the receipt of a batch that is over. */
export function batchEnded(state: State, { owner, id }: StagedBatch, outcome: Outcome): void {
	const body = concat(Uint8Array.of(OUTCOMES.indexOf(outcome)), versionRecord(state.feed.version));
	leaveReceipt(state, owner, id, RECEIPT.batchEnded, body);
}

interface Ended {
	readonly outcome: Outcome;
	/** The change that was the last one then: of one that was revealed, that one. */
	readonly version: WireVersion;
}

/** What became of a batch; undefined where nothing is known of that. */
export function endOfBatch({ receipts }: State, owner: Uint8Array, id: Uint8Array): Ended | undefined {
	const receipt = receipts.get(owner, id);
	if (receipt?.kind !== RECEIPT.batchEnded) return undefined;
	return { outcome: OUTCOMES[receipt.body[0]!]!, version: readVersion(receipt.body.subarray(1)) };
}

export const endedBatch = (
	owner: Uint8Array,
	id: Uint8Array,
	{ outcome, version }: Ended,
): WireStagedBatch => ({
	batch: id,
	owner: principalOf(owner),
	state: outcome,
	items: 0,
	ready: 0,
	expires_at: 0n,
	broken: [],
	revealed: outcome === "revealed" ? [version] : [],
});

export const toWireBatch = ({
	id,
	owner,
	state,
	items,
	place,
	places,
	expiresAt,
	broken,
}: StagedBatch): WireStagedBatch => ({
	batch: id,
	owner: principalOf(owner),
	state,
	items,
	// Of places that were given up, as many as of all.
	ready: state === "preparing" && places > 0 ? Math.floor((items * place) / places) : 0,
	expires_at: nanoseconds(expiresAt),
	broken: broken === undefined ? [] : [broken],
	revealed: [],
});
