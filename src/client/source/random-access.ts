import { ClientError, sourceInvalid } from "../errors/errors.js";
import { Buffers } from "../util/room.js";
import { asBytes, describe, unshared } from "./bytes.js";
import { sourceErrors } from "./failure.js";
import { nameOf } from "./name.js";
import type { ChunkReader, OpenSource, RandomAccessSource } from "./types.js";

/** A source that can be read anywhere, chunk by chunk. */
export class RandomAccess implements OpenSource {
	readonly isRepeatable = true;
	/** As it was when the source was opened. */
	readonly size: number;
	readonly name: string | undefined;
	readonly mayBeUnread: boolean;
	readonly #source: RandomAccessSource;
	readonly #buffers = new Buffers();

	/** @param isCertain false where the size may be 0 only because nothing tells it */
	constructor(source: RandomAccessSource, isCertain = true) {
		this.#source = source;
		this.size = source.size;
		this.name = nameOf(source);
		this.mayBeUnread = !isCertain;
	}

	get contentType(): string | undefined {
		return this.#source.contentType;
	}

	chunks(chunkBytes: number): ChunkReader {
		let index = 0;
		return {
			next: async () => (index * chunkBytes < this.size ? this.chunk(index++, chunkBytes) : undefined),
			close: async () => {},
		};
	}

	async chunk(index: number, chunkBytes: number): Promise<Uint8Array> {
		const start = index * chunkBytes;
		const end = Math.min(start + chunkBytes, this.size);
		const bytes = await sourceErrors(() => this.#read(start, end));
		if (bytes.length < end - start)
			throw new ClientError("source_too_short", { expected: this.size, actual: start + bytes.length });
		if (bytes.length > end - start)
			throw new ClientError("source_changed", {
				reason: `it gave ${bytes.length} bytes where ${end - start} were asked for`,
			});
		return bytes;
	}

	async #read(start: number, end: number): Promise<Uint8Array> {
		if (!this.#source.readInto) {
			const given: unknown = await this.#source.read(start, end);
			const bytes = asBytes(given);
			if (bytes) return unshared(bytes);
			throw sourceInvalid(`{ size, read } whose read gives ${describe(given)}`);
		}
		const target = this.#buffers.take(end - start);
		await this.#source.readInto(start, target);
		return target;
	}

	giveBack(chunk: Uint8Array): void {
		this.#buffers.giveBack(chunk);
	}

	async check(): Promise<void> {
		await sourceErrors(async () => this.#source.check?.());
		const { size } = this.#source;
		if (size !== this.size)
			throw new ClientError("source_changed", { reason: `it had ${this.size} bytes and now has ${size}` });
	}

	async close(): Promise<void> {
		this.#buffers.clear();
		await this.#source.close?.();
	}
}
