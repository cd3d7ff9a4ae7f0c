import type { Settings } from "../engine/index.js";
import type { Sha256 } from "../hashing.js";
import { MEMORIES } from "../memory.js";

export type { AccessRequest, Admit, Authorize, HttpSettings, Quota, RoomSettings } from "../engine/index.js";

/**
 * What `createBlobStore` takes: how the store lies in its canister, and what an application sets about it. Each has a
 * default: without any it is a store by itself. createBlobStore throws a RangeError at a memoryOffset that cannot be;
 * at any other number that cannot be, installing and upgrading trap.
 */
export type BlobStoreOptions = StoreOptions &
	(
		| {
				/**
				 * Whether the class brings `init`, `post_upgrade`, `inspect_message` and `http_request`. A canister has each
				 * once: beside a class that has its own, say false and call `init`, `postUpgrade`, `inspectMessage` and
				 * `httpRequest` from there.
				 * @default true
				 */
				readonly lifecycle?: true;
				/**
				 * First of the 22 memory ids of the store, 0 to 232; the others are an application's. Frozen once deployed: the
				 * data is found by it. Beside other classes it has no default: an application's first maps mostly have the ids
				 * from 0 on, and two maps under one id overwrite each other. A map that the application makes in the store's
				 * range traps.
				 * @default 0, where the canister exports the store alone
				 */
				readonly memoryOffset?: number;
		  }
		| {
				/**
				 * The application has `init`, `post_upgrade` and `inspect_message` of its own, and calls the store's; an
				 * `http_request`, if blobs are to have URLs.
				 */
				readonly lifecycle: false;
				/** First of the 22 memory ids of the store, 0 to 232; the others are the application's. */
				readonly memoryOffset: number;
		  }
	);

/** Options of a store wherever it lies. */
export interface StoreOptions extends Settings {
	/**
	 * How SHA-256 is computed. Default: the native kernel that `canister-blobs link` puts into the Wasm; without it
	 * the canister refuses to install. js-sha256 (canister-blobs/canister/js-sha256) needs no link step and costs
	 * 16,800 instructions a byte instead of 60: for tests and very small blobs.
	 */
	readonly sha256?: Sha256;
	/**
	 * Whether an upgrade may begin an empty store. Default false: an upgrade that finds none at its memory ids traps,
	 * since a wrong memoryOffset would hide all data. Say true for the upgrade that adds the store to an application, and
	 * take it out again with the next one.
	 */
	readonly addedByUpgrade?: boolean;
}

const MAX_MEMORY_ID = 253;

export const CHOOSE_OFFSET =
	`A store beside other classes takes ${MEMORIES} memory ids: choose the first, so that the application's own maps ` +
	"have the others, and keep it for as long as the canister holds data.";

export function checkOptions({ memoryOffset, lifecycle = true }: BlobStoreOptions): void {
	if (memoryOffset === undefined) {
		if (!lifecycle) throw new RangeError(`memoryOffset is missing. ${CHOOSE_OFFSET}`);
		return;
	}
	if (!Number.isInteger(memoryOffset) || memoryOffset < 0 || memoryOffset + MEMORIES - 1 > MAX_MEMORY_ID)
		throw new RangeError(`memoryOffset must be a whole number from 0 to ${MAX_MEMORY_ID - MEMORIES + 1}`);
}
