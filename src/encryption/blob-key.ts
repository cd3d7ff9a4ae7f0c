import type { Sha256 } from "../client/platform/ports.js";
import { concat, utf8 } from "../client/util/bytes.js";
import { rootPreimage } from "../protocol/index.js";
import { KEY_BYTES } from "./frames.js";
import type { Layout } from "./layout.js";
import type { MasterKey } from "./master-key.js";

/** What the key of a blob is derived from: everything that its frames depend on, and nothing that the network said. */
export interface Content extends Layout {
	/** SHA-256 of each frame of the plaintext, without padding. */
	readonly leaves: Uint8Array;
	/** The application's name of the blob; undefined where equal blobs are to be sealed alike under any. */
	readonly name: string | undefined;
}

/**
 * Two contents that differ in any byte, in their size, frames or padding have different keys. So a nonce, which counts
 * frames, never meets two plaintexts under one key.
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
