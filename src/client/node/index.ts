/** The client for Node: all of the browser's, with files and node:crypto. */
export * from "../index.js";
export { BlobClient } from "./client.js";
export { fromPath } from "./from-path.js";
export { type DownloadedFile, type ToFileOptions, toFile } from "./to-file.js";
