import { nat64, record } from "../candid.js";

/**
 * Names a change of a store, and the version of a key that it made. `sequence` counts the changes. A store that is
 * rolled back to a snapshot, or installed again, counts from an earlier number; `canister_version` is the system's
 * number of the state in which the change was made, which never goes back. So no two changes share both.
 */
export interface WireVersion {
	sequence: bigint;
	canister_version: bigint;
}
export const Version = record<WireVersion>({ sequence: nat64, canister_version: nat64 });
