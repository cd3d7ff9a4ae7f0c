export type * from "./administration.js";
export {
	Manifest,
	type WireManifest,
	type WirePrecondition,
	type WirePublication,
	type WireVisibility,
} from "./blob.js";
export type * from "./change.js";
export { Deleted } from "./change.js";
export {
	Change,
	type WireChange,
	type WireChangeOf,
	type WireChanges,
	type WireChangesRequest,
	type WireCursor,
} from "./feed.js";
export * from "./methods.js";
export type * from "./read.js";
export type * from "./upload.js";
export { ManyResults } from "./upload.js";
