/**
 * The bytes of a sealed blob: the plaintext is padded with zeros and cut into frames, and each frame becomes a
 * ciphertext of the same length and a tag. So a range of the plaintext is located by arithmetic.
 */

export const TAG_BYTES = 16;
/** Minimum padded size, except for an empty blob. */
const LEAST_PADDED = 256;

export interface Layout {
	/** Bytes of the plaintext. */
	readonly size: number;
	/** Size with padding. */
	readonly padded: number;
	/** Size of a frame before it is sealed; the last one may be shorter. */
	readonly frameBytes: number;
}

/**
 * Padmé (Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and Communication with PURBs"): in a size with
 * E + 1 binary digits the last E - ⌊log2 E⌋ - 1 become 0, rounded up. Adds at most 12 %, and less to larger sizes.
 */
export function padded(size: number): number {
	if (size === 0) return 0;
	if (size <= LEAST_PADDED) return LEAST_PADDED;
	const exponent = Math.floor(Math.log2(size));
	const step = 2 ** (exponent - Math.floor(Math.log2(exponent)) - 1);
	return Math.ceil(size / step) * step;
}

export const frameCount = ({ padded, frameBytes }: Omit<Layout, "size">): number =>
	Math.ceil(padded / frameBytes);

/** Bytes of the sealed blob. */
export const sealedSize = (layout: Omit<Layout, "size">): number =>
	layout.padded + frameCount(layout) * TAG_BYTES;

/** Position of a frame in the padded plaintext. */
export function frameAt(
	{ padded, frameBytes }: Omit<Layout, "size">,
	index: number,
): { readonly start: number; readonly end: number } {
	const start = index * frameBytes;
	return { start, end: Math.min(start + frameBytes, padded) };
}
