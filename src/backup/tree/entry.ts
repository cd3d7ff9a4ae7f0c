/** Entries of a tree, ordered by key. */

import type { Fields, Json } from "../format/json.js";

/** One entry of a tree. */
export interface Entry {
	/** Position in the tree. */
	readonly key: string;
}

/** Encoding of one kind of entries. */
export interface EntryCodec<T extends Entry> {
	/** The JSON of an entry, `key` first. */
	encode(entry: T): { readonly [name: string]: Json | undefined };
	/** Decodes an entry and checks every field. */
	decode(fields: Fields): T;
	/** Bytes that the entry adds to sums. */
	bytesOf(entry: T): number;
}

/** A blob in a snapshot. */
export interface BlobEntry extends Entry {
	/** SHA-256 over size, chunk size and leaves, as hexadecimal digits. */
	readonly root: string;
	/** Size in bytes. */
	readonly size: number;
	/** Chunk size in bytes. The last chunk may be shorter. */
	readonly chunkBytes: number;
	/** SHA-256 of each chunk; undefined if there are more than four, which are an item named by the root. */
	readonly leaves: readonly string[] | undefined;
	/** Media type. */
	readonly contentType: string;
	/** `public` or `private`. */
	readonly visibility: string;
	/** Principal of its owner. */
	readonly owner: string;
	/** When this content was published. */
	readonly createdAt: string;
	/** When the manifest changed last. */
	readonly modifiedAt: string;
	/** Number of the change that made this version. */
	readonly sequence: string;
	/** Canister version of that change. */
	readonly canisterVersion: string;
	/** Metadata of the application. */
	readonly metadata: Readonly<Record<string, string>>;
	/** SHA-256 of the whole blob, if its uploader declared one. */
	readonly wholeSha256: string | undefined;
	/** When the blob expires. */
	readonly expiresAt: string | undefined;
}

/** Maximum number of leaves in an entry. More leaves become an item of their own. */
export const MAX_INLINE_LEAVES = 4;
const MAX_METADATA = 32;

export const blobCodec: EntryCodec<BlobEntry> = {
	encode: (entry) => ({
		key: entry.key,
		root: entry.root,
		size: entry.size,
		chunkBytes: entry.chunkBytes,
		leaves: entry.leaves,
		contentType: entry.contentType,
		visibility: entry.visibility,
		owner: entry.owner,
		createdAt: entry.createdAt,
		modifiedAt: entry.modifiedAt,
		sequence: entry.sequence,
		canisterVersion: entry.canisterVersion,
		metadata: Object.keys(entry.metadata).length === 0 ? undefined : entry.metadata,
		wholeSha256: entry.wholeSha256,
		expiresAt: entry.expiresAt,
	}),
	decode(fields) {
		const leaves = fields.has("leaves") ? fields.texts("leaves", MAX_INLINE_LEAVES, 64) : undefined;
		const size = fields.integer("size");
		const chunkBytes = fields.integer("chunkBytes", 2 ** 32 - 1);
		if (chunkBytes === 0) throw fields.wrong("a chunk cannot have 0 bytes");
		const count = Math.ceil(size / chunkBytes);
		if (leaves && (leaves.length !== count || !leaves.every((leaf) => /^[0-9a-f]{64}$/.test(leaf))))
			throw fields.wrong("the leaves of a blob do not fit its size");
		if (!leaves && count <= MAX_INLINE_LEAVES) throw fields.wrong("the leaves of a blob are missing");
		return {
			key: fields.text("key", 1_024),
			root: fields.sha256("root"),
			size,
			chunkBytes,
			leaves,
			contentType: fields.text("contentType", 256),
			visibility: fields.text("visibility", 64),
			owner: fields.text("owner", 128),
			createdAt: fields.time("createdAt"),
			modifiedAt: fields.time("modifiedAt"),
			sequence: fields.digits("sequence"),
			canisterVersion: fields.digits("canisterVersion"),
			metadata: fields.has("metadata") ? metadataOf(fields.object("metadata")) : {},
			wholeSha256: fields.has("wholeSha256") ? fields.sha256("wholeSha256") : undefined,
			expiresAt: fields.has("expiresAt") ? fields.time("expiresAt") : undefined,
		};
	},
	bytesOf: ({ size }) => size,
};

function metadataOf(fields: Fields): Record<string, string> {
	const names = Object.keys(fields.raw);
	if (names.length > MAX_METADATA) throw fields.wrong("a blob has too much metadata");
	// A metadata name such as __proto__ must become a normal field.
	return Object.fromEntries(names.map((name) => [name, fields.text(name)]));
}

/** A setting that restores a store beside its blobs: an account, a grant or another setting, named by the key. */
export interface SettingEntry extends Entry {
	readonly value: Json;
}

const MAX_SETTING_CHARACTERS = 64 * 1024;

export const settingCodec: EntryCodec<SettingEntry> = {
	encode: ({ key, value }) => ({ key, value }),
	decode(fields) {
		const value = fields.raw.value as Json | undefined;
		if (value === undefined || JSON.stringify(value).length > MAX_SETTING_CHARACTERS)
			throw fields.wrong("a setting is missing or too long");
		return { key: fields.text("key", 1_024), value };
	},
	bytesOf: () => 0,
};
