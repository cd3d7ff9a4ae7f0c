import * as is from "../arguments.js";
import { DOWNLOAD, UPLOAD_MANY } from "../checks.js";
import type { DownloadToOptions } from "./client.js";
import type { FilesInOptions } from "./files-in.js";
import type { ToFileOptions } from "./to-file.js";
import type { UploadDirectoryOptions } from "./upload-directory.js";

/** What each option of Node's methods may be: callers in JavaScript have no types. */

const globs: is.Check = {
	expected: "one glob, or an array of them",
	accepts: (value) =>
		(Array.isArray(value) ? value : [value]).every((glob) => typeof glob === "string" && glob !== ""),
};

export const TO_FILE: is.Checks<ToFileOptions> = { resume: is.flag, reuse: is.text };
export const DOWNLOAD_TO: is.Checks<DownloadToOptions> = { ...DOWNLOAD, ...TO_FILE };
export const FILES_IN: is.Checks<FilesInOptions> = { filter: is.callback };
export const UPLOAD_DIRECTORY: is.Checks<UploadDirectoryOptions> = {
	...UPLOAD_MANY,
	include: globs,
	exclude: globs,
};
