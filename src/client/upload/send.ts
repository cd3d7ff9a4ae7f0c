import { MAX_CHUNKS, sameBytes } from "../../protocol/index.js";
import type { ClientContext } from "../context.js";
import { CanisterError, ClientError } from "../errors.js";
import type { ChunkReader, OpenSource } from "../source/types.js";
import { follow, raceAbort } from "../util/abort.js";
import { Pool } from "../util/pool.js";
import { Leaves } from "./leaves.js";
import type { UploadPlan } from "./options.js";
import type { ProgressMeter } from "./progress.js";
import { isGone, type Session, type SessionCall } from "./session.js";

export interface Sending {
	readonly context: ClientContext;
	readonly plan: UploadPlan;
	readonly source: OpenSource;
	readonly meter: ProgressMeter;
	readonly signal: AbortSignal;
}

/** What a pass over the source found: every leaf, the size, and how much of it no reply has vouched for. */
export interface Sent {
	readonly leaves: Leaves;
	readonly size: number;
	readonly unacknowledged: number;
}

/** A chunk whose leaf comes back different was damaged on its way: a few times are bad luck. */
const MAX_PUTS = 3;

export const callOf = ({ meter, signal }: Pick<Sending, "meter" | "signal">): SessionCall => ({
	signal,
	onRetry: () => meter.retried(),
});

/** Puts one chunk and compares the leaf that the canister made with ours. */
export async function putChunk(
	sending: Sending,
	session: Session,
	index: number,
	bytes: Uint8Array,
	leaf: Uint8Array,
	onSent: () => void,
): Promise<void> {
	for (let attempts = 1; ; attempts++) {
		// Not verified: the commit is, and it binds every leaf, so a lie told here comes out there.
		const options = { ...callOf(sending), onSent, verify: false };
		const answer = await sending.context.caller.update(
			"blobs_put_chunk",
			[session.id, index, bytes],
			options,
		);
		if (sameBytes(answer, leaf)) return;
		if (attempts === MAX_PUTS) throw new ClientError("chunk_corrupt", { index, attempts });
		sending.meter.retried();
	}
}

/**
 * Reads the source once, hashes every chunk and puts those that the canister does not hold. At most `concurrency`
 * chunks are under way and one more is in hand. If the session turns out to be finished, the rest is only hashed.
 */
export async function sendChunks(sending: Sending, session: Session, reader: ChunkReader): Promise<Sent> {
	const { meter, plan, source, context } = sending;
	const { controller, release } = follow(sending.signal);
	const own = { ...sending, signal: controller.signal };
	const pool = new Pool(plan.concurrency);
	const leaves = new Leaves();
	let size = 0;
	let acknowledged = 0;

	const put = async (index: number, bytes: Uint8Array) => {
		if (session.isFinished) return;
		const { length } = bytes;
		let isFirst = true;
		const onSent = () => {
			if (isFirst) meter.add("sent", length);
			isFirst = false;
		};
		try {
			await putChunk(own, session, index, bytes, leaves.get(index), onSent);
			acknowledged += length;
			meter.add("acknowledged", length);
		} catch (error) {
			if (!isGone(error)) throw error;
			session.isFinished = true;
		}
	};

	try {
		for (let index = 0; ; index++) {
			const bytes = await raceAbort(reader.next(), own.signal);
			if (!bytes) break;
			if (index >= MAX_CHUNKS)
				throw new CanisterError({ chunk_out_of_range: { index: BigInt(index), count: BigInt(MAX_CHUNKS) } });
			size += bytes.length;
			meter.add("read", bytes.length);
			const leaf = await context.settings.ports.sha256(bytes);
			meter.add("hashed", bytes.length);
			leaves.set(index, leaf);
			if (session.held.has(index, leaf)) {
				acknowledged += bytes.length;
				meter.add("reused", bytes.length);
				meter.add("acknowledged", bytes.length);
				continue;
			}
			// A resumed stream may have had its end elsewhere: what stood there must be replaced before there is a new one.
			if (source.size === undefined && bytes.length < plan.chunkBytes) await pool.drain();
			await pool.add(() => put(index, bytes));
		}
		await pool.drain();
		meter.ended(size);
		return { leaves, size, unacknowledged: size - acknowledged };
	} catch (error) {
		// The others of this pass are of no use any more.
		controller.abort(error);
		await pool.settle();
		throw error;
	} finally {
		release();
	}
}
