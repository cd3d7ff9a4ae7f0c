/** Named conditions. */
import type { Conditions } from "./conditions.js";

/** Named conditions; docs/LOCALNET.md lists their values. */
export type Profile = "mainnet" | "slow-uplink" | "lossy" | "throttled";

/**
 * A 13-node application subnet: 1.2 blocks a second of 4 MiB each, 100 to 300 ms for a query, and 1.5 s from an
 * update to its certified reply: 0.2 s on the way, 0.4 s until the next block, 0.9 s until that is certified.
 */
const mainnet: Conditions = {
	latencyMs: [50, 150],
	blockIntervalMs: 1_000 / 1.2,
	certificationMs: 900,
	callsAtOnce: 50,
};

export const PROFILES: Readonly<Record<Profile, Conditions>> = {
	mainnet,
	/** A home connection of 8 Mbit/s upwards. */
	"slow-uplink": { ...mainnet, uplinkBytesPerSecond: 1_000_000 },
	/** One request in twenty does not arrive, and one reply in twenty. */
	lossy: { ...mainnet, requestLoss: 0.05, replyLoss: 0.05 },
	/** A busy boundary: refuses one request in five with Retry-After, and one in ten without. */
	throttled: {
		...mainnet,
		refusals: [
			{ status: 429, probability: 0.2, retryAfterSeconds: 1 },
			{ status: 503, probability: 0.1 },
		],
	},
};
