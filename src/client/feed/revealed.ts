import {
	changes,
	maskPreimages,
	sameBytes,
	type WireChange,
	type WireChangeOf,
	withMasks,
} from "../../protocol/index.js";
import type { ClientContext } from "../context.js";
import { ClientError } from "../errors/errors.js";
import { readRecord } from "../manifest.js";
import type { Position } from "./cursor.js";
import type { VerifiedPage } from "./page.js";

type Revealed = Extract<WireChangeOf, { revealed: unknown }>["revealed"];

/** Reads a verified page of the feed past a cursor. */
type ReadPage = (after: Position) => Promise<VerifiedPage>;

/** What a change of a revealed batch is: as if it were made by the reveal, but with the version that it has. */
export interface Opened {
	readonly wire: WireChange;
	readonly inBatch: { readonly index: number; readonly count: number };
}

/**
 * The changes of a staged batch, in their order, from where they stand sealed in the feed before its reveal. Nothing of
 * them is kept meanwhile, however many they are: the feed is read again from where they begin.
 * @throws ClientError `feed_corrupt`; CanisterError `cursor_pruned` where some are pruned
 */
export async function* openBatch(
	context: ClientContext,
	{ batch, key, after, count }: Revealed,
	reveal: WireChange,
	readPage: ReadPage,
): AsyncGenerator<Opened> {
	const { sha256 } = context.settings.ports;
	let index = 0;
	let at: Position = after;
	while (at.sequence < reveal.sequence - 1n && index < count) {
		const { items, end } = await readPage(at);
		at = end;
		for (const { wire } of items) {
			const [change] = wire.change;
			if (wire.sequence >= reveal.sequence || change === undefined || !("sealed" in change)) continue;
			const isOfReveal = sameBytes(wire.by.toUint8Array(), reveal.by.toUint8Array());
			if (!isOfReveal || !sameBytes(change.sealed.batch, batch)) continue;
			const sealed = change.sealed.change;
			const masks = await Promise.all(maskPreimages(key, wire.sequence, sealed.length).map(sha256));
			const opened = readRecord(changes, "change", withMasks(sealed, masks));
			yield { wire: opened, inBatch: { index: index++, count } };
		}
	}
	if (index !== count)
		throw new ClientError("feed_corrupt", {
			sequence: reveal.sequence,
			reason: `it reveals ${count} changes, and has ${index} of them`,
		});
}
