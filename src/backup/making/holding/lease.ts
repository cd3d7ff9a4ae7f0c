import { isBlobError } from "../../../client/errors/errors.js";
import type { BlobClient } from "../../../client/index.js";

/** A lease of a killed process ends after this time without extension. */
const LIFE_MS = 900_000;
const EXTEND_MS = 300_000;
/** A lease for fewer bytes is not worth its two calls. */
const LEAST_BYTES = 64 * 2 ** 20;
const MOST_BYTES = 16 * 2 ** 30;
const RELEASE_MS = 30_000;

/** Refusals after which a backup continues without a lease. */
const REFUSALS = [
	"not_authorized",
	"not_live",
	"quota_exceeded",
	"no_room",
	"low_cycles",
	"rejected",
] as const;

export interface LeaseOptions {
	readonly signal: AbortSignal;
	readonly note: (text: string) => void;
}

/**
 * A lease of the store: until it is released, the contents of its position in the feed stay readable, whatever callers
 * write.
 */
export class HeldLease {
	readonly id: string;
	/** Sequence number of the change that took the lease: its position in the feed. */
	readonly sequence: bigint;
	readonly #client: BlobClient;
	readonly #timer: NodeJS.Timeout;

	private constructor(client: BlobClient, id: string, sequence: bigint) {
		this.#client = client;
		this.id = id;
		this.sequence = sequence;
		this.#timer = setInterval(() => this.#extend(), EXTEND_MS);
		this.#timer.unref();
	}

	/**
	 * Takes a lease. @returns undefined if the store refuses. That is noted, and the feed supplies the later changes
	 */
	static async take(client: BlobClient, options: LeaseOptions): Promise<HeldLease | undefined> {
		const { note } = options;
		try {
			const { id, version } = await takeAsLargeAsMayBe(client, options.signal);
			return new HeldLease(client, id, version.sequence);
		} catch (error) {
			if (!isBlobError(error) || !REFUSALS.some((code) => code === error.code)) throw error;
			note(`The store gives no lease (${error.message}) Changes made in the meantime are read again.`);
			return undefined;
		}
	}

	/** If an extension fails, the lease ends, and reads of the contents that it kept fail. */
	#extend(): void {
		this.#client.extendLease(this.id, { lifeMs: LIFE_MS }).catch(() => {});
	}

	/** Releases the lease. If that fails, it expires. */
	async release(): Promise<void> {
		clearInterval(this.#timer);
		// Without the signal of the backup: an aborted backup releases its lease, too.
		const signal = AbortSignal.timeout(RELEASE_MS);
		await this.#client.releaseLease(this.id, { signal }).catch(() => {});
	}
}

async function takeAsLargeAsMayBe(client: BlobClient, signal: AbortSignal) {
	try {
		return await client.takeLease({ lifeMs: LIFE_MS, bytes: MOST_BYTES, signal });
	} catch (error) {
		if (!isBlobError(error, "no_room")) throw error;
		const bytes = MOST_BYTES - Number(error.details.missing);
		if (bytes < LEAST_BYTES) throw error;
		return client.takeLease({ lifeMs: LIFE_MS, bytes, signal });
	}
}
