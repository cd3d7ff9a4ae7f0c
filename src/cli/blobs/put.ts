/** `canister-blobs put`: uploads files and directories. */
import { fstatSync } from "node:fs";
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import type { BlobClient, FoundFiles, UploadOptions } from "../../client/node/index.js";
import { type Command, CommandError, parsed, UsageError } from "../command.js";
import { EXIT_INCOMPLETE, type Report, reported, shownKey } from "../report.js";
import { counted } from "../sizes.js";
import { Bar } from "./bar.js";
import {
	explained,
	folderOf,
	mediaTypeOf,
	openStore,
	pairsOf,
	STORE,
	STORE_HELP,
	timeOf,
} from "./options.js";
import { holdsPrivateKey, LOOKED_AT_BYTES, refusal, withPrivateKeys } from "./private-keys.js";

const help = `Usage: canister-blobs put <source> [<key>] --canister <id> [options]

Uploads a file, all files below a directory, or stdin (-). Run it again after a crash or
a kill: chunks that have arrived are not sent again.

  <key>                   key of the blob; if it ends in /, the name of the file is
                          added. Default: the name of the file. For a directory: a
                          prefix of the keys; default: none

      --exclude <glob>    of a directory: leave out files and directories that match, by
                          their path in it, or without / by their name; may be given
                          several times. .canister-blobs is always left out
      --include <glob>    of a directory: only files that match, and not --exclude
      --allow-private-keys
                          upload files that hold a private key (PEM or age, in the first
                          64 KiB), too. Without it nothing is uploaded if one does
      --public            every caller may read it. Default: its owner, and principals
                          with the role reader or a grant
      --type <type>       media type. Default: by the ending of the file's name
      --metadata <n>=<v>  metadata to store with it; may be given several times
      --expires <time>    when it expires: 2026-12-31T18:00Z, or 12h, 30d
      --if-absent         fail if the key already holds a blob
      --allow-empty       store a blob of 0 bytes if stdin is empty, or replace a blob
                          that has bytes by an empty file
${STORE_HELP}

Exit codes: 0 uploaded, 1 not, 2 the command line is wrong, 3 some files of a
directory were uploaded and others, which the output names, were not.`;

const OPTIONS = {
	...STORE,
	exclude: { type: "string", multiple: true },
	include: { type: "string", multiple: true },
	"allow-private-keys": { type: "boolean", default: false },
	public: { type: "boolean", default: false },
	type: { type: "string" },
	metadata: { type: "string", multiple: true },
	expires: { type: "string" },
	"if-absent": { type: "boolean", default: false },
	"allow-empty": { type: "boolean", default: false },
} as const;

type Shared = Omit<UploadOptions, "key">;

async function run(args: readonly string[]): Promise<number> {
	const { values, positionals } = parsed(args, OPTIONS);
	const [source, key, third] = positionals;
	if (source === undefined || third !== undefined) throw new UsageError("put takes a source and a key");
	const metadata = pairsOf("metadata", values.metadata);
	const type = mediaTypeOf(values.type);
	const shared: Shared = {
		visibility: values.public ? "public" : "private",
		...(type !== undefined && { contentType: type }),
		...(metadata && { metadata }),
		...(values.expires !== undefined && { expiresAt: timeOf("expires", values.expires) }),
		...(values["if-absent"] && { ifNoneMatch: "*" }),
		...(values["allow-empty"] && { allowEmpty: true }),
	};
	const isQuiet = values.quiet || values.json;
	const ofDirectory = (["exclude", "include"] as const).find((option) => values[option] !== undefined);
	const empty = ofDirectory && values[ofDirectory]!.includes("") ? ofDirectory : undefined;
	if (empty !== undefined) throw new UsageError(`--${empty} takes a glob, such as node_modules or "*.tmp"`);
	const isAllowed = values["allow-private-keys"];
	if (source === "-") {
		if (ofDirectory !== undefined) throw new UsageError(`--${ofDirectory} is for a directory`);
		checkStdin();
		if (key === undefined || key.endsWith("/")) throw new UsageError("stdin has no name: give the whole key");
		return reported(values, async (report) => {
			const { client } = await openStore(values);
			const source = await stdin(values["allow-empty"], isAllowed);
			return putOne(report, client, source, { ...shared, key }, isQuiet);
		});
	}
	const found = await stat(source).catch((cause: NodeJS.ErrnoException) => {
		throw new UsageError(`cannot read ${source}: ${cause.code}`, { cause });
	});
	if (ofDirectory !== undefined && !found.isDirectory())
		throw new UsageError(`--${ofDirectory} is for a directory, and ${source} is none`);
	return reported(values, async (report) => {
		if (found.isDirectory()) {
			const files = await filesToPut(report, source, values, isAllowed);
			const { client } = await openStore(values);
			return putAll(report, client, source, files, { ...shared, prefix: folderOf(key ?? "") }, isQuiet);
		}
		if (!isAllowed && found.isFile() && (await withPrivateKeys([source])).length > 0)
			throw refusal([source], "Choose another file");
		const { client } = await openStore(values);
		const named = key === undefined || key.endsWith("/") ? `${key ?? ""}${basename(source)}` : key;
		const { fromPath } = await import("../../client/node/index.js");
		return putOne(report, client, await fromPath(source), { ...shared, key: named }, isQuiet);
	});
}

/** Node returns an empty stream if it cannot read stdin; that must not become an empty blob. */
function checkStdin(): void {
	const stdin = fstatSync(0);
	if (stdin.isDirectory()) throw new UsageError("stdin is a directory: name it in place of -");
	if (stdin.isBlockDevice())
		throw new UsageError("stdin is a block device: pipe it, as in cat DEVICE | … put - KEY");
}

/**
 * The bytes of stdin, which must not be empty: Node reads /dev/null if stdin is closed, and a failed command before the
 * pipe sends nothing.
 */
async function stdin(allowEmpty: boolean, allowKeys: boolean): Promise<AsyncIterable<Uint8Array>> {
	const { fromStdin } = await import("../../client/node/index.js");
	const parts = fromStdin()[Symbol.asyncIterator]();
	// A pipe comes in parts, and a key may be in any of the first ones.
	const begin: Uint8Array[] = [];
	let length = 0;
	for (let part = await parts.next(); !part.done; part = await parts.next()) {
		begin.push(part.value);
		length += part.value.length;
		if (length >= LOOKED_AT_BYTES) break;
	}
	if (length === 0 && !allowEmpty)
		throw new CommandError(
			"source_empty",
			"Nothing came over stdin, and nothing was stored. To store a blob without bytes give --allow-empty.",
		);
	if (!allowKeys && holdsPrivateKey(Buffer.concat(begin))) {
		await parts.return?.();
		throw refusal(["stdin"], "Pipe something else into it");
	}
	return (async function* () {
		try {
			yield* begin;
			for (let part = await parts.next(); !part.done; part = await parts.next()) yield part.value;
		} finally {
			await parts.return?.();
		}
	})();
}

async function putOne(
	report: Report,
	client: BlobClient,
	source: Parameters<BlobClient["upload"]>[0],
	options: UploadOptions,
	isQuiet: boolean,
): Promise<number> {
	const upload = client.upload(source, options);
	const bar = new Bar(options.key, isQuiet);
	upload.on("progress", (progress) => bar.show(progress));
	upload.on("warning", (warning) => report.note(warning.message));
	try {
		const manifest = await upload.done.catch((error: unknown) => {
			throw explained(error, options, options.key);
		});
		bar.end();
		const { reused } = upload.progress;
		const sent = reused > 0 ? `, ${reused} of them from before` : "";
		return report.end(
			0,
			{ ...manifest, reused },
			`${shownKey(manifest.key)}: ${counted(manifest.size, "byte")}${sent}`,
		);
	} finally {
		bar.end();
	}
}

/** The command's own folder, with the state of the local network. */
const OWN_FOLDER = ".canister-blobs";
/** Folders that are uploaded with a warning: they seldom belong into a store. */
const SUSPECT = ["node_modules", ".git"];

interface Globs {
	readonly include?: string[] | undefined;
	readonly exclude?: string[] | undefined;
}

/** The files of a directory, listed before the first request. */
async function filesToPut(
	report: Report,
	directory: string,
	globs: Globs,
	isAllowed: boolean,
): Promise<FoundFiles> {
	const { filesIn } = await import("../../client/node/index.js");
	const { filterOf } = await import("../../client/node/upload-directory.js");
	const unused = new Set([...(globs.exclude ?? []), ...(globs.include ?? [])]);
	const exclude = [...(globs.exclude ?? []), OWN_FOLDER];
	const filter = filterOf({ include: globs.include, exclude }, (glob) => unused.delete(glob));
	const found = await filesIn(directory, { filter });
	if (globs.include !== undefined && found.files.length === 0)
		throw new CommandError(
			"nothing_included",
			`No file of ${directory} matches --include, and nothing was uploaded. Globs match the path in the directory.`,
		);
	for (const glob of unused) report.note(`nothing matches ${JSON.stringify(glob)}`);
	const keys = isAllowed ? [] : await withPrivateKeys(found.files.map(({ path }) => path));
	if (keys.length > 0) throw refusal(keys, `Leave ${keys.length === 1 ? "it" : "them"} out with --exclude`);
	for (const name of SUSPECT) {
		const count = found.files.filter(({ key }) => key.split("/").slice(0, -1).includes(name)).length;
		if (count > 0)
			report.note(
				`${counted(count, "file")} in ${name} will be uploaded; to leave them out: --exclude ${name}`,
			);
	}
	return found;
}

async function putAll(
	report: Report,
	client: BlobClient,
	directory: string,
	{ files, skipped, failed }: FoundFiles,
	{ prefix, ...shared }: Shared & { readonly prefix: string },
	isQuiet: boolean,
): Promise<number> {
	const items = files.map((file) => ({ ...file, ...shared }));
	const bar = new Bar(directory, isQuiet);
	const counts = { uploaded: 0, updated: 0, unchanged: 0, failed: failed.length };
	for (const path of skipped) report.note(`skipped ${path}: neither a file nor a directory`);
	for (const { path, error } of failed) report.failedBlob(path, error);
	// With a condition each file must succeed or fail by itself.
	const transfer = client.uploadMany(items, { prefix, skipUnchanged: shared.ifNoneMatch === undefined });
	transfer.on("item", (item) => {
		counts[item.status]++;
		if (item.status === "failed") report.failedBlob(item.key, explained(item.error, shared, item.key));
		else if (item.status !== "unchanged")
			report.item({ ...item.manifest, type: item.status }, `${item.status} ${shownKey(item.key)}`);
	});
	transfer.on("progress", (progress) => bar.show(progress));
	try {
		await transfer.done;
	} finally {
		bar.end();
	}
	const { uploaded, updated, unchanged } = counts;
	return report.end(
		counts.failed > 0 ? EXIT_INCOMPLETE : 0,
		{ ...counts, skipped: skipped.length, sentBytes: transfer.progress.sent },
		`${uploaded} uploaded, ${updated} updated, ${unchanged} unchanged, ${skipped.length} skipped, ${counts.failed} failed`,
	);
}

export const put: Command = { help, run };
