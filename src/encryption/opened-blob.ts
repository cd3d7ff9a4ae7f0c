import type { ChunkRange, VerifiedBlob } from "../client/download/verified-blob.js";
import type { Manifest } from "../client/types.js";
import type { Envelope } from "./envelope.js";
import { FrameCipher } from "./frames.js";
import { frameAt, frameCount, TAG_BYTES } from "./layout.js";

/** Store chunks kept for neighbouring frames, if chunks are not whole frames. */
const KEPT_CHUNKS = 2;

/** The plaintext of a sealed blob: each frame is one of its chunks. */
export class OpenedBlob implements VerifiedBlob {
	readonly manifest: Manifest;
	readonly count: number;
	readonly isOpened = true;
	readonly #stored: VerifiedBlob;
	readonly #envelope: Envelope;
	readonly #cipher: FrameCipher;
	readonly #kept = new Map<number, Promise<Uint8Array>>();

	private constructor(stored: VerifiedBlob, manifest: Manifest, envelope: Envelope, cipher: FrameCipher) {
		this.#stored = stored;
		this.manifest = manifest;
		this.#envelope = envelope;
		this.#cipher = cipher;
		this.count = Math.ceil(envelope.size / envelope.frameBytes);
	}

	/** @param manifest the manifest of the opened blob */
	static async of(stored: VerifiedBlob, manifest: Manifest, envelope: Envelope): Promise<OpenedBlob> {
		const { blobKey, frameBytes, padded, isStream } = envelope;
		const bound = isStream ? undefined : { padded, count: frameCount(envelope) };
		const cipher = await FrameCipher.of(blobKey, { padded: bound?.padded, count: bound?.count, frameBytes });
		return new OpenedBlob(stored, manifest, envelope, cipher);
	}

	/** The hash of the stored chunk in which the frame begins: plaintexts have no hash. */
	leaf(index: number): Uint8Array {
		return this.#stored.leaf(Math.floor(this.#placeOf(index).start / this.#stored.manifest.chunkBytes));
	}

	range(index: number): ChunkRange {
		const { start, end } = frameAt(this.#envelope, index);
		return { start, end: Math.min(end, this.#envelope.size) };
	}

	/** Always false: a comparison would have to seal bytes that may differ from the blob's. */
	async matches(): Promise<boolean> {
		return false;
	}

	/** @throws ClientError `decryption_failed`, and errors of reading the stored chunks */
	async chunk(index: number, signal?: AbortSignal): Promise<Uint8Array> {
		const isLast = index === frameCount(this.#envelope) - 1;
		const frame = await this.#cipher.open(index, isLast, await this.#sealed(index, signal));
		const { start, end } = this.range(index);
		return frame.subarray(0, end - start);
	}

	endEarly(): void {
		this.#stored.endEarly();
	}

	#placeOf(index: number): { readonly start: number; readonly end: number } {
		const { start, end } = frameAt(this.#envelope, index);
		return { start: start + index * TAG_BYTES, end: end + (index + 1) * TAG_BYTES };
	}

	async #sealed(index: number, signal: AbortSignal | undefined): Promise<Uint8Array> {
		const { start, end } = this.#placeOf(index);
		const { chunkBytes } = this.#stored.manifest;
		const first = Math.floor(start / chunkBytes);
		const whole = this.#stored.range(first);
		if (whole.start === start && whole.end === end) return this.#stored.chunk(first, signal);
		const sealed = new Uint8Array(end - start);
		for (let chunk = first; chunk * chunkBytes < end; chunk++) {
			const at = chunk * chunkBytes;
			const part = (await this.#near(chunk, signal)).subarray(Math.max(0, start - at), end - at);
			sealed.set(part, Math.max(0, at - start));
		}
		return sealed;
	}

	#near(chunk: number, signal: AbortSignal | undefined): Promise<Uint8Array> {
		const kept = this.#kept.get(chunk) ?? this.#stored.chunk(chunk, signal);
		this.#kept.delete(chunk);
		this.#kept.set(chunk, kept);
		kept.catch(() => this.#kept.delete(chunk));
		for (const oldest of this.#kept.keys()) if (this.#kept.size > KEPT_CHUNKS) this.#kept.delete(oldest);
		return kept;
	}
}
