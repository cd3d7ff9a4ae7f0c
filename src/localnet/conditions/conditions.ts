/** What the way to the network and the network's load are like; without any, everything is as fast as it can be. */
import { checkOptions } from "../given.js";
import { SIZES } from "../limits.js";
import { PROFILES, type Profile } from "./profiles.js";

/** Requests that a host turns away, by chance or by count. */
export type Refusal = RefusalByChance | RefusalByCount;

/** Requests that a host turns away by chance. */
export interface RefusalByChance extends RefusalAnswer {
	/** Of every request, 0 to 1. */
	readonly probability: number;
	/** Not both. */
	readonly every?: never;
}

/** Requests that a host turns away by count. */
export interface RefusalByCount extends RefusalAnswer {
	/** The n-th of these requests, the 2n-th, and so on. */
	readonly every: number;
	/** Not both. */
	readonly probability?: never;
}

/** What a host says to requests that it turns away. */
export interface RefusalAnswer {
	/** Too many requests, or not available. */
	readonly status: 429 | 503;
	/** The header Retry-After; without it there is none. */
	readonly retryAfterSeconds?: number;
	/** Which requests; all, if not given. */
	readonly kinds?: readonly ("call" | "query" | "read_state")[];
}

/** What the way to the network and the network's load are like; what is not given is as fast as can be. */
export interface Conditions {
	/** Where to start from; what else is given here takes its place. */
	readonly profile?: Profile;
	/** Milliseconds that a request takes to arrive, and as many for its reply; of two, anything between them. */
	readonly latencyMs?: number | readonly [number, number];
	/** Milliseconds between blocks. 0: a block is made as soon as there is a message. */
	readonly blockIntervalMs?: number;
	/** Ingress bytes in one block; what does not fit waits for a later one. */
	readonly blockIngressBytes?: number;
	/** Ingress messages in one block. */
	readonly blockIngressMessages?: number;
	/** Milliseconds from a block to its certificate: until then neither replies nor statuses show it. */
	readonly certificationMs?: number;
	/** Bytes a second of all request bodies together: a connection is read no faster than its share. */
	readonly uplinkBytesPerSecond?: number;
	/** Bytes a second of all response bodies together: each connection gets its share. */
	readonly downlinkBytesPerSecond?: number;
	/** Calls that the node works on at once; one more is answered 429. */
	readonly callsAtOnce?: number;
	/** Ingress bytes that may wait for a block; past that a call is answered 503. */
	readonly poolBytes?: number;
	/** Requests that are turned away; where several would, the first answers. Default none. */
	readonly refusals?: readonly Refusal[];
	/** Probability that a request never arrives: its connection is closed. */
	readonly requestLoss?: number;
	/** Probability that a reply is lost, after its request was executed. */
	readonly replyLoss?: number;
}

/** Conditions with nothing left open. */
export interface Settings extends Required<Omit<Conditions, "profile" | "latencyMs">> {
	/** Milliseconds that a request takes to arrive, and as many for its reply: from the first to the second. */
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

/** A profile's name, or conditions one by one. Throws a RangeError at what cannot be. */
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
