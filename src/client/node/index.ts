/** The client for Node: all exports of the browser's client, plus files and node:crypto. */
export * from "../index.js";
export { BlobClient, type DownloadToOptions } from "./client.js";
export { fileSessions } from "./file-sessions.js";
export {
	type FilesInOptions,
	type FoundFile,
	type FoundFiles,
	filesIn,
	type UnreadFile,
} from "./files-in.js";
export { fromPath } from "./from-path.js";
export { fromReadable, fromStdin } from "./from-readable.js";
export type { NodeSource, NodeUploadItem, NodeUploadItems } from "./source.js";
export { type DownloadedFile, type ToFileOptions, toFile } from "./to-file.js";
export type { UploadDirectoryOptions, UploadDirectoryResult } from "./upload-directory.js";
