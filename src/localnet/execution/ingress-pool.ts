/** Accepted ingress messages that wait for a block, in order of arrival. */
import type { Settings } from "../conditions/conditions.js";
import type { Ingress } from "./subnet.js";

export class IngressPool {
	readonly #messages: Ingress[] = [];
	#bytes = 0;

	constructor(readonly settings: () => Settings) {}

	get size(): number {
		return this.#messages.length;
	}

	hasRoomFor(bytes: number): boolean {
		return this.#bytes + bytes <= this.settings().poolBytes;
	}

	add(ingress: Ingress): void {
		this.#messages.push(ingress);
		this.#bytes += ingress.bytes;
	}

	/** Takes the messages of one block. A message larger than a block gets a block alone, or it would wait forever. */
	takeBlock(): Ingress[] {
		const { blockIngressBytes, blockIngressMessages } = this.settings();
		let bytes = 0;
		let count = 0;
		for (const message of this.#messages) {
			const isFull = count > 0 && bytes + message.bytes > blockIngressBytes;
			if (isFull || count === blockIngressMessages) break;
			bytes += message.bytes;
			count++;
		}
		this.#bytes -= bytes;
		return this.#messages.splice(0, count);
	}
}
