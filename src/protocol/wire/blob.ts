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
import { type Bounds, Message, WITHOUT_LISTS } from "../codec/index.js";
import type { WirePrincipal } from "../principal.js";
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
	owner: WirePrincipal;
	/** When this content was published under this key, or the one it was renamed from. */
	created_at: bigint;
	/** When anything about it changed last. */
	modified_at: bigint;
	metadata: [string, string][];
	/** SHA-256 of the whole, as the client gave it; the canister vouches for the root only. */
	sha256: [] | [Uint8Array];
	/** From when on the key holds nothing; absent: it stays until it is replaced or deleted. */
	expires_at: [] | [bigint];
}
const lasting = {
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
};
export const Manifest = record<WireManifest>({ ...lasting, expires_at: opt(nat64) });
/** The type that a message of a manifest without an end declares. */
const LastingManifest = record<Omit<WireManifest, "expires_at">>(lasting);

/**
 * A Manifest as it travels, is stored and is hashed: a whole message of Candid, its own type table included. What the
 * canister certifies is the SHA-256 of exactly these bytes.
 */
export const ManifestBytes = bytesOf(Infinity);
const lastingManifests = new Message<Omit<WireManifest, "expires_at">>(LastingManifest);
const allManifests = new Message<WireManifest>(Manifest);
const NO_END: [] = [];

/** One that has no end is of the type that has none: a few bytes less for each blob, and what it was before there were ends. */
export const manifests = {
	encode: (manifest: WireManifest): Uint8Array =>
		(manifest.expires_at.length === 0 ? lastingManifests : allManifests).encode(manifest),

	/** As `Message.decode`. */
	decode(message: Uint8Array, bounds?: Bounds): WireManifest {
		const lasting = lastingManifests.decodeOwn(message, bounds) as WireManifest | undefined;
		if (lasting === undefined) return allManifests.decode(message, bounds);
		lasting.expires_at = NO_END;
		return lasting;
	},

	/** Its end alone, of one that this version wrote: for most, that it has none is all there is to read. */
	endOf(message: Uint8Array): bigint | undefined {
		if (lastingManifests.isOwn(message)) return undefined;
		return allManifests.decode(message, WITHOUT_LISTS).expires_at[0];
	},

	/** How many bytes stand before the value of one without an end. */
	headerBytes: lastingManifests.headerBytes,
};

export const isPublic = ({ visibility }: Pick<WireManifest, "visibility">): boolean =>
	visibility === "public";

/** Whose a blob is that is imported, and since when: what its manifest said in the store that it comes from. */
export interface WireImportedAs {
	owner: WirePrincipal;
	created_at: bigint;
	modified_at: bigint;
}
export const ImportedAs = record<WireImportedAs>({
	owner: principal,
	created_at: nat64,
	modified_at: nat64,
});

/** What a commit and a one-call put say about the blob they publish. */
export interface WirePublication {
	root: Uint8Array;
	content_type: string;
	visibility: WireVisibility;
	metadata: [string, string][];
	sha256: [] | [Uint8Array];
	precondition: WirePrecondition;
	/** From when on the key is to hold nothing; absent: no end but that of a rule. */
	expires_at: [] | [bigint];
	/** For the importer of a store, while it is imported into; absent: the caller's, from now on. */
	as: [] | [WireImportedAs];
}
export const publication = {
	root: bytes,
	content_type: contentTypeText,
	visibility: Visibility,
	metadata: Metadata,
	sha256: opt(bytes),
	precondition: Precondition,
	expires_at: opt(nat64),
	as: opt(ImportedAs),
};
