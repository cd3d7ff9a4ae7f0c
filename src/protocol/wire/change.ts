import { bool, bytes, opt, record, vec } from "../candid.js";
import { MAX_ITEMS } from "../limits.js";
import { contentTypeText, keyText } from "../texts.js";
import { Metadata, Precondition, Visibility, type WirePrecondition, type WireVisibility } from "./blob.js";
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
export const DeleteMany = record<WireDeleteMany>({
	id: bytes,
	blobs: vec(record<WireDeleteItem>({ key: keyText, precondition: Precondition }), MAX_ITEMS),
});

/** What is given changes, what is absent stays. */
export interface WireUpdate {
	id: Uint8Array;
	key: string;
	precondition: WirePrecondition;
	content_type: [] | [string];
	visibility: [] | [WireVisibility];
	metadata: [] | [[string, string][]];
}
export const Update = record<WireUpdate>({
	id: bytes,
	key: keyText,
	precondition: Precondition,
	content_type: opt(contentTypeText),
	visibility: opt(Visibility),
	metadata: opt(Metadata),
});

/** Copying or renaming. */
export interface WireMove {
	id: Uint8Array;
	from: string;
	/** What `from` must hold. */
	source: WirePrecondition;
	to: string;
	/** What `to` must hold. */
	precondition: WirePrecondition;
}
export const Move = record<WireMove>({
	id: bytes,
	from: keyText,
	source: Precondition,
	to: keyText,
	precondition: Precondition,
});
