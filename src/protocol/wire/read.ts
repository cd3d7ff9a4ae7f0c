import { bool, bytes, nat32, opt, record, text, variant, vec } from "../candid.js";
import { keyText } from "../texts.js";
import { ManifestBytes } from "./blob.js";
import { Version, type WireVersion } from "./version.js";

/** Requests and answers of reads. */

export interface WireStat {
	key: string;
	/** Answer only from a state that has seen this change. */
	min_version: [] | [WireVersion];
}
export const Stat = record<WireStat>({ key: keyText, min_version: opt(Version) });

/** What lets a reader of a query trust what it says; absent where the call was an update, whose reply is certified. */
export interface WireProof {
	/** The system's certificate of the canister's certified data. */
	certificate: [] | [Uint8Array];
	/** A hash tree with that root, CBOR, which shows what was asked for and no more. */
	witness: [] | [Uint8Array];
}
const proof = { certificate: opt(bytes), witness: opt(bytes) };

/**
 * What the store holds although its time is over: to its clock, perhaps not to that of the certificate. Proven together
 * with all else that the answer has; the answer itself then brings no proof along.
 */
export interface WireExpired {
	/** In the order of keys. */
	manifests: Uint8Array[];
	certificate: Uint8Array;
	witness: Uint8Array;
}
export const Expired = record<WireExpired>({
	manifests: vec(ManifestBytes),
	certificate: bytes,
	witness: bytes,
});

export interface WireStatAnswer extends WireProof {
	/** Absent where the key holds nothing that the caller may read. */
	manifest: [] | [Uint8Array];
	/** With what the caller's own private keys are salted in the witness; absent where it never had any. */
	salt: [] | [Uint8Array];
	/** The last change that this state has seen. */
	last: WireVersion;
	/** What the key holds that is over, to prove that it holds nothing; of a query only. */
	expired: [] | [WireExpired];
}
export const StatAnswer = record<WireStatAnswer>({
	manifest: opt(ManifestBytes),
	salt: opt(bytes),
	last: Version,
	expired: opt(Expired),
	...proof,
});

export interface WireLeaves {
	key: string;
	version: WireVersion;
	from: number;
	limit: number;
}
export const Leaves = record<WireLeaves>({ key: keyText, version: Version, from: nat32, limit: nat32 });

export interface WireList {
	/** Keys that begin with this text; not only at a segment's border. */
	prefix: string;
	/** True: every key below the prefix. False: what is beyond the next `/` is folded into one directory. */
	recursive: boolean;
	/** Start after this key, or after this directory if it ends with `/`. */
	after: [] | [string];
	limit: number;
	min_version: [] | [WireVersion];
}
export const List = record<WireList>({
	prefix: keyText,
	recursive: bool,
	after: opt(keyText),
	limit: nat32,
	min_version: opt(Version),
});

/** A directory is its path with a trailing `/`. */
export type WireListEntry = { blob: Uint8Array } | { directory: string };
export interface WireListPage extends WireProof {
	entries: WireListEntry[];
	/** What to give as `after` for the next page; absent at the end. A page may be short and still have a next. */
	next: [] | [string];
	/** Entries that are over, where their page is proven. */
	expired: [] | [WireExpired];
}
export const ListPage = record<WireListPage>({
	entries: vec(variant<WireListEntry>({ blob: ManifestBytes, directory: text })),
	next: opt(text),
	expired: opt(Expired),
	...proof,
});
