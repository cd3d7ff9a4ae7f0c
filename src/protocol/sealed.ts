/**
 * How changes of a staged batch stand in the feed until it is revealed: masked with what SHA-256 makes of a key that
 * nobody knows until then. Each has another mask, since the number of its entry is in it.
 */
export const SEAL_KEY_BYTES = 32;

const BLOCK_BYTES = 32;

/** The preimages of the masks of a change's blocks of 32 bytes: the key, u64 sequence number, u32 block. */
export function maskPreimages(key: Uint8Array, sequence: bigint, length: number): Uint8Array[] {
	const count = Math.ceil(length / BLOCK_BYTES);
	return Array.from({ length: count }, (_, block) => {
		const preimage = new Uint8Array(key.length + 12);
		const view = new DataView(preimage.buffer);
		preimage.set(key);
		view.setBigUint64(key.length, sequence);
		view.setUint32(key.length + 8, block);
		return preimage;
	});
}

/** The bytes with these masks over them: what was sealed so is opened so. */
export function withMasks(bytes: Uint8Array, masks: readonly Uint8Array[]): Uint8Array {
	const masked = bytes.slice();
	for (const [block, mask] of masks.entries())
		for (let i = 0, at = block * BLOCK_BYTES; i < BLOCK_BYTES && at < masked.length; i++, at++)
			masked[at]! ^= mask[i]!;
	return masked;
}
