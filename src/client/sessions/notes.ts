import type { Ports } from "../platform/ports.js";
import type { SessionNote, SessionStore } from "./types.js";

/** Longer than this no upload waits for a hint. */
const PATIENCE_MS = 1_000;
/** Notes that one client looks after: those that are left over are another's turn. */
const MAX_SWEPT = 50;

/** The notes about one canister's uploads. Nothing here ever throws, or makes anybody wait for long. */
export class Notes {
	readonly #store: SessionStore | undefined;
	readonly #canisterId: string;
	readonly #ports: Pick<Ports, "sleep" | "now">;
	/** Notes that are being written, by id. */
	readonly #writing = new Map<string, Promise<unknown>>();
	#isSwept = false;

	constructor(store: SessionStore | undefined, canisterId: string, ports: Pick<Ports, "sleep" | "now">) {
		this.#store = store;
		this.#canisterId = canisterId;
		this.#ports = ports;
	}

	/** Uploads to a key that are noted, the latest first. */
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
	 * Forgets the caller's notes of uploads that are gone: they expired, or ended where nothing could be noted. Once in
	 * a client's life, the oldest first.
	 * @param isGone whether the canister has an upload no more; one that throws ends the sweep
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
		// Not before the note is there: it would stay for ever.
		const written = this.#writing.get(id);
		if (written) written.then(remove);
		else remove();
	}
}

/** A hint that was not left is a hint that is not found. */
async function quietly(act: () => Promise<void> | undefined): Promise<void> {
	try {
		await act();
	} catch {
		// Nothing depends on it.
	}
}
