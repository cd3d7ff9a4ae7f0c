import { abortError, onAbort, throwIfAborted } from "./abort.js";

/** A limit on bytes held at a time. Requests beyond it wait in order of arrival. */
export class Budget {
	readonly #bytes: number;
	readonly #onShort: () => void;
	#held = 0;
	#waiting: { readonly bytes: number; readonly begin: () => void }[] = [];

	/** @param onShort called whenever a request has to wait */
	constructor(bytes: number, onShort: () => void = () => {}) {
		this.#bytes = bytes;
		this.#onShort = onShort;
	}

	/** Bytes held now. */
	get held(): number {
		return this.#held;
	}

	/** Waits for bytes and takes them. @returns a function that releases them; repeated calls have no effect */
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

	/** A request larger than the budget is granted when nothing else is held. */
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
