import type { Principal } from "@dfinity/principal";
import {
	bytes,
	bytesOf,
	nat32,
	nat64,
	nothing,
	opt,
	pair,
	principal,
	record,
	text,
	variant,
	vec,
} from "../candid.js";
import { Message } from "../codec/index.js";
import { contentTypeText, metadataNameText, metadataValueText } from "../texts.js";
import { Version, type WireVersion } from "./version.js";

/**
 * What a blob is, as it travels. In all of wire/: names of fields are those on the wire; nat64 is a bigint, nat32 a
 * number, an opt is `[]` or `[value]`, times are nanoseconds since 1970.
 */

export type WireVisibility = { public: null } | { private: null };
export const Visibility = variant<WireVisibility>({ public: nothing, private: nothing });

/** Under what condition a key may change: always, only if it is free, or only while it holds this version. */
export type WirePrecondition = { none: null } | { absent: null } | { version: WireVersion };
export const Precondition = variant<WirePrecondition>({ none: nothing, absent: nothing, version: Version });

/** How many entries is left to the bounds of a message, but where there are many blobs in one. */
export const metadataOf = (max?: number) => vec(pair(metadataNameText, metadataValueText), max);
export const Metadata = metadataOf();

/** What a key holds. `sequence` and `canister_version` name this version of it. */
export interface WireManifest extends WireVersion {
	key: string;
	root: Uint8Array;
	size: bigint;
	chunk_size: number;
	content_type: string;
	/** `public`, or `private`, as which a reader treats every other word. */
	visibility: string;
	owner: Principal;
	/** When this content was published under this key, or the one it was renamed from. */
	created_at: bigint;
	/** When anything about it changed last. */
	modified_at: bigint;
	metadata: [string, string][];
	/** SHA-256 of the whole, as the client gave it; the canister vouches for the root only. */
	sha256: [] | [Uint8Array];
}
export const Manifest = record<WireManifest>({
	key: text,
	sequence: nat64,
	canister_version: nat64,
	root: bytes,
	size: nat64,
	chunk_size: nat32,
	content_type: text,
	visibility: text,
	owner: principal,
	created_at: nat64,
	modified_at: nat64,
	metadata: Metadata,
	sha256: opt(bytes),
});

/**
 * A Manifest as it travels, is stored and is hashed: a whole message of Candid, its own type table included. What the
 * canister certifies is the SHA-256 of exactly these bytes.
 */
export const ManifestBytes = bytesOf(Infinity);
export const manifests = new Message<WireManifest>(Manifest);

export const isPublic = ({ visibility }: Pick<WireManifest, "visibility">): boolean =>
	visibility === "public";

/** What a commit and a one-call put say about the blob they publish. */
export interface WirePublication {
	root: Uint8Array;
	content_type: string;
	visibility: WireVisibility;
	metadata: [string, string][];
	sha256: [] | [Uint8Array];
	precondition: WirePrecondition;
}
export const publication = {
	root: bytes,
	content_type: contentTypeText,
	visibility: Visibility,
	metadata: Metadata,
	sha256: opt(bytes),
	precondition: Precondition,
};
