import { isBlobError, type VerifiedBlob } from "../client/index.js";
import { hex } from "../client/util/bytes.js";
import type { Header } from "../http/core/headers.js";
import type { FirstPart, Found } from "../http/core/lookups.js";
import { rangesOf } from "../http/core/ranges.js";
import { Body, type ChunkSource } from "../http/core/reader.js";
import { type Plan, represent } from "../http/core/represent.js";
import { MAX_TARGET, targetOf } from "../http/core/target.js";
import type { ChunkCache } from "./chunk-cache.js";
import { decoderOf } from "./decoding.js";
import type { Sessions } from "./sessions.js";
import type { Store } from "./store.js";
import { streamOf } from "./stream.js";
import { type Treatment, treatmentOf } from "./treatment.js";

export interface AnsweringOptions {
	readonly canisters: ReadonlySet<string>;
	readonly prefix: string;
	readonly sessions: Sessions;
	readonly cache: ChunkCache | undefined;
	/** The store as an anonymous caller reads it. */
	publicStore(canister: string): Promise<Store>;
}

/** A blob, and the reader for whom it was found. */
interface Readable {
	readonly store: Store;
	readonly found: Found;
}

const RULES = { cacheControl: "public, max-age=0, must-revalidate", site: false };
const MAX_RANGES = 16;
/** Chunks fetched before the first bytes are known: few, so that a seek fetches little more than it needs. */
const FIRST_CHUNKS = 2;
const READ_AHEAD = 4;

/** Headers of every response: opened as a page, it runs nothing and loads nothing. */
const CONFINED: readonly Header[] = [
	["Content-Security-Policy", "default-src 'none'; sandbox"],
	["X-Content-Type-Options", "nosniff"],
	["Cross-Origin-Resource-Policy", "same-origin"],
];
const CONDITIONS = ["if-match", "if-none-match", "if-modified-since", "if-unmodified-since"];

/** Answers the requests of pages. */
export class Answering {
	readonly #options: AnsweringOptions;

	constructor(options: AnsweringOptions) {
		this.#options = options;
	}

	/** Responds with a network error if the network fails or a response does not verify. */
	async answer(request: Request, page: string, until: (done: Promise<void>) => void): Promise<Response> {
		const response = await this.#answer(request, page, until);
		if (request.method !== "HEAD" || response.body === null) return response;
		// The browser passes a worker's response on unchanged, so a response to HEAD must not have a body.
		const { status, headers } = response;
		return new Response(null, { status, headers });
	}

	async #answer(request: Request, page: string, until: (done: Promise<void>) => void): Promise<Response> {
		const treatment = treatmentOf(request);
		if (treatment === "refused") return plain(403, "Blobs are not pages, scripts or styles of this origin.");
		if (request.method !== "GET" && request.method !== "HEAD")
			return plain(405, "Only GET and HEAD.", [["Allow", "GET, HEAD"]]);
		if (request.url.length > MAX_TARGET) return plain(414, "The path is too long.");
		const [canister = "", ...rest] = (targetOf(request.url, this.#options.prefix).key ?? "").split("/");
		if (!this.#options.canisters.has(canister) || rest.length === 0) return absent();
		try {
			return await this.#blob(request, { canister, key: rest.join("/"), page, treatment, until });
		} catch {
			return Response.error();
		}
	}

	async #blob(request: Request, target: Target): Promise<Response> {
		for (let attempt = 1; ; attempt++) {
			const readable = await this.#find(request, target);
			if (readable === undefined) return absent();
			try {
				return await this.#represent(request, readable, target);
			} catch (error) {
				// The blob was replaced just now, so its first bytes no longer exist.
				const isOld = isBlobError(error, "blob_replaced") || isBlobError(error, "blob_not_found");
				if (!isOld || attempt > 1) throw error;
				readable.store.lookups.forget(target.key);
			}
		}
	}

	/** Finds a blob for the page's user. While the user is unknown, public blobs need not wait. */
	async #find(request: Request, { canister, key, page }: Target): Promise<Readable | undefined> {
		const { sessions } = this.#options;
		const find = async (store: Store): Promise<Readable | undefined> => {
			const found = await store.lookups.find(key, this.#wantedOf(request));
			return found && { store, found };
		};
		const known = sessions.known(page, canister);
		if (known) return find(known);
		const early = this.#options.publicStore(canister).then(find);
		if (known === null) return early;
		const hit = new Promise<Readable>((resolve) => {
			early.then(
				(readable) => readable?.found.manifest.visibility === "public" && resolve(readable),
				// Its failure is reported if the page has no user.
				() => {},
			);
		});
		const own = sessions.of(page, canister).then((store) => (store ? find(store) : early));
		return Promise.race([hit, own]);
	}

	/**
	 * What to fetch together with the proof: the hashes, and the first chunks unless a condition or the cache makes
	 * them unnecessary.
	 */
	#wantedOf({ method, headers }: Request): boolean | FirstPart {
		if (method !== "GET") return false;
		if (CONDITIONS.some((name) => headers.has(name))) return true;
		const range = headers.get("range");
		return {
			most: FIRST_CHUNKS,
			of: ({ size, root, chunkBytes }) => {
				const wanted = range === null ? undefined : rangesOf(range, size, MAX_RANGES);
				if (wanted?.kind === "refused") return undefined;
				const span = wanted?.kind === "parts" ? wanted.spans[0]! : { start: 0, end: size };
				const index = Math.floor(span.start / chunkBytes);
				const bytes = Math.min(chunkBytes, size - index * chunkBytes);
				return this.#options.cache?.has(root, index, bytes) ? undefined : span;
			},
		};
	}

	async #represent(request: Request, { store, found }: Readable, target: Target): Promise<Response> {
		const { manifest } = found;
		const isPrivate = manifest.visibility !== "public";
		const decoder = decoderOf(manifest.metadata["content-encoding"]);
		const header = (name: string) =>
			// Ranges count stored bytes, which do not match the decoded bytes of the response.
			decoder && name === "range" ? undefined : (request.headers.get(name) ?? undefined);
		const options = { isPrivate, rules: RULES, maxRanges: MAX_RANGES, nowMs: Date.now() };
		const outcome = represent({ method: request.method, header }, manifest, options);
		if (!("segments" in outcome)) {
			const { status, headers } = outcome;
			return status === 304
				? new Response(null, { status, headers: headersOf(headers) })
				: plain(status, "A condition or the range of the request does not hold.", headers);
		}
		const headers = headersOf(outcome.headers);
		if (target.treatment === "attachment") headers.set("Content-Disposition", attachmentOf(headers));
		if (decoder) {
			headers.delete("Content-Encoding");
			headers.delete("Content-Length");
			headers.set("Accept-Ranges", "none");
		}
		const { status } = outcome;
		if (outcome.segments.length === 0) return new Response(null, { status, headers });
		const stream = await this.#body({ store, found }, isPrivate, outcome, target);
		return new Response(decoder ? stream.pipeThrough(decoder) : stream, { status, headers });
	}

	/** Fetches and verifies the first bytes before it returns. */
	async #body(
		{ store, found }: Readable,
		isPrivate: boolean,
		{ segments }: Plan,
		{ until }: Target,
	): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
		const blob = await found.blob();
		const source = this.#source(blob, isPrivate);
		const body = new Body(source, segments, { memory: store.memory, readAhead: READ_AHEAD });
		store.readers.add(body);
		const end = () => {
			store.readers.remove(body);
			blob.endEarly();
		};
		try {
			await body.prepare();
			store.signal.throwIfAborted();
		} catch (error) {
			end();
			throw error;
		}
		return streamOf(body, { signal: store.signal, end, until });
	}

	/** The reader has just been shown the manifest, so cached chunks need no further check of rights. */
	#source(blob: VerifiedBlob, isPrivate: boolean): ChunkSource {
		const cache = isPrivate || blob.isOpened ? undefined : this.#options.cache;
		const { root } = blob.manifest;
		const rootName = hex(root);
		return {
			blob,
			nameOf: (index) => `${rootName}-${index}`,
			load: async (index, signal) => {
				const { start, end } = blob.range(index);
				const kept = await cache?.read(root, index, end - start);
				if (kept && (await blob.matches(index, kept))) return kept;
				if (kept) cache?.remove(root, index, end - start);
				const bytes = await blob.chunk(index, signal);
				cache?.write(root, index, bytes);
				return bytes;
			},
		};
	}
}

interface Target {
	readonly canister: string;
	readonly key: string;
	/** The browser's id of the requesting page; empty for a navigation from elsewhere. */
	readonly page: string;
	readonly treatment: Treatment;
	readonly until: (done: Promise<void>) => void;
}

function headersOf(all: readonly Header[]): Headers {
	const headers = new Headers(all.map(([name, value]): [string, string] => [name, value]));
	for (const [name, value] of CONFINED) headers.set(name, value);
	return headers;
}

/** An attachment, whatever disposition the store sends; keeps its file name. */
function attachmentOf(headers: Headers): string {
	const named = headers.get("Content-Disposition") ?? "";
	const at = named.indexOf(";");
	return at < 0 ? "attachment" : `attachment${named.slice(at)}`;
}

function plain(status: number, text: string, more: readonly Header[] = []): Response {
	const headers = headersOf([...more, ["Cache-Control", "no-store"], ["Content-Type", "text/plain"]]);
	headers.set("Cache-Control", "no-store");
	return new Response(`${text}\n`, { status, headers });
}

const absent = (): Response => plain(404, "There is no such blob, or it is not for you.");
