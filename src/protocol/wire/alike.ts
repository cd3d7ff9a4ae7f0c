import { encodeUtf8 } from "../codec/utf8.js";
import type { WirePrincipal } from "../principal.js";
import { manifests, type WireManifest } from "./blob.js";
import { changes, type WireInBatch } from "./feed.js";

/**
 * Manifests of many blobs that come in one message differ in key, root, size and number alone, and what the feed says of
 * them in manifest and number. So one is made of the one before by putting these into its bytes, which is byte for byte
 * what the codec makes, for a fifth of its instructions.
 *
 * In the order of Candid a manifest is: key, modified_at, sha256, canister_version, owner, metadata, root, size,
 * content_type, created_at, visibility, chunk_size, sequence. A change is: at, by, canister_version, change, sequence, and
 * in a batch in_batch, which is count, index behind the byte of the opt.
 */

const ROOT_BYTES = 32;
const NUMBER_BYTES = 8;
/** A length below this is one byte. */
const TWO_BYTES = 0x80;

/** The last manifest that was made by the codec. Nothing of it is a view into a message. */
interface Model {
	readonly bytes: Uint8Array;
	readonly keyLength: number;
	readonly modifiedAt: bigint;
	readonly createdAt: bigint;
	readonly canisterVersion: bigint;
	readonly owner: WirePrincipal;
	readonly contentType: string;
	readonly visibility: string;
	readonly chunkSize: number;
	/** Made when a second one comes that is like it: most come alone. */
	parts: Parts | undefined;
}

/** Its bytes but for the key and its length. */
interface Parts {
	/** Up to the length of the key. */
	readonly before: Uint8Array;
	/** From the key's end on. */
	readonly after: Uint8Array;
	/** Where in that are root, size and sequence. */
	readonly rootAt: number;
	readonly sizeAt: number;
	readonly sequenceAt: number;
}
let model: Model | undefined;

const number = new Uint8Array(NUMBER_BYTES);
const numberView = new DataView(number.buffer);

/** The manifest as it travels, in an array of its own. */
export function encodeManifest(manifest: WireManifest): Uint8Array {
	if (
		manifest.metadata.length > 0 ||
		manifest.sha256.length > 0 ||
		manifest.expires_at.length > 0 ||
		manifest.root.length !== ROOT_BYTES
	)
		return manifests.encode(manifest);
	const key = encodeUtf8(manifest.key);
	if (key.length >= TWO_BYTES) return manifests.encode(manifest);
	if (model === undefined || !isLike(model, manifest)) {
		const bytes = manifests.encode(manifest);
		model = modelOf(manifest, bytes, key.length);
		return bytes;
	}
	model.parts ??= partsOf(model);
	const { before, after, rootAt, sizeAt, sequenceAt } = model.parts;
	const keyAt = before.length + 1;
	const rest = keyAt + key.length;
	const bytes = new Uint8Array(rest + after.length);
	bytes.set(before);
	bytes[keyAt - 1] = key.length;
	bytes.set(key, keyAt);
	bytes.set(after, rest);
	bytes.set(manifest.root, rest + rootAt);
	numberView.setBigUint64(0, manifest.size, true);
	bytes.set(number, rest + sizeAt);
	numberView.setBigUint64(0, manifest.sequence, true);
	bytes.set(number, rest + sequenceAt);
	return bytes;
}

const isLike = (before: Model, manifest: WireManifest): boolean =>
	before.owner === manifest.owner &&
	before.contentType === manifest.content_type &&
	before.modifiedAt === manifest.modified_at &&
	before.createdAt === manifest.created_at &&
	before.canisterVersion === manifest.canister_version &&
	before.visibility === manifest.visibility &&
	before.chunkSize === manifest.chunk_size;

const modelOf = (manifest: WireManifest, bytes: Uint8Array, keyLength: number): Model => ({
	bytes,
	keyLength,
	modifiedAt: manifest.modified_at,
	createdAt: manifest.created_at,
	canisterVersion: manifest.canister_version,
	owner: manifest.owner,
	contentType: manifest.content_type,
	visibility: manifest.visibility,
	chunkSize: manifest.chunk_size,
	parts: undefined,
});

function partsOf({ bytes, keyLength, contentType, visibility }: Model): Parts {
	const keyAt = manifests.headerBytes + 1;
	const after = bytes.slice(keyAt + keyLength);
	const sequenceAt = after.length - NUMBER_BYTES;
	// Type and visibility with their lengths, two bytes where the type has 128; a time, a chunk size.
	const typeLength = encodeUtf8(contentType).length;
	const typeBytes = typeLength + (typeLength < TWO_BYTES ? 1 : 2);
	const sizeAt =
		sequenceAt - 4 - (encodeUtf8(visibility).length + 1) - NUMBER_BYTES - typeBytes - NUMBER_BYTES;
	return { before: bytes.slice(0, keyAt - 1), after, rootAt: sizeAt - ROOT_BYTES, sizeAt, sequenceAt };
}

/** What all that a message publishes has in common. */
interface Publisher {
	readonly at: bigint;
	readonly by: WirePrincipal;
	readonly canisterVersion: bigint;
	readonly isInBatch: boolean;
	/** Up to the length of the manifest. */
	readonly before: Uint8Array;
}
let publisher: Publisher | undefined;
/** Of `in_batch`, where it is. */
const BATCH_BYTES = 9;

/** The change that publishes a manifest, as it travels, in an array of its own. */
export function encodePublished(
	sequence: bigint,
	canister_version: bigint,
	at: bigint,
	by: WirePrincipal,
	published: Uint8Array,
	inBatch?: WireInBatch,
): Uint8Array {
	const { length } = published;
	const lengthBytes = length < TWO_BYTES ? 1 : 2;
	const isInBatch = inBatch !== undefined;
	const behind = isInBatch ? NUMBER_BYTES + BATCH_BYTES : NUMBER_BYTES;
	if (
		publisher === undefined ||
		length >= TWO_BYTES * TWO_BYTES ||
		publisher.by !== by ||
		publisher.at !== at ||
		publisher.canisterVersion !== canister_version ||
		publisher.isInBatch !== isInBatch
	) {
		const bytes = changes.encode({ sequence, canister_version, at, by, change: [{ published }] }, inBatch);
		if (length < TWO_BYTES * TWO_BYTES) {
			const before = bytes.slice(0, bytes.length - behind - length - lengthBytes);
			publisher = { at, by, canisterVersion: canister_version, isInBatch, before };
		}
		return bytes;
	}
	const { before } = publisher;
	let to = before.length;
	const bytes = new Uint8Array(to + lengthBytes + length + behind);
	bytes.set(before);
	if (lengthBytes === 2) bytes[to++] = (length & 0x7f) | TWO_BYTES;
	bytes[to++] = lengthBytes === 2 ? length >> 7 : length;
	bytes.set(published, to);
	numberView.setBigUint64(0, sequence, true);
	bytes.set(number, to + length);
	if (inBatch !== undefined) {
		to += length + NUMBER_BYTES;
		bytes[to] = 1;
		numberView.setUint32(0, inBatch.count, true);
		numberView.setUint32(4, inBatch.index, true);
		bytes.set(number, to + 1);
	}
	return bytes;
}
