import { ClientError } from "../client/errors/errors.js";
import type { ChunkReader, OpenSource } from "../client/source/types.js";
import { FrameCipher } from "./frames.js";
import { type Layout, padded, sealedSize } from "./layout.js";

/**
 * The sealed bytes of a source that can be read once, under a random key. A second read could give other bytes, so no
 * process can resume it: a new upload has a new key.
 */
export class SealedStream implements OpenSource {
	readonly isRepeatable = false;
	readonly contentType = undefined;
	readonly name = undefined;
	readonly size: number | undefined;
	readonly #inner: OpenSource;
	readonly #key: Uint8Array;
	readonly #frameBytes: number;
	readonly #onEnd: (layout: Layout) => void;
	#isBegun = false;

	/** @param onEnd called with the layout before the last bytes are returned */
	constructor(inner: OpenSource, key: Uint8Array, frameBytes: number, onEnd: (layout: Layout) => void) {
		this.#inner = inner;
		this.#key = key;
		this.#frameBytes = frameBytes;
		this.#onEnd = onEnd;
		if (inner.size !== undefined) this.size = sealedSize({ padded: padded(inner.size), frameBytes });
	}

	get mayBeUnread(): boolean {
		return this.#inner.mayBeUnread;
	}

	chunks(chunkBytes: number): ChunkReader {
		// A random key seals one source only, so nothing is sealed twice under it.
		if (this.#isBegun)
			throw new ClientError("source_not_repeatable", {
				reason: "it was begun to be sealed under a random key",
			});
		this.#isBegun = true;
		const frames = this.#frames();
		let rest: Uint8Array = new Uint8Array(0);
		return {
			next: async () => {
				const parts = [rest];
				let length = rest.length;
				while (length < chunkBytes) {
					const { done, value } = await frames.next();
					if (done) break;
					parts.push(value);
					length += value.length;
				}
				const [first, only] = parts;
				if (length === 0) return undefined;
				const all = parts.length === 2 && first?.length === 0 && only ? only : joined(parts, length);
				rest = all.subarray(chunkBytes);
				return all.subarray(0, chunkBytes);
			},
			close: () => this.close(),
		};
	}

	async chunk(): Promise<Uint8Array> {
		throw new ClientError("source_not_repeatable", { reason: "a chunk is needed again" });
	}

	giveBack(): void {}

	async check(): Promise<void> {}

	close(): Promise<void> {
		return this.#inner.close();
	}

	async *#frames(): AsyncGenerator<Uint8Array> {
		const frameBytes = this.#frameBytes;
		const cipher = await FrameCipher.of(this.#key, { frameBytes, padded: undefined, count: undefined });
		const reader = this.#inner.chunks(frameBytes);
		let index = 0;
		let size = 0;
		// A chunk is the last one only if nothing follows.
		let held: Uint8Array | undefined;
		for (let next = await reader.next(); next; next = await reader.next()) {
			const frame = next.slice();
			this.#inner.giveBack(next);
			if (held) yield await cipher.seal(index++, false, held);
			held = frame;
			size += frame.length;
		}
		const total = padded(size);
		this.#onEnd({ size, padded: total, frameBytes });
		for (let start = index * frameBytes; start < total; start += frameBytes) {
			const frame = new Uint8Array(Math.min(frameBytes, total - start));
			if (held) frame.set(held);
			held = undefined;
			yield await cipher.seal(index++, start + frameBytes >= total, frame);
		}
	}
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
	const all = new Uint8Array(length);
	let at = 0;
	for (const part of parts) {
		all.set(part, at);
		at += part.length;
	}
	return all;
}
