import { ok } from "../../support/store.js";
import { none, readBack } from "../../support/transfers.js";
import type { Operation, State, Subject } from "./operations.js";
import type { World } from "./world.js";

const READ_MS = 60_000;

/**
 * What each key of a case holds, asked without the client.
 * @throws where that is neither nothing nor the very bytes, or not the same of all that belong together
 */
export function statesOf(
	world: World,
	{ actor, blobs }: Subject,
	{ isTogether = false }: Pick<Operation, "isTogether"> = {},
): Promise<ReadonlyMap<string, State>> {
	const read = async () => {
		const states = new Map<string, State>();
		for (const [key, bytes] of blobs) {
			const [manifest] = ok(await actor.store.blobs_stat({ key, ...none })).manifest;
			states.set(key, manifest ? "whole" : "absent");
			if (manifest && Buffer.compare(await readBack(actor.store, key, manifest), bytes) !== 0)
				throw new Error(`${key} holds other bytes`);
		}
		if (isTogether && new Set(states.values()).size > 1) throw new Error("half of it is there");
		return states;
	};
	return world.time.run(read(), READ_MS);
}
