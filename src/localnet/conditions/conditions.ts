/** Conditions of the connection and the load of the network. By default there is no delay and no loss. */
import { checkOptions } from "../given.js";
import { SIZES } from "../limits.js";
import { PROFILES, type Profile } from "./profiles.js";

/** Requests that the network refuses, by chance or by count. */
export type Refusal = RefusalByChance | RefusalByCount;

/** Refuses requests by chance. */
export interface RefusalByChance extends RefusalAnswer {
	/** Share of the requests, from 0 to 1. */
	readonly probability: number;
	/** Always absent; discriminates from `RefusalByCount`. */
	readonly every?: never;
}

/** Refuses requests by count. */
export interface RefusalByCount extends RefusalAnswer {
	/** Refuses the n-th matching request, the 2n-th, and so on. */
	readonly every: number;
	/** Always absent; discriminates from `RefusalByChance`. */
	readonly probability?: never;
}

/** The response to refused requests. */
export interface RefusalAnswer {
	/** HTTP status: too many requests, or not available. */
	readonly status: 429 | 503;
	/** Value of the header Retry-After. @default no such header */
	readonly retryAfterSeconds?: number;
	/** Kinds of requests to which it applies. @default all */
	readonly kinds?: readonly ("call" | "query" | "read_state")[];
}

/** Conditions of the connection and the load of the network. Omitted ones add no delay, limit or loss. */
export interface Conditions {
	/** Profile whose values apply to all omitted conditions. */
	readonly profile?: Profile;
	/** Latency of a request in milliseconds, and the same of its reply. A pair is the range of a random latency. */
	readonly latencyMs?: number | readonly [number, number];
	/** Milliseconds between blocks. With 0 a block is made as soon as there is a message. */
	readonly blockIntervalMs?: number;
	/** Ingress bytes per block; further messages wait for a later block. */
	readonly blockIngressBytes?: number;
	/** Ingress messages per block. */
	readonly blockIngressMessages?: number;
	/** Milliseconds from a block to its certificate. Replies and statuses show a block only after that. */
	readonly certificationMs?: number;
	/** Bytes per second of all request bodies together. Connections share the bandwidth. */
	readonly uplinkBytesPerSecond?: number;
	/** Bytes per second of all response bodies together. Connections share the bandwidth. */
	readonly downlinkBytesPerSecond?: number;
	/** Calls that the node processes concurrently. Further calls get status 429. */
	readonly callsAtOnce?: number;
	/** Ingress bytes that may wait for a block. Beyond it a call gets status 503. */
	readonly poolBytes?: number;
	/** Requests to refuse. If several match, the first one applies. @default none */
	readonly refusals?: readonly Refusal[];
	/** Probability that a request is lost: its connection is closed. */
	readonly requestLoss?: number;
	/** Probability that a reply is lost after its request was executed. */
	readonly replyLoss?: number;
}

/** Conditions without omitted values. */
export interface Settings extends Required<Omit<Conditions, "profile" | "latencyMs">> {
	/** Range of the latency of a request, and of its reply, in milliseconds. */
	readonly latencyMs: readonly [number, number];
}

export const NO_CONDITIONS: Settings = {
	latencyMs: [0, 0],
	blockIntervalMs: 0,
	blockIngressBytes: SIZES.blockIngressBytes,
	blockIngressMessages: SIZES.blockIngressMessages,
	certificationMs: 0,
	uplinkBytesPerSecond: Number.POSITIVE_INFINITY,
	downlinkBytesPerSecond: Number.POSITIVE_INFINITY,
	callsAtOnce: Number.POSITIVE_INFINITY,
	poolBytes: Number.POSITIVE_INFINITY,
	refusals: [],
	requestLoss: 0,
	replyLoss: 0,
};

/** Resolves the name of a profile, or conditions. @throws RangeError for invalid values */
export function resolveConditions(given: Profile | Conditions = {}): Settings {
	if (typeof given !== "string") checkOptions(given, "conditions");
	const { profile, ...own } = typeof given === "string" ? { profile: given } : given;
	if (profile !== undefined && !Object.hasOwn(PROFILES, profile)) {
		throw new RangeError(
			`there is no profile "${profile}": it is one of ${Object.keys(PROFILES).join(", ")}`,
		);
	}
	const merged = { ...NO_CONDITIONS, ...(profile && PROFILES[profile]), ...own };
	const { latencyMs } = merged;
	const settings: Settings = {
		...merged,
		latencyMs: typeof latencyMs === "number" ? [latencyMs, latencyMs] : latencyMs,
	};
	check(settings);
	return settings;
}

function check({ latencyMs, refusals, ...numbers }: Settings): void {
	const [least, most] = latencyMs;
	if (!(least >= 0 && most >= least)) throw new RangeError(`latencyMs: ${least} to ${most} is no range`);
	for (const [name, value] of Object.entries(numbers)) {
		const isShare = name.endsWith("Loss");
		const isPositive = name.endsWith("linkBytesPerSecond") || name.startsWith("blockIngress");
		if (!(value >= 0) || (isShare && value > 1) || (isPositive && value === 0)) {
			throw new RangeError(`${name}: ${value} is not possible`);
		}
	}
	for (const { probability, every } of refusals) {
		const isOne = (probability === undefined) !== (every === undefined);
		const isPossible = every === undefined ? probability! >= 0 && probability! <= 1 : every >= 1;
		if (!isOne || !isPossible) throw new RangeError("a refusal has a probability (0 to 1) or an `every`");
	}
}
