import type { Sha256 } from "../client/platform/ports.js";
import { concat, utf8 } from "../client/util/bytes.js";
import { rootPreimage } from "../protocol/index.js";
import { KEY_BYTES } from "./frames.js";
import type { Layout } from "./layout.js";
import type { MasterKey } from "./master-key.js";

/** The input for the key of a blob: everything that its frames depend on, and nothing from the network. */
export interface Content extends Layout {
	/** SHA-256 of each frame of the plaintext, without padding. */
	readonly leaves: Uint8Array;
	/**
	 * The application's key of the blob; undefined with `deduplicate`, so that equal blobs have equal bytes under any
	 * key.
	 */
	readonly name: string | undefined;
}

/**
 * Contents that differ in any byte, in size, frames or padding have different keys. So a nonce, which is the index of a
 * frame, is never used for two plaintexts under one key.
 */
export async function blobKeyOf(
	master: MasterKey,
	{ size, padded, frameBytes, leaves, name }: Content,
	sha256: Sha256,
): Promise<Uint8Array> {
	const root = await sha256(rootPreimage(BigInt(size), frameBytes, leaves));
	const numbers = new DataView(new ArrayBuffer(9));
	numbers.setBigUint64(0, BigInt(padded));
	numbers.setUint8(8, name === undefined ? 0 : 1);
	return master.derive("blob", KEY_BYTES, concat(root, new Uint8Array(numbers.buffer), utf8(name ?? "")));
}
