import { ok } from "../../support/store.js";
import { none, readBack } from "../../support/transfers.js";
import type { State, Subject } from "./operations.js";
import type { World } from "./world.js";

const READ_MS = 60_000;

/**
 * What each key of a case holds, asked without the client.
 * @throws where that is neither nothing nor the very bytes
 */
export function statesOf(world: World, { actor, blobs }: Subject): Promise<ReadonlyMap<string, State>> {
	const read = async () => {
		const states = new Map<string, State>();
		for (const [key, bytes] of blobs) {
			const [manifest] = ok(await actor.store.blobs_stat({ key, ...none })).manifest;
			states.set(key, manifest ? "whole" : "absent");
			if (manifest && Buffer.compare(await readBack(actor.store, key, manifest), bytes) !== 0)
				throw new Error(`${key} holds other bytes`);
		}
		return states;
	};
	return world.time.run(read(), READ_MS);
}
