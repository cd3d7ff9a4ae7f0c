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

/** How long and how often a request is made again. */
export interface RetryOptions {
	/** Most attempts of one request, the first included. While a browser is offline they do not count. Default 10. */
	maxAttempts?: number | undefined;
	/** No attempt of a request begins later than this after its first. Default 300,000 (5 minutes), at most 600,000. */
	deadlineMs?: number | undefined;
	/** The longest wait before a second attempt; it doubles with each further one. Default 500. */
	baseDelayMs?: number | undefined;
	/** The longest wait before any attempt, unless the network asks for more (Retry-After). Default 20,000. */
	maxDelayMs?: number | undefined;
}

/** A number for uploads and one for downloads. */
export interface PerDirection {
	/** For all uploads of the client together. */
	uploads?: number | undefined;
	/** For all downloads of the client together. */
	downloads?: number | undefined;
}

/** Which store, as whom, and within which bounds. */
export interface BlobClientOptions {
	/** An HttpAgent of @dfinity/agent or of @icp-sdk/core: its identity, host, root key and fetch are used. */
	agent: AgentLike;
	/** The canister that is a blob store, as a Principal of either package or in text. */
	canisterId: PrincipalLike;
	/**
	 * True for a local test network, and never otherwise: its root key is fetched from it, and whoever answers is
	 * believed. Default false.
	 */
	localNetwork?: boolean | undefined;
	/** Who signs. Default: the identity that the agent was made with. Needed after `agent.replaceIdentity`. */
	identity?: IdentityLike | undefined;
	/**
	 * For whom the caller acts, where it is linked to another principal (`canister-blobs/owners`): what it publishes is
	 * that one's. Default: for itself.
	 */
	actsFor?: PrincipalLike | undefined;
	/**
	 * Chunks in progress at a time at most, of all uploads together and of all downloads together. Below it concurrency
	 * adapts to the network (docs/CONCURRENCY.md).
	 * @default 12 for uploads, 32 for downloads
	 */
	concurrency?: PerDirection | undefined;
	/**
	 * Chunks in progress at a time that concurrency never falls below, whatever the network answers.
	 * @default 2 for both, or `concurrency` where that is less
	 */
	minConcurrency?: PerDirection | undefined;
	/**
	 * Bytes that an upload holds of its source at most (all files of `uploadMany` together), and that a download has
	 * under way or waiting to be taken. A process takes about twice as much for an upload.
	 * @default 16,777,216: 8 chunks of 2 MiB
	 */
	memoryBytes?: number | undefined;
	/**
	 * Bytes of a chunk in new uploads, from 65,536 to 2,080,768. Bounds every message that carries bytes or keys: of
	 * single calls and packs too, to which a signature of up to 16 KiB is added. Where a proxy refuses a message as too
	 * large (HTTP 413), the client halves it by itself.
	 * @default 2,080,768 (2 MiB less 16 KiB)
	 */
	chunkBytes?: number | undefined;
	/** How long one HTTP exchange may take, its 2 MiB included. At most 2,147,483,647. Default 120,000. */
	requestTimeoutMs?: number | undefined;
	/** How long and how often a request is made again that may succeed later. */
	retry?: RetryOptions | undefined;
	/**
	 * Where uploads under way are noted, with the handle given to each, so that an application finds them after a
	 * reload or a crash: `indexedDbSessions()`, in Node `fileSessions(directory)`. Default nowhere; to go on with an
	 * upload takes its source and key only.
	 */
	sessions?: SessionStore | undefined;
	/**
	 * Seals what is uploaded and opens what is read: an `Encryption` of `canister-blobs/encryption`.
	 * @default nothing is encrypted
	 */
	encryption?: BlobEncryption | undefined;
	/** Hash function, clock and randomness in place of the platform's. */
	ports?: Partial<Ports> | undefined;
}

/** The same with every choice made. */
export interface Settings {
	readonly agent: AgentLike;
	readonly canisterId: WirePrincipal;
	readonly localNetwork: boolean;
	readonly identity: IdentityLike | undefined;
	readonly actsFor: WirePrincipal | undefined;
	/** Of all uploads together, and of all downloads together. */
	readonly concurrency: Readonly<Record<Direction, ConcurrencyRange>>;
	readonly memoryBytes: number;
	readonly chunkBytes: number;
	readonly requestTimeoutMs: number;
	readonly retry: RetryPolicy;
	readonly encryption: BlobEncryption | undefined;
	readonly ports: Ports;
}

/** Which way bytes go. */
export type Direction = "upload" | "download";

const DEFAULT_CONCURRENCY: Readonly<Record<Direction, number>> = { upload: 12, download: 32 };
/** A refused query costs nothing; a refused chunk has been sent in vain. */
const START_GROWTH: Readonly<Record<Direction, number>> = { upload: 1.5, download: 2 };
const DEFAULT_MIN_CONCURRENCY = 2;
/** Blocks are as full with 8 chunks as with 12 (0.98), and a process holds a third less. */
const DEFAULT_MEMORY_BYTES = 8 * 2 ** 21;

/** A receipt answers a repeated request for 15 minutes; the last attempt may itself live for 5 more. */
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

/** A principal in text, or one of any package's. */
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

/** An option that is there and undefined is as if it were not given. */
const given = <T extends object>(options: T | undefined): T =>
	Object.fromEntries(Object.entries(options ?? {}).filter(([, value]) => value !== undefined)) as T;

/** Between which bounds the number of requests with bytes may move. A ceiling under the default floor is the floor too. */
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
