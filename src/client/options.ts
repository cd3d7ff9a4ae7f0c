import { MAX_CHUNK_BYTES, MIN_CHUNK_BYTES, Principal, type WirePrincipal } from "../protocol/index.js";
import * as is from "./arguments.js";
import { checkArgument, invalidOption } from "./arguments.js";
import type { AgentLike, IdentityLike, PrincipalTextLike } from "./call/agent.js";
import type { RetryPolicy } from "./call/retry.js";
import type { BlobEncryption } from "./encryption.js";
import type { ConcurrencyRange } from "./lane/concurrency.js";
import type { Ports } from "./platform/ports.js";
import type { SessionStore } from "./sessions/types.js";
import { MAX_TIMER_MS } from "./util/abort.js";

/** Limits on the retries of a request. */
export interface RetryOptions {
	/**
	 * Maximum attempts of one request, the first included. Attempts while a browser is offline do not count. Default
	 * 10.
	 */
	maxAttempts?: number | undefined;
	/**
	 * Milliseconds after the first attempt in which further attempts may begin. Default 300,000 (5 minutes), at most
	 * 600,000.
	 */
	deadlineMs?: number | undefined;
	/** Longest wait before the second attempt, in milliseconds; it doubles with each further one. Default 500. */
	baseDelayMs?: number | undefined;
	/**
	 * Longest wait before any attempt, in milliseconds, unless the network asks for more (Retry-After). Default 20,000.
	 */
	maxDelayMs?: number | undefined;
}

/** One value for uploads and one for downloads. */
export interface PerDirection {
	/** For all uploads of the client together. */
	uploads?: number | undefined;
	/** For all downloads of the client together. */
	downloads?: number | undefined;
}

/** Options of a `BlobClient`. */
export interface BlobClientOptions {
	/** An HttpAgent of @dfinity/agent or of @icp-sdk/core. The client uses its identity, host, root key and fetch. */
	agent: AgentLike;
	/** The canister that runs the blob store, as a Principal of either package or as text. */
	canisterId: PrincipalLike;
	/**
	 * True only for a local test network: the client fetches the root key from it and trusts any key it gets. Default
	 * false.
	 */
	localNetwork?: boolean | undefined;
	/**
	 * The identity that signs. Default: the identity that the agent was made with. Required after
	 * `agent.replaceIdentity`.
	 */
	identity?: IdentityLike | undefined;
	/**
	 * The owner for whom the caller acts by a link (`canister-blobs/owners`): what the caller publishes belongs to that
	 * owner. Default: the caller itself.
	 */
	actsFor?: PrincipalLike | undefined;
	/**
	 * Maximum chunks in flight, for all uploads together and for all downloads together. Below it concurrency adapts to
	 * the network (docs/CONCURRENCY.md).
	 * @default 12 for uploads, 32 for downloads
	 */
	concurrency?: PerDirection | undefined;
	/**
	 * Minimum of the adaptive limit on chunks in flight.
	 * @default 2 for both, or `concurrency` if that is less
	 */
	minConcurrency?: PerDirection | undefined;
	/**
	 * Bytes of its source that an upload holds at most (all files of `uploadMany` together), and bytes that a download
	 * has in flight or waiting to be read. A process needs about twice as much for an upload.
	 * @default 16,777,216: 8 chunks of 2 MiB
	 */
	memoryBytes?: number | undefined;
	/**
	 * Bytes of a chunk in new uploads, from 65,536 to 2,080,768. It also bounds every message that carries bytes or
	 * keys, such as single calls and packs; a signature of up to 16 KiB is added. If a proxy refuses a message as too
	 * large (HTTP 413), the client halves it.
	 * @default 2,080,768 (2 MiB less 16 KiB)
	 */
	chunkBytes?: number | undefined;
	/** Timeout of one HTTP exchange in milliseconds, its 2 MiB included. At most 2,147,483,647. Default 120,000. */
	requestTimeoutMs?: number | undefined;
	/** Limits on the retries of requests that failed for a temporary reason. */
	retry?: RetryOptions | undefined;
	/**
	 * Where the client records uploads in progress, each with its `handle`, so that an application finds them after a
	 * reload or a crash: `indexedDbSessions()`, in Node `fileSessions(directory)`. Without it nothing is recorded;
	 * resuming an upload needs only its source and key.
	 */
	sessions?: SessionStore | undefined;
	/**
	 * Encrypts uploads and decrypts reads: an `Encryption` of `canister-blobs/encryption`.
	 * @default no encryption
	 */
	encryption?: BlobEncryption | undefined;
	/** Hash function, clock and randomness instead of the platform's. */
	ports?: Partial<Ports> | undefined;
}

/** The options with all defaults applied. */
export interface Settings {
	readonly agent: AgentLike;
	readonly canisterId: WirePrincipal;
	readonly localNetwork: boolean;
	readonly identity: IdentityLike | undefined;
	readonly actsFor: WirePrincipal | undefined;
	/** One limiter for all uploads together, and one for all downloads together. */
	readonly concurrency: Readonly<Record<Direction, ConcurrencyRange>>;
	readonly memoryBytes: number;
	readonly chunkBytes: number;
	readonly requestTimeoutMs: number;
	readonly retry: RetryPolicy;
	readonly encryption: BlobEncryption | undefined;
	readonly ports: Ports;
}

/** Direction of the bytes. */
export type Direction = "upload" | "download";

const DEFAULT_CONCURRENCY: Readonly<Record<Direction, number>> = { upload: 12, download: 32 };
/** A refused query costs little; a refused chunk was sent in vain. So uploads start more slowly. */
const START_GROWTH: Readonly<Record<Direction, number>> = { upload: 1.5, download: 2 };
const DEFAULT_MIN_CONCURRENCY = 2;
/** 8 chunks fill blocks nearly as well as 12, and a process holds a third less. */
const DEFAULT_MEMORY_BYTES = 8 * 2 ** 21;

/**
 * A receipt lasts 15 minutes, and the last attempt may itself take 5 more; a later attempt could make the change twice.
 */
const MAX_DEADLINE_MS = 600_000;

export function checkInteger(
	option: string,
	value: number,
	min: number,
	max = Number.MAX_SAFE_INTEGER,
): number {
	if (Number.isInteger(value) && value >= min && value <= max) return value;
	throw invalidOption(option, `it must be a whole number from ${min} to ${max}, and is ${value}`);
}

/** A principal as text, or as an object of any agent package. */
export type PrincipalLike = string | PrincipalTextLike;

export function checkPrincipal(option: string, principal: PrincipalLike): WirePrincipal {
	checkArgument(option, principal, is.principal);
	const text = typeof principal === "string" ? principal : principal.toText();
	const parsed = Principal.parse(text);
	if (parsed === undefined) throw invalidOption(option, `${text} is no principal`);
	return parsed;
}

export function normalise(options: BlobClientOptions, platform: Ports): Settings {
	const { retry = {}, actsFor } = options;
	return {
		agent: options.agent,
		canisterId: checkPrincipal("canisterId", options.canisterId),
		localNetwork: options.localNetwork ?? false,
		identity: options.identity,
		actsFor: actsFor === undefined ? actsFor : checkPrincipal("actsFor", actsFor),
		concurrency: {
			upload: concurrencyRange("upload", options.concurrency?.uploads, options.minConcurrency?.uploads),
			download: concurrencyRange(
				"download",
				options.concurrency?.downloads,
				options.minConcurrency?.downloads,
			),
		},
		memoryBytes: checkInteger("memoryBytes", options.memoryBytes ?? DEFAULT_MEMORY_BYTES, 1),
		chunkBytes: checkChunkBytes(options.chunkBytes ?? MAX_CHUNK_BYTES),
		requestTimeoutMs: checkInteger("requestTimeoutMs", options.requestTimeoutMs ?? 120_000, 1, MAX_TIMER_MS),
		retry: {
			maxAttempts: checkInteger("retry.maxAttempts", retry.maxAttempts ?? 10, 1),
			deadlineMs: checkInteger("retry.deadlineMs", retry.deadlineMs ?? 300_000, 0, MAX_DEADLINE_MS),
			baseDelayMs: checkInteger("retry.baseDelayMs", retry.baseDelayMs ?? 500, 0),
			maxDelayMs: checkInteger("retry.maxDelayMs", retry.maxDelayMs ?? 20_000, 0),
		},
		encryption: options.encryption,
		ports: { ...platform, ...given(options.ports) },
	};
}

/** Treats an option that is set to undefined as absent. */
const given = <T extends object>(options: T | undefined): T =>
	Object.fromEntries(Object.entries(options ?? {}).filter(([, value]) => value !== undefined)) as T;

/** The bounds of the adaptive concurrency. A ceiling below the default floor is also the floor. */
export function concurrencyRange(
	direction: Direction,
	concurrency: number | undefined,
	minConcurrency: number | undefined,
): ConcurrencyRange {
	const ceiling = checkInteger("concurrency", concurrency ?? DEFAULT_CONCURRENCY[direction], 1);
	const floor = minConcurrency ?? Math.min(DEFAULT_MIN_CONCURRENCY, ceiling);
	return {
		ceiling,
		floor: checkInteger("minConcurrency", floor, 1, ceiling),
		startGrowth: START_GROWTH[direction],
	};
}

export const checkChunkBytes = (chunkBytes: number): number =>
	checkInteger("chunkBytes", chunkBytes, MIN_CHUNK_BYTES, MAX_CHUNK_BYTES);
