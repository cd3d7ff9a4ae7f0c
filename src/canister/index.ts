export { type BlobStoreClass, type BlobStoreOptions, createBlobStore } from "./azle/store.js";
export type { Sha256 } from "./hashing.js";
