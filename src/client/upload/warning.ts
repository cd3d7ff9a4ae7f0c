import { MAX_CHUNK_BYTES } from "../../protocol/index.js";

/** A blob that is stored as asked for, and that others may not be able to read in every way. */
export interface UploadWarning {
	/** `many_parts`: HTTP gateways cut an answer after 1,000 chunks. */
	readonly code: "many_parts";
	/** Which blob. */
	readonly key: string;
	/** What happens, and which `chunkBytes` avoids it. */
	readonly message: string;
	/** The least `chunkBytes` that avoids it; undefined where none does, or where the size is not known yet. */
	readonly chunkBytes: number | undefined;
}

/** Parts of a streamed answer that HTTP gateways pass on, the first included. */
export const MAX_PARTS = 1_000;

/** @param size undefined for a stream that has not ended after as many chunks */
export function warnOfParts(
	key: string,
	size: number | undefined,
	chunkBytes: number,
): UploadWarning | undefined {
	const parts = size === undefined ? Number.POSITIVE_INFINITY : Math.ceil(size / chunkBytes);
	if (parts <= MAX_PARTS) return undefined;
	const least = size === undefined ? undefined : Math.ceil(size / MAX_PARTS);
	const isAvoidable = least === undefined ? chunkBytes < MAX_CHUNK_BYTES : least <= MAX_CHUNK_BYTES;
	const count = size === undefined ? `more than ${MAX_PARTS}` : `${parts}`;
	const cut = `"${key}" has ${count} chunks of ${chunkBytes} bytes, and an HTTP gateway cuts a plain GET after ${MAX_PARTS}.`;
	let advice = "Readers have to ask for ranges or use this client.";
	if (isAvoidable)
		advice = `Upload it with chunkBytes of ${least === undefined ? `up to ${MAX_CHUNK_BYTES}` : `at least ${least}`}.`;
	return {
		code: "many_parts",
		key,
		message: `${cut} ${advice}`,
		chunkBytes: isAvoidable ? least : undefined,
	};
}
