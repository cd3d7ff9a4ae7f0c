import { checked } from "../arguments.js";
import type { PreparedUpload } from "../batching/types.js";
import { BlobClient as WebBlobClient } from "../client.js";
import { contextOf } from "../context.js";
import type { Download, DownloadOptions } from "../download/download.js";
import type { BlobClientOptions } from "../options.js";
import type { BlobSource } from "../source/types.js";
import type { BlobRef } from "../types.js";
import type {
	ItemResult,
	ItemUploaded,
	UploadManyOptions,
	UploadManyProgress,
	UploadManyResult,
} from "../upload/batch/types.js";
import type { UploadOptions } from "../upload/options.js";
import type { Transfer } from "../upload/transfer.js";
import { DOWNLOAD_TO } from "./checks.js";
import { nodePorts } from "./ports.js";
import { type NodeSource, type NodeUploadItems, nodeItems, nodeSource } from "./source.js";
import { type DownloadedFile, type ToFileOptions, toFile } from "./to-file.js";
import {
	type UploadDirectoryOptions,
	type UploadDirectoryResult,
	uploadDirectory,
} from "./upload-directory.js";

/** How a blob becomes a file. */
export interface DownloadToOptions extends DownloadOptions, ToFileOptions {}

/** A blob store in a canister, as a browser has it, with files and Node's hash function. */
export class BlobClient extends WebBlobClient {
	constructor(options: BlobClientOptions) {
		super(options, nodePorts);
	}

	/**
	 * Uploads a source under a key, as in a browser; a path, a `file:` URL and a stream of Node are taken as they are. A
	 * file is opened when the transfer begins, and its media type is that of its name's ending.
	 * @throws ClientError `source_failed` where there is no such file or it cannot be read; `source_invalid` for a
	 *   directory: see `uploadDirectory`
	 */
	override upload(source: NodeSource, options: UploadOptions): Transfer {
		return super.upload(nodeSource(source) as BlobSource, options);
	}

	override prepareUpload(source: NodeSource, options: UploadOptions): Transfer<PreparedUpload> {
		return super.prepareUpload(nodeSource(source) as BlobSource, options);
	}

	/** Uploads many sources as one transfer, as in a browser; sources may be paths, `file:` URLs and streams of Node. */
	override uploadMany(
		items: NodeUploadItems,
		options?: UploadManyOptions,
	): Transfer<UploadManyResult, UploadManyProgress, ItemResult<ItemUploaded>> {
		return super.uploadMany(nodeItems(items), options);
	}

	/**
	 * Uploads the files below a directory, under their paths in it (and `prefix`), as `uploadMany` does. No symbolic link
	 * is followed. What cannot be read is an item that failed; what is neither file nor directory is in `skipped`.
	 * @throws ClientError `source_failed` where the directory itself cannot be read
	 */
	uploadDirectory(
		directory: string,
		options: UploadDirectoryOptions = {},
	): Transfer<UploadDirectoryResult, UploadManyProgress, ItemResult<ItemUploaded>> {
		return uploadDirectory(contextOf(this), directory, options);
	}

	/**
	 * Downloads into a file, as `toFile` does: it takes its name when it is whole, verified and on disk, and what a failed
	 * call left is used by the next one.
	 * @throws ClientError `file_failed`, and what reading throws
	 */
	downloadTo(
		target: string | BlobRef,
		path: string,
		options: DownloadToOptions = {},
	): Promise<DownloadedFile> {
		return checked(options, DOWNLOAD_TO, () => {
			const { resume, reuse, ...reading } = options;
			const download: Download = this.download(target as string, reading);
			return toFile(download, path, { resume, reuse });
		});
	}
}
