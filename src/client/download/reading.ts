/** What a download loads when it first asks for something. */
export { stat, statRef } from "../blobs/stat.js";
export { Ahead } from "./ahead.js";
export { StoredBlob, verifiedLeaves } from "./verified-blob.js";
