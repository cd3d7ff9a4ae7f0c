import { bool, bytes, nat64, nothing, opt, record, variant, vec } from "../candid.js";
import { MAX_ITEMS, MAX_METADATA_ENTRIES } from "../limits.js";
import { contentTypeText, keyText } from "../texts.js";
import {
	Metadata,
	metadataOf,
	Precondition,
	Visibility,
	type WirePrecondition,
	type WireVisibility,
} from "./blob.js";
import { Version, type WireVersion } from "./version.js";

/** Changes of blobs that carry no bytes. */

export interface WireDeleteItem {
	key: string;
	precondition: WirePrecondition;
}
export interface WireDelete extends WireDeleteItem {
	id: Uint8Array;
}
export const Delete = record<WireDelete>({ id: bytes, key: keyText, precondition: Precondition });

export interface WireDeleted {
	/** False where there was nothing to delete. */
	deleted: boolean;
	/** The deletion, or the last change where there was none. */
	version: WireVersion;
}
export const Deleted = record<WireDeleted>({ deleted: bool, version: Version });

export interface WireDeleteMany {
	id: Uint8Array;
	/** At most MAX_ITEMS. */
	blobs: WireDeleteItem[];
}
export const DeleteItem = record<WireDeleteItem>({ key: keyText, precondition: Precondition });
export const DeleteMany = record<WireDeleteMany>({ id: bytes, blobs: vec(DeleteItem, MAX_ITEMS) });

/** When a blob ends from now on: at a time, or no more. */
export type WireExpiry = { at: bigint } | { never: null };
export const Expiry = variant<WireExpiry>({ at: nat64, never: nothing });

/** What is given changes, what is absent stays. */
export interface WireUpdateItem {
	key: string;
	precondition: WirePrecondition;
	content_type: [] | [string];
	visibility: [] | [WireVisibility];
	metadata: [] | [[string, string][]];
	expiry: [] | [WireExpiry];
}
export interface WireUpdate extends WireUpdateItem {
	id: Uint8Array;
}
const update = {
	key: keyText,
	precondition: Precondition,
	content_type: opt(contentTypeText),
	visibility: opt(Visibility),
	metadata: opt(Metadata),
};
export const Update = record<WireUpdate>({ id: bytes, ...update, expiry: opt(Expiry) });
/** As it was before blobs had ends: what a receipt tells such a request by. */
export const UpdateWithoutExpiry = record<Omit<WireUpdate, "expiry">>({ id: bytes, ...update });
/** The same where there are many in a message. */
export const UpdateItem = record<WireUpdateItem>({
	...update,
	metadata: opt(metadataOf(2 * MAX_METADATA_ENTRIES)),
	expiry: opt(Expiry),
});

/** Copying or renaming. */
export interface WireMoveItem {
	from: string;
	/** What `from` must hold. */
	source: WirePrecondition;
	to: string;
	/** What `to` must hold. */
	precondition: WirePrecondition;
}
export interface WireMove extends WireMoveItem {
	id: Uint8Array;
}
const move = { from: keyText, source: Precondition, to: keyText, precondition: Precondition };
export const Move = record<WireMove>({ id: bytes, ...move });
export const MoveItem = record<WireMoveItem>(move);
