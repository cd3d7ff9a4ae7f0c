export { type StoreGrant, type StoreGrantTerms, type StoreGrantUse, StoreRefusal } from "./azle/grants.js";
export type { HttpRequest, HttpResponse } from "./azle/http.js";
export type {
	AccessRequest,
	Admit,
	Authorize,
	BlobStoreOptions,
	CapacitySettings,
	HttpSettings,
	Quota,
	StoreOptions,
} from "./azle/options.js";
export {
	type BlobStoreClass,
	type CertifiedProof,
	type CertifiedTree,
	createBlobStore,
	type ServedAnswer,
	type ShownTree,
} from "./azle/store.js";
export type { Sha256 } from "./host/hashing.js";
