export type {
	AccessRequest,
	Admit,
	Authorize,
	BlobStoreOptions,
	Quota,
	RoomSettings,
	StoreOptions,
} from "./azle/options.js";
export { type BlobStoreClass, createBlobStore } from "./azle/store.js";
export type { Sha256 } from "./hashing.js";
