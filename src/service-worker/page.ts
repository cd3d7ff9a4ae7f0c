import { checkArgument, object } from "../client/arguments.js";
import { type BlobClient, ClientError, type IdentityLike, type Manifest } from "../client/index.js";
import { checkPrincipal } from "../client/options.js";
import { pathOf } from "../http/core/target.js";
import { isInert } from "../protocol/headers.js";
import { delegate } from "./delegate.js";
import { ask, type HelloAnswer, isOurs, type ToWorker } from "./messages.js";

/** Blobs of which store have URLs on a page. */
export interface BlobUrlsOptions {
	/** Reads the store where no worker does. */
	client: BlobClient;
	/** The canister of the client. */
	canisterId: string;
	/** For whom the worker reads on this page. Default: what everybody may read. */
	identity?: IdentityLike | undefined;
	/** Where the store answers HTTP, as in `https://<canister>.icp0.io/`: the way without a worker to public blobs. */
	gateway?: string | undefined;
	/** How long the worker is waited for, in milliseconds. @default 5,000 */
	waitMs?: number | undefined;
}

/** A URL of a blob on this page. */
export interface BlobUrl {
	/** Of this origin, unless a gateway answers it. */
	readonly url: string;
	/**
	 * Who answers it: the service worker, byte by byte verified; a gateway, which verifies too, for public blobs alone; or
	 * the browser, out of all the blob's bytes that were verified and are kept until `release`.
	 */
	readonly via: "worker" | "gateway" | "object";
	/** Gives back what the URL keeps. */
	release(): void;
}

/** How long the worker may read for the page's user until it asks again. */
const DELEGATED_MS = 15 * 60_000;
const DEFAULT_WAIT_MS = 5_000;

/** URLs of a store's blobs on this page, and for whom the service worker reads them. */
export class BlobUrls {
	readonly #client: BlobClient;
	readonly #canister: string;
	readonly #canisterBytes: Uint8Array;
	readonly #gateway: string | undefined;
	readonly #waitMs: number;
	readonly #container: ServiceWorkerContainer | undefined;
	#identity: IdentityLike | undefined;
	#prefix: Promise<string | undefined> | undefined;
	/** Of the store's own URLs. */
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
		// Absent where the page came over plain HTTP, and in some private windows.
		this.#container = navigator.serviceWorker;
		this.#container?.addEventListener("message", this.#onMessage);
		this.#container?.startMessages();
	}

	/**
	 * A URL for `<img>`, `<video>`, `<audio>`, fetch, and links that save it. Waits until the worker controls the page.
	 * Without one: the gateway's for what is public and not encrypted, else that of all its bytes, in memory or where the
	 * browser keeps them. Object URLs of what could run (HTML, SVG) have the type `application/octet-stream`.
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

	/** Asked once: it changes only with the canister's code. */
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

	/** From now on the worker reads for this user on this page. Resolves when it has dropped the one before. */
	async signIn(identity: IdentityLike): Promise<void> {
		this.#identity = identity;
		await this.#forget();
	}

	/** Resolves when the worker has dropped the user's key, and has ended what it was reading with it. */
	async signOut(): Promise<void> {
		this.#identity = undefined;
		await this.#forget();
	}

	/** Ends this page's answers to the worker. */
	close(): void {
		this.#container?.removeEventListener("message", this.#onMessage);
	}

	readonly #onMessage = ({ data, ports }: MessageEvent): void => {
		if (!isOurs(data) || data.canisterBlobs !== "identify" || data.canister !== this.#canister) return;
		void this.#chain(data.publicKey).then((chain) => ports[0]?.postMessage(chain));
	};

	/** Null for nobody: one that cannot delegate, or does not sign now, is as good as none. */
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

	/** What stands before canister and key, once the worker controls the page; undefined where none does. */
	#connected(): Promise<string | undefined> {
		this.#prefix ??= this.#connect().then((prefix) => {
			// A worker may still come.
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

/** Undefined where it takes longer. */
function within<T>(work: Promise<T>, ms: number): Promise<T | undefined> {
	let timer: ReturnType<typeof setTimeout> | undefined;
	const late = new Promise<undefined>((resolve) => {
		timer = setTimeout(() => resolve(undefined), ms);
	});
	return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** An object URL has this page's origin: opened as a page, what it holds must not run. */
function inert(blob: Blob, { contentType }: Manifest): Blob {
	return isInert(contentType) ? blob : blob.slice(0, blob.size, "application/octet-stream");
}
