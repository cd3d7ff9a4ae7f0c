import { callback, checkArgument } from "../arguments.js";
import { notify } from "./notify.js";

type Listener = (value: never) => void;

/** Listeners by event. An exception in one does not affect the others. */
export class Emitter<Events> {
	readonly #listeners = new Map<keyof Events, Set<Listener>>();

	/**
	 * @returns a function that unsubscribes
	 * @throws ClientError `option_invalid` if the listener is not a function; it would otherwise fail at the first
	 * event
	 */
	on<Name extends keyof Events>(event: Name, listener: (value: Events[Name]) => void): () => void {
		checkArgument("listener", listener, callback);
		const listeners = this.#listeners.get(event) ?? new Set();
		this.#listeners.set(event, listeners.add(listener));
		return () => listeners.delete(listener);
	}

	has(event: keyof Events): boolean {
		return (this.#listeners.get(event)?.size ?? 0) > 0;
	}

	emit<Name extends keyof Events>(event: Name, value: Events[Name]): void {
		for (const listener of this.#listeners.get(event) ?? []) notify(listener, value as never);
	}
}
