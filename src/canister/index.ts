export type { Sha256 } from "./azle/sha256.js";
export { type BlobStoreClass, type BlobStoreOptions, createBlobStore } from "./azle/store.js";
