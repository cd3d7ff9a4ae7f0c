import * as is from "../client/arguments.js";
import { type BlobClient, ClientError } from "../client/node/index.js";
import type { DiskCacheOptions } from "./disk-cache.js";
import type { BlobLinks } from "./links.js";
import type { LogRecord } from "./log.js";

/** A request for a key without a public blob. */
export interface ReadRequest {
	/** The requested key. */
	readonly key: string;
	/** `GET` or `HEAD`. */
	readonly method: string;
	/** A header by its lower-case name. */
	header(name: string): string | undefined;
	/** The query. */
	readonly query: URLSearchParams;
}

/** Options of a `BlobHandler`. */
export interface BlobHandlerOptions {
	/**
	 * Client that reads public blobs. Give it the anonymous identity: then neither responses nor their timing reveal
	 * private blobs to requesters without a right to them.
	 */
	client: BlobClient;
	/**
	 * Client that reads private blobs for authorized requesters: see `mayRead`. It needs a role or a grant to read
	 * them.
	 */
	privateClient?: BlobClient;
	/**
	 * Decides whether a request may read a private blob. Called for every key without a public blob, before the handler
	 * looks for a private one.
	 */
	mayRead?: (request: ReadRequest) => boolean | Promise<boolean>;
	/** Links that are accepted: a requester with a valid link may read its private blob. */
	links?: BlobLinks;
	/** Path before the key. @default "/" */
	prefix?: string;
	/** Cache-Control of public blobs whose metadata does not set it. @default "public, max-age=0, must-revalidate" */
	cacheControl?: string;
	/** Whether HTML, SVG and XML may run scripts on the server's origin. @default false: CSP `sandbox` */
	site?: boolean;
	/** Origin whose pages may read the responses, or `*`. @default none */
	corsOrigin?: string;
	/** How long the proven content of a key stays fresh, in milliseconds. @default 1,000 */
	freshMs?: number;
	/** Maximum size of chunks in memory, for all readers together. @default 134,217,728 (128 MiB) */
	memoryBytes?: number;
	/** Maximum size of cached manifests and hashes in bytes. @default 67,108,864 (64 MiB) */
	indexBytes?: number;
	/** Chunks fetched ahead of a reader. @default 8 */
	readAhead?: number;
	/** Maximum number of concurrent responses with a body; more get 503. @default 1,000 */
	maxReaders?: number;
	/** Maximum number of concurrent look-ups of manifests, each with up to 2 MiB of hashes. @default 32 */
	maxLookups?: number;
	/** Maximum number of ranges in a request; more get 416. @default 16 */
	maxRanges?: number;
	/** Maximum time from request to first byte, in milliseconds; then 504. @default 30,000 */
	firstByteMs?: number;
	/** Cuts a reader that takes nothing for this time, in milliseconds. @default 120,000 */
	stallMs?: number;
	/** Like `stallMs`, while other readers wait for memory. @default 10,000 */
	pressedStallMs?: number;
	/** Cache of chunks on disk, which outlives the process. @default none */
	cache?: DiskCacheOptions;
	/** Called once for each request, when it has ended. */
	log?: (record: LogRecord) => void;
}

/** Options with defaults filled in. */
export type Settings = Required<Omit<BlobHandlerOptions, OptionalNames>> &
	Pick<BlobHandlerOptions, OptionalNames>;
type OptionalNames = "privateClient" | "mayRead" | "links" | "cache" | "corsOrigin" | "log";

const HANDLER: is.Checks<BlobHandlerOptions> = {
	client: is.object,
	privateClient: is.object,
	mayRead: is.callback,
	links: is.object,
	prefix: is.text,
	cacheControl: is.text,
	site: is.flag,
	corsOrigin: is.text,
	freshMs: is.number,
	memoryBytes: is.number,
	indexBytes: is.number,
	readAhead: is.number,
	maxReaders: is.number,
	maxLookups: is.number,
	maxRanges: is.number,
	firstByteMs: is.number,
	stallMs: is.number,
	pressedStallMs: is.number,
	cache: is.object,
	log: is.callback,
};
const CACHE: is.Checks<DiskCacheOptions> = { directory: is.text, maxBytes: is.number, private: is.flag };

const MAX_TIMER_MS = 2 ** 31 - 1;

export const invalid = (option: string, reason: string) =>
	new ClientError("option_invalid", { option, reason });

/** @throws ClientError `option_invalid` */
export function normalise(options: BlobHandlerOptions): Settings {
	is.checkArgument("options", options, is.object);
	is.checkOptions(options, HANDLER);
	is.checkOptions(options.cache, CACHE, "cache");
	const whole = (name: keyof BlobHandlerOptions, otherwise: number, least: number, most: number): number => {
		const value = options[name] ?? otherwise;
		if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) return value;
		throw invalid(name, `it must be a whole number from ${least} to ${most}`);
	};
	const text = (name: keyof BlobHandlerOptions, otherwise: string, valid: RegExp, is: string): string => {
		const value = options[name] ?? otherwise;
		if (typeof value === "string" && valid.test(value)) return value;
		throw invalid(name, `it must be ${is}`);
	};
	const { client, privateClient, mayRead, links, cache, corsOrigin, log } = options;
	if (typeof client?.download !== "function") throw invalid("client", "it must be a BlobClient");
	for (const [name, right] of Object.entries({ mayRead, links }))
		if (right !== undefined && privateClient === undefined)
			throw invalid(name, "without a privateClient there is nothing to be read");
	const ms = (name: keyof BlobHandlerOptions, otherwise: number, least = 1) =>
		whole(name, otherwise, least, MAX_TIMER_MS);
	return {
		client,
		prefix: text("prefix", "/", /^\/(?:[!-~]*\/)?$/, "a path with a slash at both ends"),
		cacheControl: text(
			"cacheControl",
			"public, max-age=0, must-revalidate",
			/^[!-~][ -~]*$/,
			"the value of a header",
		),
		site: options.site ?? false,
		freshMs: ms("freshMs", 1_000, 0),
		memoryBytes: whole("memoryBytes", 2 ** 27, 1, Number.MAX_SAFE_INTEGER),
		indexBytes: whole("indexBytes", 2 ** 26, 1, Number.MAX_SAFE_INTEGER),
		readAhead: whole("readAhead", 8, 1, 1_000),
		maxReaders: whole("maxReaders", 1_000, 1, Number.MAX_SAFE_INTEGER),
		maxLookups: whole("maxLookups", 32, 1, 10_000),
		maxRanges: whole("maxRanges", 16, 1, 1_000),
		firstByteMs: ms("firstByteMs", 30_000),
		stallMs: ms("stallMs", 120_000),
		pressedStallMs: ms("pressedStallMs", 10_000),
		...(privateClient && { privateClient }),
		...(mayRead && { mayRead }),
		...(links && { links }),
		...(cache && { cache }),
		...(corsOrigin !== undefined && {
			corsOrigin: text("corsOrigin", "", /^(?:\*|https?:\/\/[^\s/]+)$/, "an origin, or *"),
		}),
		...(log && { log }),
	};
}
