import {
	type ErrorCode,
	isUnread,
	MAX_PLAIN_ARGUMENT_BYTES,
	type MethodArgs,
	type MethodName,
	type WireBatchItem,
	type WireStagedItem,
} from "../../../protocol/index.js";
import type { State } from "../state.js";

/** Bytes of chunks and blobs in a message of each method that brings any. */
const CONTENT: { readonly [Name in MethodName]?: (...args: MethodArgs<Name>) => number } = {
	blobs_put_chunk: (_id, _index, bytes) => bytes.length,
	blobs_put_blob: (_request, bytes) => bytes.length,
	blobs_put_many: ({ blobs }) => {
		let bytes = 0;
		for (const { content } of blobs) bytes += content.length;
		return bytes;
	},
	blobs_batch: ({ items }) => bytesOf(items),
	blobs_stage: ({ items }) => bytesOf(items),
};

function bytesOf(items: readonly (WireBatchItem | WireStagedItem)[]): number {
	let bytes = 0;
	for (const item of items) if ("put" in item) bytes += item.put.content.length;
	return bytes;
}

/**
 * Notes what a message brings: first the bytes of its argument, then, once that is read, those of its content. The
 * canister has paid to receive them, whatever becomes of them.
 */
export function noteArgument(state: State, method: MethodName, bytes: number): void {
	state.argumentBytes = bytes;
	if (CONTENT[method] !== undefined) state.arrived = bytes;
}

export function noteContent<Name extends MethodName>(
	state: State,
	method: Name,
	args: MethodArgs<Name>,
): void {
	const content = CONTENT[method] as ((...args: unknown[]) => number) | undefined;
	if (content !== undefined) state.arrived = content(...args);
}

/** Counts what the message brought for its caller. */
export function countArrived(state: State): void {
	if (state.arrived > 0) state.charges.received(state.access.caller(), state.arrived, state.now);
	state.arrived = 0;
}

/**
 * The same after a refusal, when nothing else is written. Only for a principal that the store knows: a stranger, who can
 * be as many principals as it likes, gets no record for what it sends. Nor is a short message counted that could not be
 * read: a user's is refused in inspect_message for free, a canister pays for what it sends, and to count would cost more
 * than to refuse.
 */
export function countRefused(state: State, refusal: ErrorCode): void {
	if (isUnread(refusal) && state.argumentBytes < MAX_PLAIN_ARGUMENT_BYTES) return;
	if (state.arrived > 0 && state.access.writesSome) countArrived(state);
	state.spending.countAlone(state.access.anyone, state.argumentBytes, state.now);
	state.accounts.flush();
	state.counters.flush();
}
