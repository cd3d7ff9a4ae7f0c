/** What is used of a service worker's global scope: TypeScript has its types and those of pages not side by side. */

/** A page, as its worker sees it. */
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
	/** Of the page that asks, or that a link is on; empty for a navigation from elsewhere. */
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
