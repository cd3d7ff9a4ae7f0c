/**
 * URLs for a store's blobs on an application's own origin, answered by its service worker through the verifying client:
 * `serveBlobs` for the worker, `BlobUrls` for its pages.
 */
export { type BlobUrl, BlobUrls, type BlobUrlsOptions } from "./page.js";
export { type BlobWorkerOptions, serveBlobs, type WorkerStore } from "./worker.js";
