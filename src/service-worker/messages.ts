/** Messages between page and worker. Every question carries a port for its answer. */

/** A delegation in plain form: the fields of the interface specification, without classes of any package. */
export interface SentDelegation {
	readonly delegation: {
		readonly pubkey: Uint8Array;
		/** Nanoseconds since 1970. */
		readonly expiration: bigint;
		readonly targets?: readonly Uint8Array[] | undefined;
	};
	readonly signature: Uint8Array;
}

/** A chain of delegations, from the user's public key to the worker's. */
export interface SentChain {
	readonly publicKey: Uint8Array;
	readonly delegations: readonly SentDelegation[];
}

/** A message from a page to its worker. */
export type ToWorker =
	/** Asks whether the worker answers for a canister: `HelloAnswer`. */
	| { readonly canisterBlobs: "hello"; readonly canister: string }
	/** Drops everything that the worker holds for this page's identity. Answered when that is done. */
	| { readonly canisterBlobs: "forget"; readonly canister: string };

export interface HelloAnswer {
	/** Path before the key; undefined if the worker does not answer for the canister. */
	readonly prefix: string | undefined;
}

/** A worker's question to a page: the user that it reads for. Answered with a chain, or null without a user. */
export interface ToPage {
	readonly canisterBlobs: "identify";
	readonly canister: string;
	/** The worker's key for this page, in DER. */
	readonly publicKey: Uint8Array;
}

export const isOurs = (data: unknown): data is ToWorker | ToPage =>
	typeof data === "object" && data !== null && "canisterBlobs" in data;

/** Asks the other side. @returns undefined if it does not answer in time */
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
