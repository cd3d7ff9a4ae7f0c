import type { Ports } from "../platform/ports.js";
import type { SessionNote, SessionStore } from "./types.js";

/** Maximum time that an upload waits for a record. */
const PATIENCE_MS = 1_000;
/** Maximum records that one client checks; later clients check the rest. */
const MAX_SWEPT = 50;

/** The upload records of one canister. The methods never throw, and no upload waits long for them. */
export class Notes {
	readonly #store: SessionStore | undefined;
	readonly #canisterId: string;
	readonly #ports: Pick<Ports, "sleep" | "now">;
	/** Records that are being written, by id. */
	readonly #writing = new Map<string, Promise<unknown>>();
	#isSwept = false;

	constructor(store: SessionStore | undefined, canisterId: string, ports: Pick<Ports, "sleep" | "now">) {
		this.#store = store;
		this.#canisterId = canisterId;
		this.#ports = ports;
	}

	/** Recorded uploads to a key, the latest first. */
	async of(key: string): Promise<SessionNote[]> {
		if (!this.#store) return [];
		const over = new AbortController();
		try {
			const late = this.#ports.sleep(PATIENCE_MS, over.signal).then(
				() => [],
				() => [],
			);
			const notes = await Promise.race([this.#store.list(), late]);
			return notes
				.filter((note) => note.canisterId === this.#canisterId && note.key === key)
				.sort((a, b) => b.startedAt - a.startedAt);
		} catch {
			return [];
		} finally {
			over.abort();
		}
	}

	put(note: Omit<SessionNote, "canisterId" | "startedAt">): void {
		const whole = { ...note, canisterId: this.#canisterId, startedAt: this.#ports.now() };
		const name = note.id;
		const written = quietly(() => this.#store?.put(whole)).then(() => this.#writing.delete(name));
		this.#writing.set(name, written);
	}

	/**
	 * Removes the caller's records of uploads that no longer exist: expired ones, and those whose end was not recorded.
	 * Runs once per client, the oldest records first.
	 * @param isGone whether the upload no longer exists in the canister; an exception ends the sweep
	 */
	async sweep(owner: string, isGone: (id: string) => Promise<boolean>): Promise<void> {
		if (!this.#store || this.#isSwept) return;
		this.#isSwept = true;
		try {
			const notes = (await this.#store.list())
				.filter((note) => note.canisterId === this.#canisterId && note.owner === owner)
				.sort((a, b) => a.startedAt - b.startedAt);
			for (const { id } of notes.slice(0, MAX_SWEPT)) if (await isGone(id)) this.remove(id);
		} catch {
			// The next client tries again.
		}
	}

	remove(id: string): void {
		const remove = () => quietly(() => this.#store?.remove({ canisterId: this.#canisterId, id }));
		// Wait for the write to finish: it would otherwise restore the removed record permanently.
		const written = this.#writing.get(id);
		if (written) written.then(remove);
		else remove();
	}
}

/** Ignores failures: a record that was not written is only a hint that is missing. */
async function quietly(act: () => Promise<void> | undefined): Promise<void> {
	try {
		await act();
	} catch {
		// Nothing depends on it.
	}
}
