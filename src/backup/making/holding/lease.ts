import { isBlobError } from "../../../client/errors/errors.js";
import type { BlobClient } from "../../../client/index.js";

/** So long a lease holds that nobody extends: what a killed process leaves ends by itself. */
const LIFE_MS = 900_000;
const EXTEND_MS = 300_000;
/** A lease for less is not worth its two calls. */
const LEAST_BYTES = 64 * 2 ** 20;
const MOST_BYTES = 16 * 2 ** 30;
const RELEASE_MS = 30_000;

/** Refusals after which a backup goes on without a lease. */
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
 * A lease of the store: what keys held at its place in the feed can be read until it is released, whatever is written
 * meanwhile.
 */
export class HeldLease {
	readonly id: string;
	/** The change by which it was taken: the place in the feed that it holds. */
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

	/** Takes one. @returns undefined where the store gives none, which is noted: the feed tells what is lost by that */
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

	/** A lease that could not be extended ends, and what it kept is missed where it is read. */
	#extend(): void {
		this.#client.extendLease(this.id, { lifeMs: LIFE_MS }).catch(() => {});
	}

	/** Gives it back. Where that fails it ends by itself. */
	async release(): Promise<void> {
		clearInterval(this.#timer);
		// Not by the signal of the backup: what was interrupted gives it back, too.
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
