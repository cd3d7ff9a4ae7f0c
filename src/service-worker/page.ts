import { checkArgument, object } from "../client/arguments.js";
import { type BlobClient, ClientError, type IdentityLike, type Manifest } from "../client/index.js";
import { checkPrincipal } from "../client/options.js";
import { pathOf } from "../http/core/target.js";
import { isInert } from "../protocol/headers.js";
import { delegate } from "./delegate.js";
import { ask, type HelloAnswer, isOurs, type ToWorker } from "./messages.js";

/** Options of `BlobUrls`. */
export interface BlobUrlsOptions {
	/** Client that reads the store if there is no worker. */
	client: BlobClient;
	/** The canister of the client. */
	canisterId: string;
	/** Identity for which the worker reads on this page. @default public blobs only */
	identity?: IdentityLike | undefined;
	/** URL of the store's HTTP gateway, such as `https://<canister>.icp0.io/`: serves public blobs without a worker. */
	gateway?: string | undefined;
	/** How long to wait for the worker, in milliseconds. @default 5,000 */
	waitMs?: number | undefined;
}

/** A URL of a blob on this page. */
export interface BlobUrl {
	/** The URL. On this origin, unless a gateway answers it. */
	readonly url: string;
	/**
	 * What answers the URL: the service worker, which verifies every byte; a gateway, which verifies too, for public
	 * blobs only; or the browser, from the blob's verified bytes, which it keeps until `release`.
	 */
	readonly via: "worker" | "gateway" | "object";
	/** Releases the memory of the URL. */
	release(): void;
}

/** How long a delegation to the worker lasts. Then the worker asks again. */
const DELEGATED_MS = 15 * 60_000;
const DEFAULT_WAIT_MS = 5_000;

/** URLs of a store's blobs on this page, and the user for whom the service worker reads them. */
export class BlobUrls {
	readonly #client: BlobClient;
	readonly #canister: string;
	readonly #canisterBytes: Uint8Array;
	readonly #gateway: string | undefined;
	readonly #waitMs: number;
	readonly #container: ServiceWorkerContainer | undefined;
	#identity: IdentityLike | undefined;
	#prefix: Promise<string | undefined> | undefined;
	/** Path prefix of the store's own URLs. */
	#storePrefix: Promise<string> | undefined;

	/** @throws ClientError `option_invalid` */
	constructor(options: BlobUrlsOptions) {
		checkArgument("options", options, object);
		const { client, canisterId, identity, gateway, waitMs = DEFAULT_WAIT_MS } = options;
		const principal = checkPrincipal("canisterId", canisterId);
		if (typeof client?.download !== "function")
			throw new ClientError("option_invalid", { option: "client", reason: "it must be a BlobClient" });
		this.#client = client;
		this.#canister = principal.toText();
		this.#canisterBytes = principal.toUint8Array();
		this.#identity = identity;
		this.#gateway = gateway;
		this.#waitMs = waitMs;
		// Absent on a page over plain HTTP, and in some private windows.
		this.#container = navigator.serviceWorker;
		this.#container?.addEventListener("message", this.#onMessage);
		this.#container?.startMessages();
	}

	/**
	 * A URL for `<img>`, `<video>`, `<audio>`, fetch, and links that save the blob. Waits until the worker controls the
	 * page. Without a worker: the gateway's URL for a public, unencrypted blob, else an object URL of all its bytes, in
	 * memory or where the browser keeps them. Object URLs of active content (HTML, SVG) have the type
	 * `application/octet-stream`.
	 */
	async blobUrl(key: string): Promise<BlobUrl> {
		const prefix = await this.#connected();
		if (prefix !== undefined) {
			const url = `${prefix}${this.#canister}/${pathOf(key, "")}`;
			return { url, via: "worker", release: () => {} };
		}
		const download = this.#client.download(key);
		if (this.#gateway !== undefined) {
			const { manifest, isOpened } = await download.open();
			if (manifest.visibility === "public" && !isOpened) {
				const url = new URL(pathOf(`${await this.#urlPrefix()}/${key}`, ""), this.#gateway).href;
				return { url, via: "gateway", release: () => {} };
			}
		}
		const url = URL.createObjectURL(inert(await download.blob(), await download.manifest()));
		return { url, via: "object", release: () => URL.revokeObjectURL(url) };
	}

	/** Requested once: it changes only with the canister's code. */
	#urlPrefix(): Promise<string> {
		this.#storePrefix ??= this.#client.mode().then(
			({ urlPrefix }) => urlPrefix,
			(error: unknown) => {
				this.#storePrefix = undefined;
				throw error;
			},
		);
		return this.#storePrefix;
	}

	/** Lets the worker read for this user on this page. Resolves when the worker has dropped the previous user. */
	async signIn(identity: IdentityLike): Promise<void> {
		this.#identity = identity;
		await this.#forget();
	}

	/** Signs out. Resolves when the worker has dropped the user's key and aborted the reads with it. */
	async signOut(): Promise<void> {
		this.#identity = undefined;
		await this.#forget();
	}

	/** Stops answering the worker's questions. */
	close(): void {
		this.#container?.removeEventListener("message", this.#onMessage);
	}

	readonly #onMessage = ({ data, ports }: MessageEvent): void => {
		if (!isOurs(data) || data.canisterBlobs !== "identify" || data.canister !== this.#canister) return;
		void this.#chain(data.publicKey).then((chain) => ports[0]?.postMessage(chain));
	};

	/** Null without a user, or if the identity cannot delegate or does not sign now. */
	async #chain(publicKey: Uint8Array) {
		const identity = this.#identity;
		if (!identity) return null;
		const options = { canister: this.#canisterBytes, untilMs: Date.now() + DELEGATED_MS };
		const chain = await delegate(identity, publicKey, options).catch(() => null);
		return this.#identity === identity ? chain : null;
	}

	async #forget(): Promise<void> {
		const worker = this.#container?.controller;
		if (!worker) return;
		const message: ToWorker = { canisterBlobs: "forget", canister: this.#canister };
		await ask(worker, message, this.#waitMs);
	}

	/** Path before canister and key, once the worker controls the page; undefined without a worker. */
	#connected(): Promise<string | undefined> {
		this.#prefix ??= this.#connect().then((prefix) => {
			// The worker may still be starting.
			if (prefix === undefined)
				this.#container?.addEventListener(
					"controllerchange",
					() => {
						this.#prefix = undefined;
					},
					{ once: true },
				);
			return prefix;
		});
		return this.#prefix;
	}

	async #connect(): Promise<string | undefined> {
		const container = this.#container;
		if (!container) return undefined;
		const endMs = performance.now() + this.#waitMs;
		const left = () => Math.max(0, endMs - performance.now());
		const registration = await within(container.ready, left());
		const worker = registration?.active;
		if (!worker) return undefined;
		const message: ToWorker = { canisterBlobs: "hello", canister: this.#canister };
		const { prefix } = (await ask<HelloAnswer>(worker, message, left())) ?? {};
		if (prefix === undefined || container.controller) return prefix;
		const controlled = new Promise<true>((resolve) => {
			container.addEventListener("controllerchange", () => resolve(true), { once: true });
		});
		return (await within(controlled, left())) ? prefix : undefined;
	}
}

/** Undefined if the work takes longer. */
function within<T>(work: Promise<T>, ms: number): Promise<T | undefined> {
	let timer: ReturnType<typeof setTimeout> | undefined;
	const late = new Promise<undefined>((resolve) => {
		timer = setTimeout(() => resolve(undefined), ms);
	});
	return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** An object URL has this page's origin: opened as a page, its content must not run. */
function inert(blob: Blob, { contentType }: Manifest): Blob {
	return isInert(contentType) ? blob : blob.slice(0, blob.size, "application/octet-stream");
}
