/** The used part of a service worker's global scope: TypeScript cannot combine its types with those of pages. */

/** A page, as seen by its worker. */
export interface PageLike {
	readonly id: string;
	postMessage(message: unknown, transfer: Transferable[]): void;
}

interface ExtendableEventLike extends Event {
	waitUntil(work: Promise<unknown>): void;
}

/** A request of a page. */
export interface FetchEventLike extends ExtendableEventLike {
	readonly request: Request;
	/** Id of the page that makes the request, or contains the link; empty for a navigation from elsewhere. */
	readonly clientId: string;
	respondWith(response: Promise<Response>): void;
}

/** A message of a page. */
export interface MessageEventLike extends ExtendableEventLike {
	readonly data: unknown;
	readonly source: PageLike | null;
	readonly ports: readonly MessagePort[];
}

export interface WorkerScope {
	readonly location: { readonly origin: string };
	readonly clients: {
		get(id: string): Promise<PageLike | undefined>;
		claim(): Promise<void>;
	};
	addEventListener(type: "activate", listener: (event: ExtendableEventLike) => void): void;
	addEventListener(type: "fetch", listener: (event: FetchEventLike) => void): void;
	addEventListener(type: "message", listener: (event: MessageEventLike) => void): void;
}
