import { abortError, onAbort, throwIfAborted } from "./abort.js";

/** Bytes that may be held at a time. Whoever wants more than there are waits, first come, first served. */
export class Budget {
	readonly #bytes: number;
	readonly #onShort: () => void;
	#held = 0;
	#waiting: { readonly bytes: number; readonly begin: () => void }[] = [];

	/** @param onShort called whenever somebody has to wait */
	constructor(bytes: number, onShort: () => void = () => {}) {
		this.#bytes = bytes;
		this.#onShort = onShort;
	}

	/** Bytes held now. */
	get held(): number {
		return this.#held;
	}

	/** Takes bytes, when they are there. @returns what gives them back, once however often it is called. */
	async take(bytes: number, signal: AbortSignal): Promise<() => void> {
		throwIfAborted(signal);
		if (this.#waiting.length > 0 || !this.#fits(bytes)) await this.#turn(bytes, signal);
		else this.#held += bytes;
		let isHeld = true;
		return () => {
			if (!isHeld) return;
			isHeld = false;
			this.#held -= bytes;
			this.#serve();
		};
	}

	/** One who wants more than all of it gets it when nobody else has any. */
	#fits(bytes: number): boolean {
		return this.#held === 0 || this.#held + bytes <= this.#bytes;
	}

	#turn(bytes: number, signal: AbortSignal): Promise<void> {
		return new Promise((resolve, reject) => {
			const waiter = {
				bytes,
				begin: () => {
					release();
					resolve();
				},
			};
			const release = onAbort(signal, () => {
				this.#waiting = this.#waiting.filter((each) => each !== waiter);
				this.#serve();
				reject(abortError(signal));
			});
			this.#waiting.push(waiter);
			this.#onShort();
		});
	}

	#serve(): void {
		for (let next = this.#waiting[0]; next && this.#fits(next.bytes); next = this.#waiting[0]) {
			this.#waiting.shift();
			this.#held += next.bytes;
			next.begin();
		}
		if (this.#waiting.length > 0) this.#onShort();
	}
}
