/** A chunk in memory, for as long as it is not given back. */
export interface Lease {
	readonly bytes: Promise<Uint8Array>;
	/** Gives it back, once however often it is called. One that nobody waits for any more is not fetched on. */
	release(): void;
}

interface Slot {
	readonly name: string;
	readonly size: number;
	readonly bytes: Promise<Uint8Array>;
	readonly controller: AbortController;
	users: number;
	/** Once they are there. */
	loaded: Uint8Array | undefined;
}

interface Waiter {
	readonly size: number;
	readonly begin: () => void;
}

/**
 * Chunks in memory, within one bound for all readers. Those who want the same chunk at the same time share it, so that a
 * rush on one blob fetches it once; a chunk that nobody reads any more stays until its room is needed.
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
	 * @param bytes bound of all chunks together; one that is larger is taken when there is no other
	 * @param onDropped told of the bytes of each chunk that no lease was given for any more: nothing here has them now
	 */
	constructor(bytes: number, onDropped?: (bytes: Uint8Array) => void) {
		this.#bytes = bytes;
		this.#onDropped = onDropped;
	}

	/** Bytes of all chunks, those under way and those that nobody reads among them. */
	get held(): number {
		return this.#held;
	}

	/** Bytes of chunks that nobody reads now. */
	get idle(): number {
		return this.#idleBytes;
	}

	/** Whether a reader waits for room. */
	get isShort(): boolean {
		return this.#waiting.length > 0;
	}

	/**
	 * A chunk, from memory or by `load`, once there is room for it.
	 * @param isAhead whether it can be done without for now: then undefined where there is no room at once
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
		// Of one that waited for room in vain.
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
			// Whoever wants it from now on loads it anew: this one ends.
			this.#forget(slot);
			slot.controller.abort();
		};
		return { bytes: slot.bytes, release };
	}

	/** Nobody reads it: it stays as long as there is room. */
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

	/** Whether there is room, for which chunks that nobody reads may have to go. */
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
