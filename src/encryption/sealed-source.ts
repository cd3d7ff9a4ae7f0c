import { ClientError } from "../client/errors/errors.js";
import type { Sha256 } from "../client/platform/ports.js";
import type { ChunkReader, OpenSource } from "../client/source/types.js";
import { leafAt, SHA256_BYTES, sameBytes } from "../protocol/index.js";
import { FrameCipher } from "./frames.js";
import { frameAt, frameCount, type Layout, sealedSize, TAG_BYTES } from "./layout.js";

/** Sealed frames are needed again if chunks of the store are not whole frames. */
const KEPT_FRAMES = 2;

/**
 * The sealed bytes of a source that can be read again. The source is hashed whole first, and its key derived from the
 * hashes. Before a frame is sealed, a private copy is compared with its hash. So no other bytes are ever sealed under
 * this key, even if the source changes.
 */
export class SealedSource implements OpenSource {
	readonly isRepeatable = true;
	readonly contentType = undefined;
	readonly name = undefined;
	readonly size: number;
	readonly #inner: OpenSource;
	readonly #layout: Layout;
	readonly #sha256: Sha256;
	readonly #keyOf: (leaves: Uint8Array) => Promise<Uint8Array>;
	readonly #kept = new Map<number, Promise<Uint8Array>>();
	#ready: Promise<{ cipher: FrameCipher; leaves: Uint8Array }> | undefined;
	#isClosed = false;

	/** @param keyOf gets the hashes of all frames before the first is sealed */
	constructor(
		inner: OpenSource,
		layout: Layout,
		sha256: Sha256,
		keyOf: (leaves: Uint8Array) => Promise<Uint8Array>,
	) {
		this.#inner = inner;
		this.#layout = layout;
		this.#sha256 = sha256;
		this.#keyOf = keyOf;
		this.size = sealedSize(layout);
	}

	get mayBeUnread(): boolean {
		return this.#inner.mayBeUnread;
	}

	chunks(chunkBytes: number): ChunkReader {
		let index = 0;
		return {
			next: async () => {
				// An empty source has no frames, but has an envelope.
				await this.#prepared();
				return index * chunkBytes < this.size ? this.chunk(index++, chunkBytes) : undefined;
			},
			close: async () => {},
		};
	}

	async chunk(index: number, chunkBytes: number): Promise<Uint8Array> {
		const start = index * chunkBytes;
		const end = Math.min(start + chunkBytes, this.size);
		const frame = this.#layout.frameBytes + TAG_BYTES;
		const first = Math.floor(start / frame);
		if (start === first * frame && end === Math.min(start + frame, this.size)) return this.#seal(first);
		const bytes = new Uint8Array(end - start);
		for (let each = first; each * frame < end; each++) {
			const part = (await this.#frame(each)).subarray(Math.max(0, start - each * frame), end - each * frame);
			bytes.set(part, Math.max(0, each * frame - start));
		}
		return bytes;
	}

	giveBack(): void {}

	check(): Promise<void> {
		return this.#inner.check();
	}

	async close(): Promise<void> {
		this.#isClosed = true;
		this.#kept.clear();
		await this.#inner.close();
	}

	#frame(index: number): Promise<Uint8Array> {
		const kept = this.#kept.get(index) ?? this.#seal(index);
		this.#kept.delete(index);
		this.#kept.set(index, kept);
		kept.catch(() => this.#kept.delete(index));
		for (const oldest of this.#kept.keys()) if (this.#kept.size > KEPT_FRAMES) this.#kept.delete(oldest);
		return kept;
	}

	async #seal(index: number): Promise<Uint8Array> {
		const { cipher, leaves } = await this.#prepared();
		const { frame, leaf } = await this.#read(index);
		if (leaf && !sameBytes(leaf, leafAt(leaves, index)))
			throw new ClientError("source_changed", {
				reason: `chunk ${index} has other bytes than when it was hashed`,
			});
		return cipher.seal(index, index === frameCount(this.#layout) - 1, frame);
	}

	#prepared() {
		this.#ready ??= this.#prepare();
		return this.#ready;
	}

	async #prepare() {
		const { size, padded, frameBytes } = this.#layout;
		const count = frameCount(this.#layout);
		const leaves = new Uint8Array(Math.ceil(size / frameBytes) * SHA256_BYTES);
		for (let index = 0; index * SHA256_BYTES < leaves.length; index++) {
			if (this.#isClosed) throw new ClientError("aborted", { reason: "the source was closed" });
			leaves.set((await this.#read(index)).leaf as Uint8Array, index * SHA256_BYTES);
		}
		const key = await this.#keyOf(leaves);
		return { cipher: await FrameCipher.of(key, { padded, count, frameBytes }), leaves };
	}

	/** A private copy of a frame with its padding, and the hash of the frame without padding. */
	async #read(index: number): Promise<{ frame: Uint8Array; leaf: Uint8Array | undefined }> {
		const { size, frameBytes } = this.#layout;
		const { start, end } = frameAt(this.#layout, index);
		const frame = new Uint8Array(end - start);
		if (start >= size) return { frame, leaf: undefined };
		const chunk = await this.#inner.chunk(index, frameBytes);
		frame.set(chunk);
		this.#inner.giveBack(chunk);
		return { frame, leaf: await this.#sha256(frame.subarray(0, Math.min(end, size) - start)) };
	}
}
