import type { Change, Manifest } from "../../client/index.js";
import type { LinkName } from "../../client/owners/index.js";
import { toJson } from "../../client/util/json.js";
import type { Json } from "../format/json.js";
import { hex, unhex } from "../format/names.js";
import type { BlobEntry } from "../tree/entry.js";

/**
 * The facts about a blob from the feed or a list: its entry without the leaves. It is JSON because it may wait in a
 * file.
 */
export type Draft = {
	readonly [Name in Exclude<keyof BlobEntry, "leaves">]: BlobEntry[Name];
};

export const draftOf = (manifest: Manifest): Draft => ({
	key: manifest.key,
	root: hex(manifest.root),
	size: manifest.size,
	chunkBytes: manifest.chunkBytes,
	contentType: manifest.contentType,
	visibility: manifest.visibility,
	owner: manifest.owner,
	createdAt: manifest.createdAt.toISOString(),
	modifiedAt: manifest.modifiedAt.toISOString(),
	sequence: manifest.sequence.toString(),
	canisterVersion: manifest.canisterVersion.toString(),
	metadata: manifest.metadata,
	wholeSha256: manifest.wholeSha256 && hex(manifest.wholeSha256),
	expiresAt: manifest.expiresAt?.toISOString(),
});

/** The part of a manifest that reading its bytes needs. */
export const readableOf = (draft: Draft): Manifest =>
	({
		key: draft.key,
		root: new Uint8Array(unhex(draft.root)),
		size: draft.size,
		chunkBytes: draft.chunkBytes,
		sequence: BigInt(draft.sequence),
		canisterVersion: BigInt(draft.canisterVersion),
	}) as Manifest;

/** The settings that a change sets, or removes (null). */
export function settingsOf(change: Change): readonly (readonly [key: string, value: Json])[] {
	switch (change.type) {
		case "role":
			return [[`role/${change.who}/${change.role}`, change.granted ? true : null]];
		case "quota": {
			const key = change.who === undefined ? EVERYBODY : `quota/${change.who}`;
			return [[key, jsonOf(change.quota)]];
		}
		case "grant":
			return [
				[
					`grant/${change.who}/${change.id}`,
					change.terms === undefined ? null : grantOf(change.terms, change.under),
				],
			];
		case "link":
			// An offered link is no permission yet.
			return [[linkKey(change), change.state === "holds" ? true : null]];
		case "expiryRules":
			return [[EXPIRY_RULES, jsonOf(change.rules)]];
		case "keepDeleted":
			return [[KEEP_DELETED, change.days]];
		case "mode":
			return [[MODE, change.mode]];
		default:
			return [];
	}
}

export const linkKey = ({ owner, who }: LinkName): string => `link/${owner}/${who}`;

export const EVERYBODY = "everybody";
export const EXPIRY_RULES = "expiryRules";
export const KEEP_DELETED = "keepDeleted";
export const MODE = "mode";

export const grantOf = (terms: object, under: object | undefined): Json => ({
	terms: jsonOf(terms),
	under: under === undefined ? null : jsonOf(under),
});

/** Encodes through JSON, so that infinite bounds become null. */
export const jsonOf = (value: unknown): Json =>
	value === undefined ? null : (JSON.parse(JSON.stringify(toJson(value))) as Json);
