import {
	isPublic,
	MIN_CHARGE_BYTES,
	type WireManifest,
	type WirePublication,
} from "../../../../src/protocol/index.js";
import { type ModelBlob, type Piece, S } from "./model.js";

/** What things count for in quotas. */

export const chargeOfPieces = (all: readonly Piece[]): number =>
	Math.max(
		MIN_CHARGE_BYTES,
		all.reduce((sum, { bytes }) => sum + Math.max(MIN_CHARGE_BYTES, bytes.length), 0),
	);

/** Whole chunks, and a last one that counts for 4 KiB at the least. */
export const chargeOfSize = (size: number): number =>
	Math.max(
		MIN_CHARGE_BYTES,
		Math.floor(size / S) * S + (size % S === 0 ? 0 : Math.max(MIN_CHARGE_BYTES, size % S)),
	);

const utf8 = (text: string): number => Buffer.byteLength(text);
const directoriesOf = (key: string): number => key.split("/").length - 1;

const chargeOfEnd = (key: string): number => 256 + utf8(key);

/** What a blob counts for in its owner's quota of bytes. */
export function chargeOfBlob({ manifest, pieces }: Pick<ModelBlob, "manifest" | "pieces">): number {
	const { key, content_type, metadata } = manifest;
	const texts = metadata.reduce((sum, [name, value]) => sum + utf8(name) + utf8(value), utf8(content_type));
	const directory = isPublic(manifest) ? 256 : 512;
	const end = manifest.expires_at.length > 0 ? chargeOfEnd(key) : 0;
	return chargeOfPieces(pieces) + 896 + 4 * utf8(key) + directory * directoriesOf(key) + texts + end;
}

/** The same of one that is to be published, by its size. */
export function chargeOfBlobOf(key: string, what: WirePublication, size: number): number {
	const { content_type, metadata, expires_at } = what;
	const visibility = "public" in what.visibility ? "public" : "private";
	const about = chargeOfBlob({
		manifest: { key, content_type, metadata, visibility, expires_at } as WireManifest,
		pieces: [],
	});
	return about - MIN_CHARGE_BYTES + chargeOfSize(size);
}

/** What an open upload counts for beside its chunks: the most that is stored about the blob it becomes. */
export const chargeOfSession = (key: string): number =>
	896 + 4 * utf8(key) + 512 * directoriesOf(key) + 128 + 4_096 + 4_096 + chargeOfEnd(key);
