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
	 * One without a `/` is matched against the name alone, wherever it is. One that matches a directory takes all below it;
	 * a `/` at its end changes nothing. Names with a leading dot count as any other.
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

type Told = (glob: string) => void;

/** @param told told of each glob that matches a path */
function matcher(patterns: string | readonly string[], told: Told): (path: string) => boolean {
	const all = (typeof patterns === "string" ? [patterns] : patterns).map((glob) => {
		// As in .gitignore a slash at the end says that it is a directory.
		const path = glob.replace(/^(?:\.\/)+|\/+$/g, "") || glob;
		// A glob without a slash is one of names.
		return { glob, matches: picomatch(path, { dot: true, basename: !path.includes("/") }) };
	});
	return (path) => {
		const found = all.filter(({ matches }) => matches(path));
		for (const { glob } of found) told(glob);
		return found.length > 0;
	};
}

/** A path and the directories that it is in. */
const andAbove = (path: string): string[] =>
	path.split("/").map((_, index, segments) => segments.slice(0, index + 1).join("/"));

/**
 * Which files of a directory are taken, and into which directories is looked, as `filesIn` asks for them.
 * @param told told of each glob that matches
 */
export function filterOf(
	{ include, exclude }: Pick<UploadDirectoryOptions, "include" | "exclude">,
	told: Told = () => {},
): (key: string) => boolean {
	const matches = include === undefined ? () => true : matcher(include, told);
	const isIncluded = (path: string) => andAbove(path).filter(matches).length > 0;
	const isExcluded = exclude === undefined ? () => false : matcher(exclude, told);
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
