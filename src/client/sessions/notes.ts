import type { Ports } from "../ports.js";
import type { SessionNote, SessionStore } from "./types.js";

/** Longer than this no upload waits for a hint. */
const PATIENCE_MS = 1_000;

/** The notes about one canister's uploads. Nothing here ever throws, or makes anybody wait for long. */
export class Notes {
	readonly #store: SessionStore | undefined;
	readonly #canisterId: string;
	readonly #ports: Pick<Ports, "sleep" | "now">;

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
		quietly(() => this.#store?.put(whole));
	}

	remove(id: Uint8Array): void {
		quietly(() => this.#store?.remove({ canisterId: this.#canisterId, id }));
	}
}

function quietly(act: () => Promise<void> | undefined): void {
	try {
		act()?.catch(() => {});
	} catch {
		// A hint that was not left is a hint that is not found.
	}
}
