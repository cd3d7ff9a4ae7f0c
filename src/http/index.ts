/** A verified HTTP server for the blobs of a store: a handler for node:http, and for web Request and Response. */
export type { DiskCacheOptions } from "./disk-cache.js";
export { BlobHandler } from "./handler.js";
export { BlobLinks, type BlobLinksOptions, type LinkOptions } from "./links.js";
export type { LoggedError, LogRecord } from "./log.js";
export type { Listener } from "./node.js";
export type { BlobHandlerOptions, ReadRequest } from "./options.js";
