import * as is from "../client/arguments.js";
import { type BlobClient, ClientError, type IdentityLike } from "../client/index.js";
import { checkPrincipal } from "../client/options.js";
import { Answering } from "./answering.js";
import { ChunkCache } from "./chunk-cache.js";
import { type HelloAnswer, isOurs } from "./messages.js";
import type { FetchEventLike, MessageEventLike, WorkerScope } from "./scope.js";
import { Sessions } from "./sessions.js";
import { Store, type StoreBounds } from "./store.js";

/** A store that a service worker reads, and the identity for it. */
export interface WorkerStore {
	/** Canister id as text. */
	readonly canisterId: string;
	/** Identity for the client's option `identity`; undefined to read public blobs. */
	readonly identity: IdentityLike | undefined;
}

/** Options of `serveBlobs`. */
export interface BlobWorkerOptions {
	/** The canisters whose blobs are served. Paths of others get 404. */
	canisters: readonly string[];
	/** Makes the client that reads a store. With its option `encryption` the worker decrypts blobs. */
	client(store: WorkerStore): BlobClient | Promise<BlobClient>;
	/** Path before canister and key. @default "/blobs/" */
	prefix?: string | undefined;
	/**
	 * Maximum size of chunks in memory: for all public blobs, and for each signed-in page. @default 33,554,432 (32 MiB)
	 */
	memoryBytes?: number | undefined;
	/** Maximum size of public chunks in the browser's Cache Storage; 0 disables it. @default 268,435,456 (256 MiB) */
	cacheBytes?: number | undefined;
	/** Name of the cache. @default "canister-blobs" */
	cacheName?: string | undefined;
}

const INDEX_BYTES = 8 * 2 ** 20;

const invalid = (option: string, reason: string) => new ClientError("option_invalid", { option, reason });

function bytesOf(option: string, value: number, least: number): number {
	if (Number.isSafeInteger(value) && value >= least) return value;
	throw invalid(option, `it must be a whole number from ${least}`);
}

/**
 * Answers requests for blobs in a service worker. Call it once, when the worker's script is evaluated. Requests for
 * other paths are left to other listeners.
 * @throws ClientError `option_invalid`
 */
export function serveBlobs(options: BlobWorkerOptions): void {
	is.checkArgument("options", options, is.object);
	is.checkArgument("canisters", options.canisters, is.array);
	is.checkArgument("client", options.client, is.callback);
	const { canisters, client, prefix = "/blobs/", cacheName = "canister-blobs" } = options;
	const memoryBytes = bytesOf("memoryBytes", options.memoryBytes ?? 2 ** 25, 1);
	const cacheBytes = bytesOf("cacheBytes", options.cacheBytes ?? 2 ** 28, 0);
	if (!/^\/(?:[!-~]+\/)$/.test(prefix))
		throw invalid("prefix", "it must be a path with a slash at both ends");
	const known = new Set(canisters.map((canister) => checkPrincipal("canisters", canister).toText()));
	const scope = globalThis as unknown as WorkerScope;

	const bounds: StoreBounds = { memoryBytes, indexBytes: INDEX_BYTES };
	const open = async (canisterId: string, identity: IdentityLike | undefined) =>
		new Store(await client({ canisterId, identity }), bounds);
	const opened = new Map<string, Promise<Store>>();
	const publicStore = (canister: string): Promise<Store> => {
		const store = opened.get(canister) ?? open(canister, undefined);
		opened.set(canister, store);
		store.catch(() => opened.delete(canister));
		return store;
	};
	const sessions = new Sessions(scope, open);
	const cache = cacheBytes > 0 ? new ChunkCache(cacheName, prefix, cacheBytes) : undefined;
	const answering = new Answering({ canisters: known, prefix, sessions, cache, publicStore });

	// Also serves pages that were open before the worker.
	scope.addEventListener("activate", (event) => event.waitUntil(scope.clients.claim()));
	scope.addEventListener("fetch", (event: FetchEventLike) => {
		const { origin, pathname } = new URL(event.request.url);
		if (origin !== scope.location.origin || !pathname.startsWith(prefix)) return;
		let finish = () => {};
		const whole = new Promise<void>((resolve) => {
			finish = resolve;
		});
		event.waitUntil(whole);
		let isStreaming = false;
		const until = (done: Promise<void>) => {
			isStreaming = true;
			void done.then(finish);
		};
		event.respondWith(
			answering.answer(event.request, event.clientId, until).finally(() => {
				if (!isStreaming) finish();
			}),
		);
	});
	scope.addEventListener("message", (event: MessageEventLike) => {
		const { data, source, ports } = event;
		if (!source || !isOurs(data) || data.canisterBlobs === "identify") return;
		if (data.canisterBlobs === "forget") {
			sessions.forget(source.id, data.canister);
			ports[0]?.postMessage(true);
			return;
		}
		const answer: HelloAnswer = { prefix: known.has(data.canister) ? prefix : undefined };
		// A page that was loaded past the worker is not controlled, although the worker is active.
		const claimed = scope.clients.claim().catch(() => {});
		event.waitUntil(claimed.then(() => ports[0]?.postMessage(answer)));
	});
}
