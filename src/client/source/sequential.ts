import { ClientError, sourceInvalid } from "../errors/errors.js";
import { Buffers } from "../util/room.js";
import { asBytes, describe } from "./bytes.js";
import { sourceErrors } from "./failure.js";
import type { ChunkReader, OpenSource } from "./types.js";

/** A source that can be read once, from its beginning: a stream. */
export class Sequential implements OpenSource {
	readonly size: number | undefined;
	readonly name: string | undefined;
	readonly contentType = undefined;
	readonly isRepeatable = false;
	readonly mayBeUnread = true;
	readonly #parts: AsyncIterator<Uint8Array>;
	readonly #buffers = new Buffers();

	constructor(parts: AsyncIterator<Uint8Array>, { size, name }: Pick<OpenSource, "size" | "name">) {
		this.#parts = parts;
		this.size = size;
		this.name = name;
	}

	chunks(chunkBytes: number): ChunkReader {
		return { next: cut(this.#parts, this.#buffers, chunkBytes, this.size), close: () => this.close() };
	}

	async chunk(): Promise<Uint8Array> {
		throw new ClientError("source_not_repeatable", { reason: "a chunk is needed again" });
	}

	giveBack(chunk: Uint8Array): void {
		this.#buffers.giveBack(chunk);
	}

	async check(): Promise<void> {}

	async close(): Promise<void> {
		this.#buffers.clear();
		await this.#parts.return?.();
	}
}

/**
 * Cuts parts of any length into chunks. Each chunk is a buffer of its own, filled in place: no part is kept for
 * longer than its bytes are needed, and a part that holds a whole chunk is copied once.
 */
function cut(
	parts: AsyncIterator<Uint8Array>,
	buffers: Buffers,
	chunkBytes: number,
	size: number | undefined,
): () => Promise<Uint8Array | undefined> {
	let rest: Uint8Array = new Uint8Array(0);
	let read = 0;
	let isOver = false;
	return async () => {
		if (isOver && rest.length === 0) return undefined;
		const wanted = size === undefined ? chunkBytes : Math.min(chunkBytes, size - read);
		const chunk = buffers.take(wanted);
		let filled = 0;
		// With everything read that should come, one more look: nothing may follow.
		while (!isOver && (filled < wanted || wanted === 0)) {
			if (rest.length === 0) {
				const part = await sourceErrors(() => parts.next());
				if (part?.done) isOver = true;
				else rest = checkPart(part?.value);
			}
			if (wanted === 0 && rest.length > 0) throw new ClientError("source_too_long", { expected: size ?? 0 });
			const taken = rest.subarray(0, wanted - filled);
			chunk.set(taken, filled);
			filled += taken.length;
			rest = rest.subarray(taken.length);
		}
		read += filled;
		if (size !== undefined && isOver && read < size)
			throw new ClientError("source_too_short", { expected: size, actual: read });
		return filled === 0 ? undefined : chunk.subarray(0, filled);
	};
}

function checkPart(part: unknown): Uint8Array {
	const bytes = asBytes(part);
	if (bytes) return bytes;
	throw sourceInvalid(`a stream of ${describe(part)}`);
}
