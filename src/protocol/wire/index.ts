export type * from "./administration.js";
export { encodeManifest, encodePublished } from "./alike.js";
export * from "./all-methods.js";
export type * from "./batch.js";
export { Batch, BatchDone } from "./batch.js";
export type * from "./bin.js";
export {
	isPublic,
	Manifest,
	manifests,
	type WireImportedAs,
	type WireManifest,
	type WirePrecondition,
	type WirePublication,
	type WireVisibility,
} from "./blob.js";
export type * from "./change.js";
export { Deleted, UpdateWithoutExpiry } from "./change.js";
export type * from "./expiry.js";
export {
	Change,
	changes,
	type WireChange,
	type WireChangeOf,
	type WireChanges,
	type WireChangesRequest,
	type WireCursor,
	type WireInBatch,
} from "./feed.js";
export type * from "./grants.js";
export * from "./http.js";
export type * from "./lease.js";
export { COMMON_METHODS, type WireResult } from "./methods.js";
export type * from "./offered.js";
export { OWNER_METHODS } from "./owner-methods.js";
export type * from "./owners.js";
export { Removed, Taken } from "./owners.js";
export { PROTOCOL_FEATURES, PROTOCOL_VERSION } from "./protocol.js";
export type * from "./read.js";
export { isUnread, Refusal, toItemRefusal, toRefusal, type WireRefusal } from "./refusal.js";
export type * from "./staged.js";
export { brokenBatches, stagedBatches } from "./staged.js";
export type * from "./upload.js";
export { DeletedMany, ManyResults } from "./upload.js";
export { Version, type WireVersion } from "./version.js";
