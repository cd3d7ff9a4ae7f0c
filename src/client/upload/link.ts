import { MAX_LINKED_CHUNKS, SHA256_BYTES } from "../../protocol/index.js";
import { raceAbort } from "../util/abort.js";
import { Leaves } from "./leaves.js";
import type { Sending } from "./send.js";
import { isGone, type Session } from "./session.js";

/**
 * Hashes the whole source ahead and offers its leaves: what the caller has stored already, in other blobs or other
 * uploads, the canister takes over, and it is not sent. @returns every leaf
 */
export async function linkHeld(sending: Sending, session: Session): Promise<Leaves> {
	const { source, plan, meter, calls, context, budget } = sending;
	const leaves = new Leaves();
	const reader = source.chunks(plan.chunkBytes);
	for (let index = 0; ; index++) {
		await calls.opened();
		const release = await budget.take(plan.chunkBytes, calls.signal);
		try {
			const bytes = await raceAbort(reader.next(), calls.signal);
			if (!bytes) break;
			meter.add("read", bytes.length);
			leaves.set(index, await context.settings.ports.sha256(bytes));
			meter.add("hashed", bytes.length);
		} finally {
			release();
		}
	}
	for (let from = 0; from < leaves.count && !session.isFinished; from += MAX_LINKED_CHUNKS)
		await offer(sending, session, leaves, from, Math.min(leaves.count, from + MAX_LINKED_CHUNKS));
	return leaves;
}

async function offer(
	{ calls }: Sending,
	session: Session,
	leaves: Leaves,
	from: number,
	to: number,
): Promise<void> {
	const offered = new Uint8Array((to - from) * SHA256_BYTES);
	let isAny = false;
	for (let index = from; index < to; index++) {
		// 32 zero bytes: not to be looked for.
		if (session.held.has(index, leaves.get(index))) continue;
		offered.set(leaves.get(index), (index - from) * SHA256_BYTES);
		isAny = true;
	}
	if (!isAny) return;
	try {
		const held = new Leaves(
			await calls.update("blobs_link_chunks", [{ id: session.id, from, leaves: offered }]),
		);
		for (let index = from; index < to; index++)
			if (held.has(index - from, leaves.get(index))) session.held.set(index, leaves.get(index));
	} catch (error) {
		if (!isGone(error)) throw error;
		session.isFinished = true;
	}
}
