import { Ed25519KeyIdentity } from "@dfinity/identity";

const STORAGE_KEY = "canister-blobs-example-identity";

/**
 * A key made in this browser on the first visit. It is kept because an upload belongs to who began it: only the same
 * principal can go on with it after a reload. Any script of this origin can read it; an application in earnest signs
 * its users in (Internet Identity), and passes the identity it gets from there to the agent in the same way.
 */
export function loadIdentity(): Ed25519KeyIdentity {
	const kept = localStorage.getItem(STORAGE_KEY);
	if (kept) return Ed25519KeyIdentity.fromJSON(kept);
	const identity = Ed25519KeyIdentity.generate();
	localStorage.setItem(STORAGE_KEY, JSON.stringify(identity.toJSON()));
	return identity;
}
