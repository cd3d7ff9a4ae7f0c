/** A chunk in memory that stays until it is released. */
export interface Lease {
	readonly bytes: Promise<Uint8Array>;
	/** Releases the chunk. Further calls have no effect. Aborts a fetch without other users. */
	release(): void;
}

interface Slot {
	readonly name: string;
	readonly size: number;
	readonly bytes: Promise<Uint8Array>;
	readonly controller: AbortController;
	users: number;
	/** The bytes, once they are loaded. */
	loaded: Uint8Array | undefined;
}

interface Waiter {
	readonly size: number;
	readonly begin: () => void;
}

/**
 * Chunks in memory, with one bound for all readers. Concurrent readers of the same chunk share it, so that many
 * requests for one blob fetch it once. An unused chunk stays until its memory is needed.
 */
export class ChunkMemory {
	readonly #bytes: number;
	readonly #onDropped: ((bytes: Uint8Array) => void) | undefined;
	readonly #slots = new Map<string, Slot>();
	/** Loaded slots without a user, the least recently used first. */
	readonly #idle = new Map<string, Slot>();
	#waiting: Waiter[] = [];
	#held = 0;
	#idleBytes = 0;

	/**
	 * @param bytes bound of all chunks together. A larger chunk is accepted only if there is no other
	 * @param onDropped called with the bytes of each dropped chunk, to which no reference remains here
	 */
	constructor(bytes: number, onDropped?: (bytes: Uint8Array) => void) {
		this.#bytes = bytes;
		this.#onDropped = onDropped;
	}

	/** Size of all chunks in bytes, including pending and unused ones. */
	get held(): number {
		return this.#held;
	}

	/** Size of the unused chunks in bytes. */
	get idle(): number {
		return this.#idleBytes;
	}

	/** Whether a reader waits for memory. */
	get isShort(): boolean {
		return this.#waiting.length > 0;
	}

	/**
	 * A chunk, from memory or by `load`, once there is enough memory.
	 * @param isAhead whether the chunk is optional: then undefined if there is no memory at once
	 */
	take(
		name: string,
		size: number,
		load: (signal: AbortSignal) => Promise<Uint8Array>,
		isAhead = false,
	): Lease | undefined {
		const found = this.#slots.get(name);
		if (found) return this.#lease(found);
		if (isAhead && (this.isShort || !this.#makeRoom(size))) return undefined;
		const controller = new AbortController();
		const { signal } = controller;
		const bytes = this.#room(size, signal).then(async () => {
			try {
				const loaded = await load(signal);
				slot.loaded = loaded;
				if (slot.users === 0) this.#rest(slot);
				return loaded;
			} catch (error) {
				this.#forget(slot);
				this.#free(size);
				throw error;
			}
		});
		const slot: Slot = { name, size, bytes, controller, users: 0, loaded: undefined };
		this.#slots.set(name, slot);
		// Removes the slot of a load that failed or got no memory.
		bytes.catch(() => this.#forget(slot));
		return this.#lease(slot);
	}

	#lease(slot: Slot): Lease {
		slot.users++;
		if (this.#idle.delete(slot.name)) this.#idleBytes -= slot.size;
		let isHeld = true;
		const release = () => {
			if (!isHeld) return;
			isHeld = false;
			slot.users--;
			if (slot.users > 0) return;
			if (slot.loaded) return this.#rest(slot);
			// This load ends; a later reader starts a new one.
			this.#forget(slot);
			slot.controller.abort();
		};
		return { bytes: slot.bytes, release };
	}

	/** Marks a chunk as unused. It stays while there is enough memory. */
	#rest(slot: Slot): void {
		if (this.#slots.get(slot.name) !== slot) {
			this.#drop(slot);
			this.#free(slot.size);
			return;
		}
		this.#idle.set(slot.name, slot);
		this.#idleBytes += slot.size;
		this.#serve();
	}

	#forget(slot: Slot): void {
		if (this.#slots.get(slot.name) === slot) this.#slots.delete(slot.name);
	}

	#free(size: number): void {
		this.#held -= size;
		this.#serve();
	}

	/** Drops unused chunks if needed. @returns whether there is enough memory */
	#makeRoom(size: number): boolean {
		if (this.#held - this.#idleBytes + size > this.#bytes && this.#held > this.#idleBytes) return false;
		for (const slot of this.#idle.values()) {
			if (this.#held + size <= this.#bytes) break;
			this.#idle.delete(slot.name);
			this.#idleBytes -= slot.size;
			this.#held -= slot.size;
			this.#forget(slot);
			this.#drop(slot);
		}
		return true;
	}

	#drop({ loaded }: Slot): void {
		if (loaded) this.#onDropped?.(loaded);
	}

	#room(size: number, signal: AbortSignal): Promise<void> {
		if (!this.isShort && this.#makeRoom(size)) {
			this.#held += size;
			return Promise.resolve();
		}
		return new Promise((resolve, reject) => {
			const waiter: Waiter = { size, begin: resolve };
			this.#waiting.push(waiter);
			signal.addEventListener("abort", () => {
				const before = this.#waiting.length;
				this.#waiting = this.#waiting.filter((each) => each !== waiter);
				if (this.#waiting.length < before) reject(signal.reason);
				this.#serve();
			});
		});
	}

	#serve(): void {
		for (let next = this.#waiting[0]; next && this.#makeRoom(next.size); next = this.#waiting[0]) {
			this.#waiting.shift();
			this.#held += next.size;
			next.begin();
		}
	}
}
