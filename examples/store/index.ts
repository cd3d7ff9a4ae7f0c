import { createBlobStore } from "canister-blobs/canister";

export default createBlobStore();
