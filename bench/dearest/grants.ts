import { Ed25519KeyIdentity } from "@dfinity/identity";
import type { Principal } from "@dfinity/principal";
import { MAX_GRANTS, MAX_KEY_SEGMENTS, type WireGrantTerms } from "../../src/protocol/index.js";
import { PLAIN_TERMS } from "../../test/support/grant-terms.js";
import { newId } from "../../test/support/published.js";
import type { MeteredStore } from "../metered.js";
import { batchItemsOf, fittingOf } from "./batches.js";
import { type Calls, callsOf, type Store } from "./calls.js";
import { DEAREST, putOf, type Shape, undone } from "./shape.js";

const LIST_PAGE = 1_000;
/** A prefix of maximum length and depth. */
const prefixOf = (n: number): string =>
	`${Array.from({ length: MAX_KEY_SEGMENTS - 1 }, (_, level) => `${n}-${level}`.padEnd(32, "x")).join("/")}/`;

/**
 * The most expensive requests that involve grants, in instructions: a batch, and `putMany` and `deleteMany`, by a
 * holder of the maximum number of grants, each a part of a part, of which the last matches the keys; and pages of the
 * list of grants.
 */
export async function dearestOfGrants(store: MeteredStore): Promise<number> {
	const guest = await guestOf(store);
	const shape: Shape = { ...DEAREST, over: "public" };
	const items = fittingOf("rename", shape);
	const batch = await batchItemsOf(guest, "rename", { ...shape, items }, "guest");
	store.messages.length = 0;
	await guest.call("blobs_batch", { id: newId(), items: batch });
	const keys = batch.map((item) => ("rename" in item ? item.rename.to : ""));
	for (let left = keys; left.length > 0; ) {
		const { results } = await guest.call("blobs_put_many", putOf(shape, left, true));
		left = undone(left, results);
	}
	for (let n = 0; n < LIST_PAGE / MAX_GRANTS; n++) {
		const who = Ed25519KeyIdentity.generate().getPrincipal();
		for (let more = 0; more < MAX_GRANTS; more++) await give(store, who, { prefix: prefixOf(more) });
	}
	const page = { of: { all: null }, after: [] as [], limit: LIST_PAGE };
	await store.sendAsUpdate(store.agent, "blobs_list_grants", store.argument("blobs_list_grants", page));
	return Math.max(...store.messages.map(({ instructions }) => Number(instructions)));
}

/**
 * A holder with the most expensive check: only its last grant matches every key, the others none of the requested ones.
 */
export async function guestOf(store: Store): Promise<Calls> {
	const guest = Ed25519KeyIdentity.generate();
	// One giver may give at most half of a principal's grants.
	for (const half of [0, 1]) {
		const [top, middle] = [Ed25519KeyIdentity.generate(), Ed25519KeyIdentity.generate()];
		await give(store, top.getPrincipal(), { may_give: true });
		await give(await callsOf(store, top), middle.getPrincipal(), { may_give: true });
		const giver = await callsOf(store, middle);
		for (let n = 0; n < MAX_GRANTS / 2; n++) {
			const order = half * (MAX_GRANTS / 2) + n;
			const isLast = order === MAX_GRANTS - 1;
			await give(giver, guest.getPrincipal(), isLast ? {} : { prefix: prefixOf(order) }, order);
		}
	}
	return callsOf(store, guest);
}

/** Grants are checked in the order of their ids. */
async function give(
	by: Calls,
	who: Principal,
	terms: Partial<WireGrantTerms>,
	order: number = MAX_GRANTS,
): Promise<void> {
	const id = newId();
	id[0] = order;
	const request = { id, who, role: { writer: null }, terms: { ...PLAIN_TERMS, ...terms } };
	await by.call("blobs_give_grant", { ...request, under: [], as: [] });
}
