export type { BlobStoreOptions } from "./azle/options.js";
export { type BlobStoreClass, createBlobStore } from "./azle/store.js";
export type { AccessRequest, Authorize, Quota, RoomSettings } from "./engine/index.js";
export type { Sha256 } from "./hashing.js";
