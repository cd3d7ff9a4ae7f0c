import type { Settings } from "../engine/index.js";
import type { Sha256 } from "../hashing.js";
import { MEMORIES } from "../memory.js";

export type { AccessRequest, Authorize, Quota, RoomSettings } from "../engine/index.js";

/**
 * What `createBlobStore` takes: how the store lies in its canister, and what an application sets about it. Each has a
 * default: without any it is a store by itself. createBlobStore throws a RangeError at a memoryOffset that cannot be;
 * at any other number that cannot be, installing and upgrading trap.
 */
export interface BlobStoreOptions extends Settings {
	/**
	 * Added to each memory id of the store (0 to 13), to leave ids to an application's own maps. Frozen once deployed:
	 * the data is found by it. Default 0, at most 240.
	 */
	readonly memoryOffset?: number;
	/**
	 * How SHA-256 is computed. Default: the native kernel that `canister-blobs link` puts into the Wasm; without it
	 * the canister refuses to install. js-sha256 (canister-blobs/canister/js-sha256) needs no link step and costs
	 * 16,800 instructions a byte instead of 60: for tests and very small blobs.
	 */
	readonly sha256?: Sha256;
	/**
	 * Whether the class brings `init`, `post_upgrade` and `inspect_message`. Default true. A canister has each once:
	 * beside a class that has its own, say false and call `init`, `postUpgrade` and `inspectMessage` from there.
	 */
	readonly lifecycle?: boolean;
	/**
	 * Whether an upgrade may begin an empty store. Default false: an upgrade that finds none at its memory ids traps,
	 * since a wrong memoryOffset would hide all data. Say true for the upgrade that adds the store to an application.
	 */
	readonly addedByUpgrade?: boolean;
}

const MAX_MEMORY_ID = 253;

export function checkOptions({ memoryOffset = 0 }: BlobStoreOptions): void {
	if (!Number.isInteger(memoryOffset) || memoryOffset < 0 || memoryOffset + MEMORIES - 1 > MAX_MEMORY_ID)
		throw new RangeError(`memoryOffset must be a whole number from 0 to ${MAX_MEMORY_ID - MEMORIES + 1}`);
}
