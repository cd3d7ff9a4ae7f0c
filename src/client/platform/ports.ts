import type { RequestEvent } from "../call/request-event.js";

/** SHA-256 of bytes, synchronous (node:crypto) or asynchronous (WebCrypto). */
export type Sha256 = (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>;

/** Whether the BLS signature of a certificate is valid. @throws if key or signature is not a point of its curve */
export type BlsVerify = (
	key: Uint8Array,
	signature: Uint8Array,
	message: Uint8Array,
) => boolean | Promise<boolean>;

/** The part of fetch's options that depends on the body. */
export interface RequestBody {
	/** The body for fetch. */
	readonly body: BodyInit;
	/** Required by fetch for a stream. */
	readonly duplex?: "half" | undefined;
	/** Headers to add to the request's. */
	readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** A diagnostics channel, in the shape of Node's. */
export interface RequestChannel {
	/** Whether the channel has subscribers. */
	readonly hasSubscribers: boolean;
	/** Publishes a `RequestEvent`. */
	publish(request: RequestEvent): void;
}

/** Whether an Ed25519 signature is valid for a message under a public key of 32 bytes; false for an invalid key. */
export type Ed25519Verify = (key: Uint8Array, signature: Uint8Array, message: Uint8Array) => boolean;

/** The functions that the client takes from its platform. */
export interface Ports {
	/** The fastest implementation of the platform. */
	readonly sha256: Sha256;
	/** Verifies the signature of a certificate; in a page by a worker. */
	readonly blsVerify: BlsVerify;
	/**
	 * Verifies a node's signature by the platform's own implementation, which is faster than the library's. @default
	 * the library
	 */
	readonly ed25519Verify?: Ed25519Verify;
	/**
	 * Builds a request's body in the form that the platform's fetch handles best. Called once per request.
	 * @param isPlatformFetch false if the application supplied its own fetch
	 */
	readonly requestBody: (bytes: Uint8Array<ArrayBuffer>, isPlatformFetch: boolean) => RequestBody;
	/** Cryptographically strong random bytes. */
	readonly randomBytes: (count: number) => Uint8Array;
	/** Channel for request events; in Node `canister-blobs:request`. */
	readonly requests?: RequestChannel | undefined;
	/** Milliseconds since 1970. */
	readonly now: () => number;
	/** Milliseconds of a monotonic clock; only differences matter. */
	readonly monotonic: () => number;
	/** From 0 (included) to 1 (excluded); used for jitter only. */
	readonly random: () => number;
	/** The media type for a file name, on platforms that must guess it; a browser's File has its own type. */
	readonly mediaTypeOfName: (name: string) => string | undefined;
	/** False if the platform knows that it is offline: attempts then do not count. */
	readonly isOnline: () => boolean;
	/**
	 * Resolves after this time, or earlier when the network is back; rejects with an `aborted` error when the signal
	 * fires.
	 */
	readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
}
