import { Ed25519KeyIdentity } from "@dfinity/identity";

const STORAGE_KEY = "canister-blobs-example-identity";

/**
 * A key made in this browser on the first visit. It is stored because an upload belongs to its principal: only that
 * principal can resume it after a reload. Every script of this origin can read the key. A production application signs
 * its users in (Internet Identity), and passes that identity to the agent in the same way.
 */
export function loadIdentity(): Ed25519KeyIdentity {
	const kept = localStorage.getItem(STORAGE_KEY);
	if (kept) return Ed25519KeyIdentity.fromJSON(kept);
	const identity = Ed25519KeyIdentity.generate();
	localStorage.setItem(STORAGE_KEY, JSON.stringify(identity.toJSON()));
	return identity;
}
