import { bool, bytes, nat32, nat64, opt, principal, record, text, variant, vec } from "../candid.js";
import { Message } from "../codec/index.js";
import { MAX_ITEMS } from "../limits.js";
import type { WirePrincipal } from "../principal.js";
import { keyText } from "../texts.js";
import { DeleteItem, type WireDeleteItem } from "./change.js";
import { Refusal, type WireRefusal } from "./refusal.js";
import { CommitItem, PutItem, type WireCommitUpload, type WirePutItem } from "./upload.js";
import { Version, type WireVersion } from "./version.js";

/** Staged batches: changes that are gathered in any number of messages, seen by nobody, and made visible by one. */

export type WireStagedItem =
	/** Of an upload whose chunks are there. */
	{ commit: WireCommitUpload } | { put: WirePutItem } | { delete: WireDeleteItem };

export interface WireStage {
	/** Of this request. */
	id: Uint8Array;
	/** Names the batch, which its first items open. */
	batch: Uint8Array;
	/** At most MAX_ITEMS, and as many as a message has instructions for (weigh.ts); a key that is staged already is staged anew. */
	items: WireStagedItem[];
}
export const Stage = record<WireStage>({
	id: bytes,
	batch: bytes,
	items: vec(variant<WireStagedItem>({ commit: CommitItem, put: PutItem, delete: DeleteItem }), MAX_ITEMS),
});

export interface WireUnstage {
	id: Uint8Array;
	batch: Uint8Array;
	/** What is not staged is passed over. */
	keys: string[];
}
export const Unstage = record<WireUnstage>({ id: bytes, batch: bytes, keys: vec(keyText, MAX_ITEMS) });

export interface WireReveal {
	id: Uint8Array;
	batch: Uint8Array;
}
export const Reveal = record<WireReveal>({ id: bytes, batch: bytes });

export interface WireDropBatch {
	id: Uint8Array;
	batch: Uint8Array;
	/** By an administrator: of this principal. */
	owner: [] | [WirePrincipal];
}
export const DropBatch = record<WireDropBatch>({ id: bytes, batch: bytes, owner: opt(principal) });

export interface WireBatchName {
	batch: Uint8Array;
}
export const BatchName = record<WireBatchName>({ batch: bytes });

/** Why a batch was not revealed: nothing of it is seen, and what is staged is still there. */
export interface WireBroken {
	key: string;
	refusal: WireRefusal;
}
const Broken = record<WireBroken>({ key: text, refusal: Refusal });

export interface WireStagedBatch {
	batch: Uint8Array;
	owner: WirePrincipal;
	/**
	 * `open`; `waiting` for its turn to be revealed; `preparing`: what it changes is got ready; `revealed`; `dropped`. A reader
	 * takes every other word for `waiting`.
	 */
	state: string;
	/** Keys that are staged. */
	items: number;
	/** Of those, how many are ready. */
	ready: number;
	/** When it is dropped if nothing more is staged; of one that is over, 0. */
	expires_at: bigint;
	/** Why it was not revealed when that was asked for last. */
	broken: [] | [WireBroken];
	/** The change that revealed it. */
	revealed: [] | [WireVersion];
}
export const StagedBatch = record<WireStagedBatch>({
	batch: bytes,
	owner: principal,
	state: text,
	items: nat32,
	ready: nat32,
	expires_at: nat64,
	broken: opt(Broken),
	revealed: opt(Version),
});
/** As what a duplicate is answered is stored. */
export const stagedBatches = new Message<WireStagedBatch>(StagedBatch);
export const brokenBatches = new Message<WireBroken>(Broken);

export interface WireStagedBatches {
	batches: WireStagedBatch[];
}
export const StagedBatches = record<WireStagedBatches>({ batches: vec(StagedBatch) });

export interface WireListStaged {
	batch: Uint8Array;
	/** Past the item at this place. */
	after: [] | [number];
	limit: number;
}
export const ListStaged = record<WireListStaged>({ batch: bytes, after: opt(nat32), limit: nat32 });

export interface WireStagedKey {
	key: string;
	/** Whether the key is to be emptied; else the size and root of what it is to hold. */
	deletes: boolean;
	size: bigint;
	root: Uint8Array;
}
export interface WireStagedKeys {
	/** In the order in which they were staged last. */
	items: WireStagedKey[];
	next: [] | [number];
}
export const StagedKeys = record<WireStagedKeys>({
	items: vec(record<WireStagedKey>({ key: text, deletes: bool, size: nat64, root: bytes })),
	next: opt(nat32),
});
