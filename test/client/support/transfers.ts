import { createHash } from "node:crypto";
import type { ClientContext } from "../../../src/client/context.js";
import { Download } from "../../../src/client/download/download.js";
import type { BlobSource, UploadOptions } from "../../../src/client/index.js";
import { startUpload } from "../../../src/client/upload/index.js";

/** One blob up to the store in memory and down again, in chunks of the least size. */

export const S = 65_536;
/** Forty chunks, the last of them short. */
export const SIZE = 40 * S - 7;

export const upload = (context: ClientContext, source: BlobSource, options: Partial<UploadOptions> = {}) =>
	startUpload(context, source, { key: "a/b", ...options });

export const readAll = (context: ClientContext, key = "a/b") => new Download(context, key, {}).bytes();

/** What a promise fails with; undefined where it does not. */
export const failure = (promise: PromiseLike<unknown>) =>
	promise.then(
		() => undefined,
		(error: unknown) => error,
	);

/** The bytes in parts that have nothing to do with chunks. */
export const streamOf = (bytes: Uint8Array, part: number) =>
	(async function* () {
		for (let at = 0; at < bytes.length; at += part) yield bytes.subarray(at, at + part);
	})();

export const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
