import * as is from "../client/arguments.js";
import { type BlobClient, ClientError } from "../client/node/index.js";
import type { DiskCacheOptions } from "./disk-cache.js";
import type { BlobLinks } from "./links.js";
import type { LogRecord } from "./log.js";

/** A request for a blob that is not public, or not there. */
export interface ReadRequest {
	/** The key that it names. */
	readonly key: string;
	/** `GET` or `HEAD`. */
	readonly method: string;
	/** A header of it, by its name in lower case. */
	header(name: string): string | undefined;
	/** Its query. */
	readonly query: URLSearchParams;
}

/** How blobs are served. */
export interface BlobHandlerOptions {
	/**
	 * Reads public blobs. Give it the anonymous identity: then nothing of private blobs can show to who has no right to
	 * them, not even by how long an answer takes.
	 */
	client: BlobClient;
	/** Reads private blobs, for who may: see `mayRead`. It needs a role or a grant that reads them. */
	privateClient?: BlobClient;
	/**
	 * Who may read a private blob. Asked for every key that holds no public blob, before it is known whether it holds
	 * anything.
	 */
	mayRead?: (request: ReadRequest) => boolean | Promise<boolean>;
	/** Whose links are accepted: who has one may read the private blob that it is to. */
	links?: BlobLinks;
	/** What stands before the key in a path. @default "/" */
	prefix?: string;
	/** Cache-Control of public blobs whose metadata name none. @default "public, max-age=0, must-revalidate" */
	cacheControl?: string;
	/** Whether HTML, SVG and XML may run scripts, on the origin of this server. @default false: CSP `sandbox` */
	site?: boolean;
	/** The origin whose pages may read the answers, or `*`. @default none */
	corsOrigin?: string;
	/** How long what a key holds, once proven, is not asked for again, in milliseconds. @default 1,000 */
	freshMs?: number;
	/** Bytes of chunks in memory at a time, of all readers together. @default 134,217,728 (128 MiB) */
	memoryBytes?: number;
	/** Bytes of manifests and hashes that are remembered. @default 67,108,864 (64 MiB) */
	indexBytes?: number;
	/** Chunks asked for ahead of a reader. @default 8 */
	readAhead?: number;
	/** Answers with a body under way at a time; more get 503. @default 1,000 */
	maxReaders?: number;
	/** Questions for manifests under way at a time, each with up to 2 MiB of hashes. @default 32 */
	maxLookups?: number;
	/** Ranges of one request; more get 416. @default 16 */
	maxRanges?: number;
	/** How long the network may take until the first byte, in milliseconds; then 504. @default 30,000 */
	firstByteMs?: number;
	/** A reader that takes nothing for so long, in milliseconds, is cut. @default 120,000 */
	stallMs?: number;
	/** The same while others wait for memory. @default 10,000 */
	pressedStallMs?: number;
	/** Chunks on disk, for later processes too. @default none */
	cache?: DiskCacheOptions;
	/** Called once for each request, when it has ended. */
	log?: (record: LogRecord) => void;
}

/** The same with every choice made. */
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
