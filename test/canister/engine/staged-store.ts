import type { Principal } from "@dfinity/principal";
import {
	maskPreimages,
	type WireChangeOf,
	type WireManifest,
	type WirePublication,
	type WireStagedBatch,
	type WireStagedItem,
	withMasks,
} from "../../../src/protocol/index.js";
import { type PlainChange, plainChange } from "../../support/plain.js";
import { newId, sha256 } from "../../support/store.js";
import { GrantStore } from "./grant-store.js";
import { commitOf, deleteOf, itemOf, OWNER } from "./store.js";

/** A store with what tests of staged batches ask of it. */

export const put = (
	key: string,
	content: Uint8Array,
	parts: Partial<WirePublication> = {},
): WireStagedItem => ({
	put: itemOf(key, content, parts),
});
export const remove = (key: string): WireStagedItem => ({ delete: deleteOf(key) });
export const commit = (
	id: Uint8Array,
	bytes: Uint8Array,
	parts: Partial<WirePublication> = {},
): WireStagedItem => ({
	commit: commitOf(id, bytes, parts),
});

export class StagedStore extends GrantStore {
	stage(who: Principal, batch: Uint8Array, ...items: WireStagedItem[]): WireStagedBatch {
		return this.ask(who, "blobs_stage", { id: newId(), batch, items });
	}

	reveal(who: Principal, batch: Uint8Array): WireStagedBatch {
		return this.ask(who, "blobs_reveal", { id: newId(), batch });
	}

	drop(who: Principal, batch: Uint8Array): WireStagedBatch {
		return this.ask(who, "blobs_drop_batch", { id: newId(), batch, owner: [] });
	}

	batch(who: Principal, batch: Uint8Array): WireStagedBatch {
		return this.ask(who, "blobs_staged_batch", { batch });
	}

	/** One step of cleaning. */
	step(): void {
		this.engine.clean();
	}

	/** Reveals, step by step until it is, or it is seen that it cannot be. */
	revealed(who: Principal, batch: Uint8Array): WireStagedBatch {
		this.reveal(who, batch);
		for (let steps = 0; steps < 100; steps++) {
			const now = this.batch(who, batch);
			if (now.state === "revealed" || now.state === "open") return now;
			this.step();
		}
		throw new Error("the batch comes to no end");
	}

	/** Until nothing of any batch is left to be done. */
	settle(): void {
		for (let steps = 0; steps < 100; steps++) this.step();
		this.clean();
	}

	/** Changes as a reader of the feed has them that knows of batches. */
	feed(): PlainChange[] {
		const request = {
			after: [{ sequence: 0n, head: new Uint8Array(32) }] as never,
			limit: 1_000,
			min_version: [] as [],
		};
		return this.ask(OWNER, "blobs_changes", request).changes;
	}

	/** What keys hold by the feed. */
	replayed(): Map<string, WireManifest> {
		const keys = new Map<string, WireManifest>();
		const seen: PlainChange[] = [];
		const apply = (change: PlainChange["change"]): void => {
			if ("published" in change) keys.set(change.published.key, change.published);
			else if ("restored" in change) keys.set(change.restored.manifest.key, change.restored.manifest);
			else if ("deleted" in change) keys.delete(change.deleted.key);
			else if ("expired" in change) keys.delete(change.expired.key);
			else if ("revealed" in change) for (const its of opened(seen, change)) apply(its.change);
		};
		for (const change of this.feed()) {
			seen.push(change);
			apply(change.change);
		}
		return keys;
	}
}

/** The changes of a batch, of those that came before its reveal. */
export function opened(
	seen: readonly PlainChange[],
	{ revealed }: Extract<WireChangeOf, { revealed: unknown }>,
): PlainChange[] {
	const { batch, key, after, count } = revealed;
	const its = seen.flatMap(({ sequence, change }) => {
		if (!("sealed" in change) || sequence <= after.sequence) return [];
		if (Buffer.compare(change.sealed.batch, batch) !== 0) return [];
		const sealed = change.sealed.change;
		return [plainChange(withMasks(sealed, maskPreimages(key, sequence, sealed.length).map(sha256)))];
	});
	if (its.length !== count) throw new Error(`${its.length} changes are there, and ${count} were revealed`);
	return its;
}
