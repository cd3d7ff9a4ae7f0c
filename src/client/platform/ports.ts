import type { RequestEvent } from "../call/request-event.js";

/** SHA-256 of bytes, at once or later: node:crypto answers at once, WebCrypto does not. */
export type Sha256 = (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>;

/** Whether a BLS signature of a certificate is good. @throws where key or signature is no point of its curve */
export type BlsVerify = (
	key: Uint8Array,
	signature: Uint8Array,
	message: Uint8Array,
) => boolean | Promise<boolean>;

/** The part of a request's options that depends on its body. */
export interface RequestBody {
	/** What fetch sends. */
	readonly body: BodyInit;
	/** Goes with a stream. */
	readonly duplex?: "half" | undefined;
	/** Added to those of the request. */
	readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** A channel of diagnostics, in the shape that Node has them. */
export interface RequestChannel {
	/** Whether anybody listens. */
	readonly hasSubscribers: boolean;
	/** Tells them of a `RequestEvent`. */
	publish(request: RequestEvent): void;
}

/** Whether an Ed25519 signature is that of a message under a public key of 32 bytes; false for what is no key. */
export type Ed25519Verify = (key: Uint8Array, signature: Uint8Array, message: Uint8Array) => boolean;

/** What the client takes from the platform it runs on. */
export interface Ports {
	/** The platform's fastest. */
	readonly sha256: Sha256;
	/** Checks a certificate's signature; in a page by a worker. */
	readonly blsVerify: BlsVerify;
	/** Checks a node's signature: the platform's own, which takes a tenth of the library's time. @default the library */
	readonly ed25519Verify?: Ed25519Verify;
	/**
	 * A request's body in the form that the platform's fetch takes best, once for each request.
	 * @param isPlatformFetch false where the application brought a fetch of its own
	 */
	readonly requestBody: (bytes: Uint8Array<ArrayBuffer>, isPlatformFetch: boolean) => RequestBody;
	/** Cryptographically strong random bytes. */
	readonly randomBytes: (count: number) => Uint8Array;
	/** What is told of each request, while it has subscribers; in Node the channel `canister-blobs:request`. */
	readonly requests?: RequestChannel | undefined;
	/** Milliseconds since 1970. */
	readonly now: () => number;
	/** Milliseconds of a clock that is never set; only differences count. */
	readonly monotonic: () => number;
	/** From 0 (included) to 1 (excluded); only jitter depends on it. */
	readonly random: () => number;
	/** The media type that files of such a name have, where the platform is left to guess it; a browser's Files say theirs. */
	readonly mediaTypeOfName: (name: string) => string | undefined;
	/** False where the platform knows that it has no network: attempts then do not count. */
	readonly isOnline: () => boolean;
	/** Resolves after this time, or sooner when there is a network again; rejects with an `aborted` error as soon as the signal fires. */
	readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
}
