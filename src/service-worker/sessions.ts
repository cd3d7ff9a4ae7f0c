import type { IdentityLike } from "../client/index.js";
import { DelegatedIdentity } from "./delegated-identity.js";
import { ask, type SentChain, type ToPage } from "./messages.js";
import type { WorkerScope } from "./scope.js";
import type { Store } from "./store.js";

/** A page that does not answer has no part of this package in it: it reads what is public. */
const PATIENCE_MS = 3_000;

interface Session {
	/** Null for who reads as nobody. */
	readonly store: Promise<Store | null>;
	/** The same once it is known. */
	known?: Store | null;
	isOver: boolean;
}

/** Opens a store for an identity. */
export type OpenStore = (canister: string, identity: IdentityLike) => Promise<Store>;

/**
 * Who reads on which page. All of it is in memory and by the browser's id of the page: two pages with two users never
 * meet, and a worker that was stopped asks each page anew.
 */
export class Sessions {
	readonly #scope: WorkerScope;
	readonly #open: OpenStore;
	/** By page, then by canister. */
	readonly #pages = new Map<string, Map<string, Session>>();

	constructor(scope: WorkerScope, open: OpenStore) {
		this.#scope = scope;
		this.#open = open;
	}

	/** The store as the user of a page reads it, if that is known; undefined where the page must be asked first. */
	known(page: string, canister: string): Store | null | undefined {
		return page === "" ? null : this.#pages.get(page)?.get(canister)?.known;
	}

	/** The same, asked of the page if need be. */
	async of(page: string, canister: string): Promise<Store | null> {
		if (page === "") return null;
		const found = this.#pages.get(page)?.get(canister);
		if (found) return found.store;
		void this.#sweep();
		const session: Session = { store: this.#begin(page, canister), isOver: false };
		this.#sessionsOf(page).set(canister, session);
		try {
			const store = await session.store;
			// Signed out meanwhile.
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

	/** Drops the key, and all that was read with it. */
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

	/** Drops what belongs to pages that are closed. */
	async #sweep(): Promise<void> {
		for (const [page, sessions] of [...this.#pages]) {
			if (await this.#scope.clients.get(page)) continue;
			for (const canister of [...sessions.keys()]) this.forget(page, canister);
		}
	}
}
