import type { IdentityLike } from "../client/index.js";
import { DelegatedIdentity } from "./delegated-identity.js";
import { ask, type SentChain, type ToPage } from "./messages.js";
import type { WorkerScope } from "./scope.js";
import type { Store } from "./store.js";

/** A page that does not answer does not use this package: it reads public blobs. */
const PATIENCE_MS = 3_000;

interface Session {
	/** Null for an anonymous reader. */
	readonly store: Promise<Store | null>;
	/** The same, once it is resolved. */
	known?: Store | null;
	isOver: boolean;
}

/** Opens a store for an identity. */
export type OpenStore = (canister: string, identity: IdentityLike) => Promise<Store>;

/**
 * The user of each page. All state is in memory, by the browser's id of the page: pages with different users share
 * nothing, and a restarted worker asks each page again.
 */
export class Sessions {
	readonly #scope: WorkerScope;
	readonly #open: OpenStore;
	/** Sessions by page, then by canister. */
	readonly #pages = new Map<string, Map<string, Session>>();

	constructor(scope: WorkerScope, open: OpenStore) {
		this.#scope = scope;
		this.#open = open;
	}

	/** The store for the user of a page, if that is known; undefined if the page must be asked first. */
	known(page: string, canister: string): Store | null | undefined {
		return page === "" ? null : this.#pages.get(page)?.get(canister)?.known;
	}

	/** The store for the user of a page. Asks the page if needed. */
	async of(page: string, canister: string): Promise<Store | null> {
		if (page === "") return null;
		const found = this.#pages.get(page)?.get(canister);
		if (found) return found.store;
		void this.#sweep();
		const session: Session = { store: this.#begin(page, canister), isOver: false };
		this.#sessionsOf(page).set(canister, session);
		try {
			const store = await session.store;
			// The user has signed out meanwhile.
			if (session.isOver) {
				store?.end();
				return null;
			}
			session.known = store;
			return store;
		} catch (error) {
			this.forget(page, canister);
			throw error;
		}
	}

	/** Drops the key, and everything that was read with it. */
	forget(page: string, canister: string): void {
		const sessions = this.#pages.get(page);
		const session = sessions?.get(canister);
		if (!sessions || !session) return;
		session.isOver = true;
		session.known?.end();
		sessions.delete(canister);
		if (sessions.size === 0) this.#pages.delete(page);
	}

	async #begin(page: string, canister: string): Promise<Store | null> {
		const identity = await DelegatedIdentity.of(async (publicKey) => {
			const client = await this.#scope.clients.get(page);
			if (!client) return undefined;
			const question: ToPage = { canisterBlobs: "identify", canister, publicKey };
			return ask<SentChain | null>(client, question, PATIENCE_MS);
		});
		return identity ? this.#open(canister, identity) : null;
	}

	#sessionsOf(page: string): Map<string, Session> {
		const found = this.#pages.get(page) ?? new Map<string, Session>();
		this.#pages.set(page, found);
		return found;
	}

	/** Drops the sessions of closed pages. */
	async #sweep(): Promise<void> {
		for (const [page, sessions] of [...this.#pages]) {
			if (await this.#scope.clients.get(page)) continue;
			for (const canister of [...sessions.keys()]) this.forget(page, canister);
		}
	}
}
