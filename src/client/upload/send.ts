import { MAX_CHUNKS, sameBytes } from "../../protocol/index.js";
import type { ClientContext } from "../context.js";
import { CanisterError, ClientError } from "../errors/errors.js";
import type { ChunkReader, OpenSource } from "../source/types.js";
import { follow, raceAbort } from "../util/abort.js";
import type { Budget } from "../util/budget.js";
import { Pool } from "../util/pool.js";
import { once, type UploadCalls } from "./calls.js";
import { Leaves } from "./leaves.js";
import type { UploadPlan } from "./options.js";
import type { ProgressMeter } from "./progress.js";
import { isGone, type Session } from "./session.js";
import { isTooLarge, Refused } from "./too-large.js";
import { MAX_PARTS, type UploadWarning, warnOfParts } from "./warning.js";

export interface Sending {
	readonly context: ClientContext;
	readonly plan: UploadPlan;
	readonly source: OpenSource;
	readonly meter: ProgressMeter;
	readonly calls: UploadCalls;
	/** Bytes that may be in hand. */
	readonly budget: Budget;
	readonly warn: (warning: UploadWarning) => void;
}

/** What a pass over the source found: every leaf, the size, and how much of it no reply has vouched for. */
export interface Sent {
	readonly leaves: Leaves;
	readonly size: number;
	readonly unacknowledged: number;
}

/** A chunk whose leaf comes back different was damaged on its way: a few times are bad luck. */
const MAX_PUTS = 3;

/** Puts one chunk and compares the leaf that the canister made with ours. */
export async function putChunk(
	{ calls }: Pick<Sending, "calls">,
	session: Session,
	index: number,
	bytes: Uint8Array,
	leaf: Uint8Array,
	onSent: () => void,
): Promise<void> {
	for (let attempts = 1; ; attempts++) {
		// Not verified: the commit is, and it binds every leaf, so a lie told here comes out there.
		const options = { verify: false, onSent };
		const answer = await calls.carry("blobs_put_chunk", [session.id, index, bytes], bytes.length, options);
		if (sameBytes(answer, leaf)) return;
		const error = new ClientError("chunk_corrupt", { index, attempts });
		if (attempts === MAX_PUTS) throw error;
		calls.retried(error);
	}
}

/**
 * Reads the source once, hashes every chunk and puts those that the canister does not hold. As many chunks are under
 * way as the lane allows and the budget has bytes for, and one more is in hand. If the session turns out to be
 * finished, the rest is only hashed.
 * @param ahead leaves from an earlier pass (linkHeld): what the canister holds of them is not read again
 */
export async function sendChunks(
	sending: Sending,
	session: Session,
	reader: ChunkReader,
	ahead?: Leaves,
): Promise<Sent> {
	const { meter, plan, source, context, budget } = sending;
	const { controller, release: unfollow } = follow(sending.calls.signal);
	const { signal } = controller;
	const calls = sending.calls.until(signal);
	const pool = new Pool(() => calls.concurrency);
	const leaves = new Leaves();
	/** Chunks of a stream that the canister does not hold: they may have to be cut again. */
	const unsent = source.isRepeatable ? undefined : new Map<number, Uint8Array>();
	let size = 0;
	let loaded = 0;

	const put = async (index: number, bytes: Uint8Array) => {
		if (session.isFinished) return;
		const { length } = bytes;
		const onSent = once(() => meter.add("sent", length));
		try {
			await putChunk({ calls }, session, index, bytes, leaves.get(index), onSent);
			loaded += length;
			meter.add("loaded", length);
			unsent?.delete(index);
			source.giveBack(bytes);
		} catch (error) {
			if (!isGone(error)) throw error;
			session.isFinished = true;
		}
	};

	/** False at the end of the source. */
	const one = async (index: number): Promise<boolean> => {
		const length =
			source.size === undefined ? plan.chunkBytes : Math.min(plan.chunkBytes, source.size - size);
		if (ahead && length > 0 && session.held.has(index, ahead.get(index))) {
			leaves.set(index, ahead.get(index));
			size += length;
			loaded += length;
			meter.reuse(length);
			return true;
		}
		const release = await budget.take(Math.max(length, 0), signal);
		/** Whether the chunk was handed on, with its share of the budget. */
		let isKept = false;
		try {
			const reading = ahead && length > 0 ? source.chunk(index, plan.chunkBytes) : reader.next();
			const bytes = await raceAbort(reading, signal);
			if (!bytes) return false;
			unsent?.set(index, bytes);
			if (index === MAX_PARTS && source.size === undefined) {
				const warning = warnOfParts(plan.key, undefined, plan.chunkBytes);
				if (warning) sending.warn(warning);
			}
			if (index >= MAX_CHUNKS)
				throw new CanisterError({ chunk_out_of_range: { index: BigInt(index), count: BigInt(MAX_CHUNKS) } });
			size += bytes.length;
			if (!ahead) meter.add("read", bytes.length);
			const leaf = await context.settings.ports.sha256(bytes);
			if (!ahead) meter.add("hashed", bytes.length);
			else if (!sameBytes(leaf, ahead.get(index)))
				throw new ClientError("source_changed", { reason: `chunk ${index} has other bytes than before` });
			leaves.set(index, leaf);
			if (session.held.has(index, leaf)) {
				unsent?.delete(index);
				loaded += bytes.length;
				meter.reuse(bytes.length);
				return true;
			}
			// A resumed stream may have had its end elsewhere: what stood there must be replaced before there is a new one.
			if (source.size === undefined && bytes.length < plan.chunkBytes) await pool.drain();
			await pool.add(() => put(index, bytes).finally(release));
			isKept = true;
			return true;
		} finally {
			if (!isKept) release();
		}
	};
	try {
		for (let index = 0; ; index++) {
			await calls.opened();
			if (ahead && index === ahead.count) break;
			if (!(await one(index))) break;
		}
		await pool.drain();
		meter.ended(size);
		return { leaves, size, unacknowledged: size - loaded };
	} catch (error) {
		// The others of this pass are of no use any more.
		controller.abort(error);
		await pool.settle();
		if (unsent && isTooLarge(error) && unsent.size === leaves.count)
			throw new Refused([...unsent.values()], error);
		throw error;
	} finally {
		unfollow();
	}
}
