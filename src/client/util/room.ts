import { concat } from "./bytes.js";

/**
 * Buffers with free space before the bytes. A chunk of 2 MiB becomes an argument and then an envelope; with that space
 * both are built around the chunk without copying it. Buffers are also reused, since garbage would wait for the
 * collector.
 */

/**
 * Space for the head of an argument and of an envelope: the sender's key, signature and delegation chain. If they do
 * not fit, the bytes are copied.
 */
const ROOM_BYTES = 16_384;

/** Buffers made here; no other code writes to them. */
const roomy = new WeakSet<ArrayBufferLike>();

/** Shorter bytes are copied: for thousands of small files the free space would exceed the files. */
const MIN_BYTES = 65_536;

/** A new buffer of this length, with space before it if it is long enough. */
function roomFor(length: number): Uint8Array {
	if (length < MIN_BYTES) return new Uint8Array(length);
	const { buffer } = new Uint8Array(ROOM_BYTES + length);
	roomy.add(buffer);
	return new Uint8Array(buffer, ROOM_BYTES, length);
}

/** Buffers to refill when their bytes are no longer needed: as garbage they would wait for the collector. */
export class Buffers {
	#free: Uint8Array[] = [];

	take(length: number): Uint8Array {
		const at = this.#free.findIndex((bytes) => bytes.length === length);
		return at < 0 ? roomFor(length) : (this.#free.splice(at, 1)[0] as Uint8Array);
	}

	/** Pass only a buffer from `take`, after its last reader is done. */
	giveBack(bytes: Uint8Array): void {
		if (hasRoom(bytes)) this.#free.push(bytes);
	}

	clear(): void {
		this.#free = [];
	}
}

/** Concatenates the parts, with space before them if they are long enough. */
export function withRoom(...parts: readonly Uint8Array[]): Uint8Array {
	if (parts.reduce((length, part) => length + part.length, 0) < MIN_BYTES) return concat(...parts);
	const whole = concat(new Uint8Array(ROOM_BYTES), ...parts);
	roomy.add(whole.buffer);
	return whole.subarray(ROOM_BYTES);
}

/** Whether there is space before the bytes; buffers of other code never have it. */
export const hasRoom = (bytes: Uint8Array): boolean => roomy.has(bytes.buffer);

/**
 * `head` and `bytes` joined: in the space before `bytes` if it is large enough, else as a copy. It overwrites an
 * earlier head of the same bytes, so that head must have been sent.
 */
export function prepend(head: Uint8Array, bytes: Uint8Array): Uint8Array {
	const start = bytes.byteOffset - head.length;
	if (!hasRoom(bytes) || start < 0) return concat(head, bytes);
	const whole = new Uint8Array(bytes.buffer, start, head.length + bytes.length);
	whole.set(head);
	return whole;
}
