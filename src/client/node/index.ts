/** The client for Node: all of the browser's, with files and node:crypto. */
export * from "../index.js";
export { BlobClient } from "./client.js";
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
export { type DownloadedFile, type ToFileOptions, toFile } from "./to-file.js";
