import { Ed25519KeyIdentity } from "@dfinity/identity";
import { newId, ok, type StoreFixture } from "../support/store.js";
import type { Place } from "./trial.js";

/** A store with a new writer. */
export async function newWriter({ canisterId, network, store }: StoreFixture): Promise<Place> {
	const identity = Ed25519KeyIdentity.generate();
	ok(await store.blobs_grant_role({ id: newId(), who: identity.getPrincipal(), role: { writer: null } }));
	return { canisterId: canisterId.toText(), host: network.url, identity };
}
