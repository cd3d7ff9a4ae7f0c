/** Recently read bytes, up to a limit. */
export class BlockCache {
	readonly #maxBytes: number;
	readonly #blocks = new Map<string, Uint8Array>();
	#bytes = 0;

	constructor(maxBytes: number) {
		this.#maxBytes = maxBytes;
	}

	get(name: string): Uint8Array | undefined {
		const block = this.#blocks.get(name);
		if (block !== undefined) {
			this.#blocks.delete(name);
			this.#blocks.set(name, block);
		}
		return block;
	}

	set(name: string, block: Uint8Array): void {
		this.#bytes += block.length - (this.#blocks.get(name)?.length ?? 0);
		this.#blocks.delete(name);
		this.#blocks.set(name, block);
		for (const [oldest, { length }] of this.#blocks) {
			if (this.#bytes <= this.#maxBytes) return;
			this.#blocks.delete(oldest);
			this.#bytes -= length;
		}
	}

	clear(): void {
		this.#blocks.clear();
		this.#bytes = 0;
	}
}
