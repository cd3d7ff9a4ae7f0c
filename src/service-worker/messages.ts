/** What page and worker say to each other. Every question brings a port for its answer. */

/** A delegation as it is sent: the interface specification's, without classes of any package. */
export interface SentDelegation {
	readonly delegation: {
		readonly pubkey: Uint8Array;
		/** Nanoseconds since 1970. */
		readonly expiration: bigint;
		readonly targets?: readonly Uint8Array[] | undefined;
	};
	readonly signature: Uint8Array;
}

/** Who signs for whom: from the user's public key to that of the worker. */
export interface SentChain {
	readonly publicKey: Uint8Array;
	readonly delegations: readonly SentDelegation[];
}

/** From a page to its worker. */
export type ToWorker =
	/** Whether the worker answers for a canister: `HelloAnswer`. */
	| { readonly canisterBlobs: "hello"; readonly canister: string }
	/** Drops what the worker has of this page's identity: answered when that is done. */
	| { readonly canisterBlobs: "forget"; readonly canister: string };

export interface HelloAnswer {
	/** What stands before the key in a path; undefined where the worker does not answer for the canister. */
	readonly prefix: string | undefined;
}

/** From a worker to a page: for whom it reads there. Answered with a chain, or with null for nobody. */
export interface ToPage {
	readonly canisterBlobs: "identify";
	readonly canister: string;
	/** The worker's key for this page, in DER. */
	readonly publicKey: Uint8Array;
}

export const isOurs = (data: unknown): data is ToWorker | ToPage =>
	typeof data === "object" && data !== null && "canisterBlobs" in data;

/** Asks the other side. @returns undefined where it does not answer in time */
export function ask<Answer>(
	to: { postMessage(message: unknown, transfer: Transferable[]): void },
	message: ToWorker | ToPage,
	patienceMs: number,
): Promise<Answer | undefined> {
	const { port1, port2 } = new MessageChannel();
	return new Promise((resolve) => {
		const end = (answer?: Answer) => {
			clearTimeout(timer);
			port1.close();
			resolve(answer);
		};
		const timer = setTimeout(() => end(), patienceMs);
		port1.onmessage = ({ data }: MessageEvent<Answer>) => end(data);
		to.postMessage(message, [port2]);
	});
}
