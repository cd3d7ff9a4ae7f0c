import { checkNames, checkSettings, SETTINGS, type Settings } from "../engine/index.js";
import type { Sha256 } from "../host/hashing.js";
import { MEMORIES } from "../host/memory.js";

export type {
	AccessRequest,
	Admit,
	Authorize,
	CapacitySettings,
	HttpSettings,
	Quota,
} from "../engine/index.js";

/**
 * What `createBlobStore` takes: how the store lies in its canister, and what an application sets about it. Each has a
 * default: without any it is a store by itself. createBlobStore throws a RangeError at a name that is no option's and at
 * a value that cannot be. It runs while Azle builds the canister, so the build fails, not the installation.
 */
export type BlobStoreOptions = StoreOptions &
	(
		| {
				/**
				 * Whether the application has `init`, `post_upgrade`, `inspect_message` and `http_request` of its own. A canister
				 * has each once: by default the store's class brings them. With true the application's class has those it wants,
				 * and calls the store's `init`, `postUpgrade`, `inspectMessage` and `httpRequest` there.
				 * @default false
				 */
				readonly ownLifecycle?: false;
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
				readonly ownLifecycle: true;
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
	readonly allowEmptyStore?: boolean;
}

const MAX_MEMORY_ID = 253;

export const CHOOSE_OFFSET =
	`A store beside other classes takes ${MEMORIES} memory ids: choose the first, so that the application's own maps ` +
	"have the others, and keep it for as long as the canister holds data.";

const NAMES: Readonly<Record<keyof StoreOptions | "memoryOffset" | "ownLifecycle", true>> = {
	...SETTINGS,
	memoryOffset: true,
	ownLifecycle: true,
	sha256: true,
	allowEmptyStore: true,
};

export function checkOptions(options: BlobStoreOptions): void {
	const { memoryOffset, ownLifecycle = false } = options;
	checkNames(options, NAMES);
	checkSettings(options);
	for (const name of ["ownLifecycle", "allowEmptyStore"] as const)
		if (options[name] !== undefined && typeof options[name] !== "boolean")
			throw new RangeError(`${name} must be true or false`);
	if (memoryOffset === undefined) {
		if (ownLifecycle) throw new RangeError(`memoryOffset is missing. ${CHOOSE_OFFSET}`);
		return;
	}
	if (!Number.isInteger(memoryOffset) || memoryOffset < 0 || memoryOffset + MEMORIES - 1 > MAX_MEMORY_ID)
		throw new RangeError(`memoryOffset must be a whole number from 0 to ${MAX_MEMORY_ID - MEMORIES + 1}`);
}
