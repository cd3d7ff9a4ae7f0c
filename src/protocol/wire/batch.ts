import { bytes, nat64, opt, record, variant, vec } from "../candid.js";
import { MAX_ITEMS } from "../limits.js";
import {
	DeleteItem,
	MoveItem,
	UpdateItem,
	type WireDeleteItem,
	type WireMoveItem,
	type WireUpdateItem,
} from "./change.js";
import { CommitItem, PutItem, type WireCommitUpload, type WirePutItem } from "./upload.js";
import { Version, type WireVersion } from "./version.js";

/** Changes of several keys that are made together, all of them or none. */

export type WireBatchItem =
	/** Of an upload whose chunks are there. */
	| { commit: WireCommitUpload }
	| { put: WirePutItem }
	| { delete: WireDeleteItem }
	| { rename: WireMoveItem }
	| { copy: WireMoveItem }
	| { update: WireUpdateItem };

export interface WireBatch {
	id: Uint8Array;
	/** At most MAX_ITEMS, and as many as a message has instructions for (weigh.ts). */
	items: WireBatchItem[];
}
export const Batch = record<WireBatch>({
	id: bytes,
	items: vec(
		variant<WireBatchItem>({
			commit: CommitItem,
			put: PutItem,
			delete: DeleteItem,
			rename: MoveItem,
			copy: MoveItem,
			update: UpdateItem,
		}),
		MAX_ITEMS,
	),
});

export interface WireBatchDone {
	/** The change of each item, of a rename the second; absent where there was nothing to delete. */
	versions: ([] | [WireVersion])[];
	/** When it was done. */
	at: bigint;
}
export const BatchDone = record<WireBatchDone>({ versions: vec(opt(Version)), at: nat64 });
