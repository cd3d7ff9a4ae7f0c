import { Ed25519KeyIdentity } from "@dfinity/identity";
import type { MethodOk } from "../../src/protocol/index.js";
import { newId } from "../../test/support/published.js";
import type { MeteredStore } from "../metered.js";
import { callsOf } from "./calls.js";
import { keysOf, putOf, type Shape } from "./shape.js";

/** The maximum of a step, half of them public, under the deepest keys. */
const SHAPE: Shape = {
	items: 500,
	segments: 32,
	shared: 0,
	segmentBytes: 31,
	isPrivate: false,
	over: "nothing",
	metadata: 4,
	isSorted: true,
};

/**
 * The most expensive step of taking ownership of a prefix, and of removing and purging everything that the new owner
 * then has, in instructions.
 */
export async function dearestOfOwners(store: MeteredStore): Promise<number> {
	store.messages.length = 0;
	const other = Ed25519KeyIdentity.generate();
	const who = other.getPrincipal();
	await store.call("blobs_grant_role", { id: newId(), who, role: { writer: null } });
	await store.call("blobs_set_keep_deleted", { id: newId(), days: 1 });
	for (const [tag, isPrivate] of [
		["x", false],
		["y", true],
	] as const)
		for (let left = keysOf(SHAPE, tag); left.length > 0; ) {
			const { results } = await store.call("blobs_put_many", putOf({ ...SHAPE, isPrivate }, left));
			left = left.filter((_, n) => "err" in results[n]!);
		}
	const id = newId();
	const giver = await store.agent.getPrincipal();
	await store.call("blobs_offer", { id, owner: [], to: who, what: { prefix: "" } });
	const taker = await callsOf(store, other);
	for (let isDone = false; !isDone; )
		({ done: isDone } = await taker.call("blobs_take_offer", { id: newId(), offer: { giver, id } }));
	let after: [] | [string] = [];
	do {
		const { next }: MethodOk<"blobs_remove_owned"> = await store.call("blobs_remove_owned", {
			...{ id: newId(), owner: [who], purge: true, rights: true, after },
		});
		after = next;
	} while (after.length > 0);
	await store.call("blobs_set_keep_deleted", { id: newId(), days: 0 });
	return Math.max(...store.messages.map(({ instructions }) => Number(instructions)));
}
