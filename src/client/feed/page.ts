import {
	changes,
	FEED_LABEL,
	type MethodArgs,
	sameBytes,
	type WireChange,
	type WireChanges,
} from "../../protocol/index.js";
import { certifiedTree } from "../blobs/proof.js";
import type { ClientContext } from "../context.js";
import { ClientError } from "../errors/errors.js";
import { readRecord } from "../manifest.js";
import { concat } from "../util/bytes.js";
import { find } from "../verification/hash-tree.js";
import type { Position } from "./cursor.js";

export interface Page {
	readonly request: MethodArgs<"blobs_changes">[0];
}

/** A page of the feed whose heads were computed anew. */
export interface VerifiedPage {
	readonly items: readonly { readonly wire: WireChange; readonly cursor: Position }[];
	/** Past the last change of the page. */
	readonly end: Position;
	/** Past the last change of all. */
	readonly last: Position;
	readonly isEnd: boolean;
	/** Whether nothing is missing before it, it reaches the end of the feed, and the head there is certified. */
	readonly isProven: boolean;
}

/**
 * Computes every head of a page, from the one that the reader has on, and holds the last one against what is
 * certified where the answer brings that along and reaches so far. An answer to an update is certified itself.
 * @throws ClientError `feed_corrupt`, and what a certificate or a witness is refused for
 */
export async function verifyPage(
	context: ClientContext,
	after: Position | undefined,
	answer: WireChanges,
): Promise<VerifiedPage> {
	const { before, last } = answer;
	const corrupt = (reason: string) =>
		new ClientError("feed_corrupt", { sequence: after?.sequence ?? 0n, reason });
	if (after && !isSame(before, after)) throw corrupt("it begins elsewhere");
	let at: Position = before;
	const items: { wire: WireChange; cursor: Position }[] = [];
	for (const bytes of answer.changes) {
		const wire = readRecord(changes, "change", bytes);
		if (wire.sequence !== at.sequence + 1n)
			throw corrupt(`change ${wire.sequence} follows change ${at.sequence}`);
		const head = await context.settings.ports.sha256(concat(at.head, bytes));
		at = { sequence: wire.sequence, head };
		items.push({ wire, cursor: at });
	}
	const isEnd = at.sequence >= last.sequence;
	if (isEnd && !isSame(at, last)) throw corrupt("it ends with another head than the feed");
	if (!isEnd && items.length === 0) throw corrupt("it is empty, and the feed goes on");
	const shown = await certifiedTree(context, answer);
	if (shown === undefined) return { items, end: at, last, isEnd, isProven: false };
	const certified = find(shown.tree, [FEED_LABEL]);
	if (certified.kind !== "value")
		throw new ClientError("witness_invalid", { reason: "it does not show the head of the feed" });
	if (!sameBytes(certified.value, last.head)) throw corrupt("the head that is certified is another");
	// Without a cursor of the reader's own, nothing but the very beginning shows that no change was left out before.
	const isWhole = after !== undefined || before.sequence === 0n;
	return { items, end: at, last, isEnd, isProven: isEnd && isWhole };
}

const isSame = (a: Position, b: Position): boolean => a.sequence === b.sequence && sameBytes(a.head, b.head);
