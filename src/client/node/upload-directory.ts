import { relative, sep } from "node:path";
import picomatch from "picomatch";
import * as is from "../arguments.js";
import { checkArgument, checkOptions } from "../arguments.js";
import type { ClientContext } from "../context.js";
import { ClientError, messageOf } from "../errors/errors.js";
import { startBatch } from "../upload/batch/index.js";
import type {
	ItemResult,
	ItemUploaded,
	UploadItem,
	UploadManyOptions,
	UploadManyProgress,
	UploadManyResult,
} from "../upload/batch/types.js";
import type { Transfer } from "../upload/transfer.js";
import { UPLOAD_DIRECTORY } from "./checks.js";
import { filesIn } from "./files-in.js";

/** Which files of a directory are uploaded, and how. */
export interface UploadDirectoryOptions extends UploadManyOptions {
	/**
	 * Globs of the files to upload, matched against the path below the directory, with `/` on every system: `**\/*.html`.
	 * One without a `/` is matched against the name alone, wherever it is. Names with a leading dot count as any other.
	 * @default every file
	 */
	include?: string | readonly string[] | undefined;
	/** Globs of files and directories to leave out, `node_modules` or `drafts/**`; they go before `include`. @default none */
	exclude?: string | readonly string[] | undefined;
}

/** What became of a directory. */
export interface UploadDirectoryResult extends UploadManyResult {
	/** Paths of what is neither file nor directory: symbolic links, which could lead anywhere, sockets, devices. */
	readonly skipped: readonly string[];
}

function matcher(patterns: string | readonly string[]): (path: string) => boolean {
	const all = typeof patterns === "string" ? [patterns] : [...patterns];
	// A pattern without a slash is one of names.
	const [names, paths] = [false, true].map((isPath) => all.filter((glob) => glob.includes("/") === isPath));
	const isName = picomatch(names as string[], { dot: true, basename: true });
	const isPath = picomatch(paths as string[], { dot: true });
	return (path) => isName(path) || isPath(path);
}

/** Which files of a directory are taken, and into which directories is looked, as `filesIn` asks for them. */
export function filterOf({
	include,
	exclude,
}: Pick<UploadDirectoryOptions, "include" | "exclude">): (key: string) => boolean {
	const isIncluded = include === undefined ? () => true : matcher(include);
	const isExcluded = exclude === undefined ? () => false : matcher(exclude);
	return (key) => (key.endsWith("/") ? !isExcluded(key.slice(0, -1)) : !isExcluded(key) && isIncluded(key));
}

/** Uploads what is below a directory as one transfer. What cannot be read is an item that failed. */
export function uploadDirectory(
	context: ClientContext,
	directory: string,
	given: UploadDirectoryOptions,
): Transfer<UploadDirectoryResult, UploadManyProgress, ItemResult<ItemUploaded>> {
	let skipped: readonly string[] = [];
	const { include, exclude, ...options } = given ?? {};
	const find = async (): Promise<UploadItem[]> => {
		checkArgument("directory", directory, is.text);
		checkOptions(given, UPLOAD_DIRECTORY);
		const found = await filesIn(directory, { filter: filterOf({ include, exclude }) });
		skipped = found.skipped;
		const unread = found.failed.map(({ path, error }) => ({
			key: relative(directory, path).split(sep).join("/"),
			source: () => {
				throw new ClientError("source_failed", { reason: messageOf(error) }, error);
			},
		}));
		return [...found.files, ...unread];
	};
	return startBatch(context, find, options, (result) => ({ ...result, skipped }));
}
