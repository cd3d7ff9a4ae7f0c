import { versionOf } from "../../support/store.js";
import { none } from "../../support/transfers.js";
import type { Operation, State, Subject } from "./operations.js";
import type { World } from "./world.js";

/**
 * What each key of a case holds, asked without the client.
 * @throws where that is neither nothing nor the very bytes, or not the same of all that belong together
 */
export async function statesOf(
	world: World,
	{ actor, blobs }: Subject,
	{ isTogether = false }: Pick<Operation, "isTogether"> = {},
): Promise<ReadonlyMap<string, State>> {
	const states = new Map<string, State>();
	for (const [key, bytes] of blobs) {
		const [manifest] = (await world.read(actor, "blobs_stat", { key, ...none })).manifest;
		states.set(key, manifest ? "whole" : "absent");
		if (!manifest) continue;
		const { size, chunk_size } = manifest;
		let isWhole = size === BigInt(bytes.length);
		for (let at = 0; at < bytes.length; at += chunk_size) {
			const chunk = await world.read(actor, "blobs_get_chunk", key, versionOf(manifest), at / chunk_size);
			isWhole &&= Buffer.compare(chunk, bytes.subarray(at, at + chunk_size)) === 0;
		}
		if (!isWhole) throw new Error(`${key} holds other bytes`);
	}
	if (isTogether && new Set(states.values()).size > 1) throw new Error("half of it is there");
	return states;
}
