/** `canister-blobs get` and `cat`: blobs out of a store. */
import { mkdir, stat } from "node:fs/promises";
import { dirname, join, resolve, sep } from "node:path";
import { pipeline } from "node:stream/promises";
import type { BlobClient } from "../../client/node/index.js";
import { type Command, CommandError, parsed, UsageError } from "../command.js";
import { EXIT_INCOMPLETE, type Report, reported, shownKey } from "../report.js";
import { counted } from "../sizes.js";
import { Bar } from "./bar.js";
import { asksSnapshot, openStore, STORE, STORE_HELP } from "./options.js";

const GET_HELP = `Usage: canister-blobs get <key> [<path>] --canister <id> [options]

Downloads a blob into a file, or all blobs below a key that ends in /. Every byte is
verified before it is written. A file gets its name when it is complete. Run it again
after a kill: chunks that have arrived are not fetched again.

  <path>                  the file, or a directory: one that exists, or a path that
                          ends in /. Directories on the way are created. Default: the
                          last part of the key, in this directory. For a key that ends
                          in /: the directory
${STORE_HELP}

Exit codes: 0 downloaded, 1 not, 2 the command line is wrong, 3 some of many blobs
were downloaded and others, which the output names, were not.`;

const STDOUT = ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];

const isDirectory = (path: string): Promise<boolean> =>
	stat(path).then(
		(found) => found.isDirectory(),
		() => false,
	);

async function runGet(args: readonly string[]): Promise<number> {
	const { values, positionals } = parsed(args, STORE);
	const [key, path, third] = positionals;
	if (key === undefined || third !== undefined) throw new UsageError("get takes a key and a path");
	if (path !== undefined && STDOUT.includes(path))
		throw new UsageError("to write to stdout: canister-blobs cat");
	const isQuiet = values.quiet || values.json;
	if (key === "" || key.endsWith("/")) {
		const folder = path ?? (key.split("/").at(-2) || ".");
		return reported(values, async (report) =>
			getAll(report, (await openStore(values)).client, key, folder, isQuiet),
		);
	}
	const name = key.slice(key.lastIndexOf("/") + 1);
	const isFolder =
		path !== undefined && (path.endsWith("/") || path.endsWith(sep) || (await isDirectory(path)));
	const target = path === undefined || isFolder ? join(path ?? "", fileNameOf(name)) : path;
	return reported(values, async (report) => {
		const { client } = await openStore(values);
		await mkdir(dirname(target), { recursive: true });
		const { manifest, reusedBytes } = await getOne(client, key, target, isQuiet);
		const before = reusedBytes > 0 ? `, ${reusedBytes} of them from before` : "";
		return report.end(
			0,
			{ ...manifest, path: target, reusedBytes },
			`${target}: ${counted(manifest.size, "byte")}${before}`,
		);
	});
}

/** The canister chooses keys: none may lead out of the folder that the user named. */
function fileNameOf(name: string): string {
	if (name === "." || name === ".." || name.includes(sep) || name.includes("\0"))
		throw new UsageError(`the key ends in ${JSON.stringify(name)}, which is no name for a file: give a path`);
	return name;
}

async function getOne(client: BlobClient, key: string, path: string, isQuiet: boolean) {
	const { toFile } = await import("../../client/node/index.js");
	const bar = new Bar(key, isQuiet);
	const download = client.download(key);
	download.on("progress", (progress) => bar.show(progress));
	try {
		return await toFile(download, path);
	} finally {
		bar.end();
	}
}

async function getAll(
	report: Report,
	client: BlobClient,
	prefix: string,
	folder: string,
	isQuiet: boolean,
): Promise<number> {
	const { placeBelow } = await import("../../client/node/place.js");
	const root = resolve(folder);
	let [blobs, bytes, failed] = [0, 0, 0];
	for await (const entry of client.list({ prefix, recursive: true })) {
		if (entry.type !== "blob") continue;
		const { key } = entry.blob;
		try {
			await mkdir(root, { recursive: true });
			const path = await placeBelow(root, key.slice(prefix.length), true);
			const { manifest } = await getOne(client, key, path, isQuiet);
			blobs++;
			bytes += manifest.size;
			report.item({ type: "downloaded", key, path, size: manifest.size }, path);
		} catch (error) {
			failed++;
			report.failedBlob(key, error);
		}
	}
	if (blobs + failed === 0)
		throw new CommandError(
			"blob_not_found",
			`There is no blob below ${shownKey(prefix)}. Check the key and the identity.`,
		);
	return report.end(
		failed > 0 ? EXIT_INCOMPLETE : 0,
		{ blobs, bytes, failed },
		`${blobs} downloaded, ${counted(bytes, "byte")}, ${failed} failed`,
	);
}

const CAT_HELP = `Usage: canister-blobs cat <key> --canister <id> [options]
       canister-blobs cat <key> --snapshot <snapshot> --repo <place> [options]

Writes the verified bytes of a blob to stdout. With --snapshot it reads a snapshot in a
backup repository (see canister-blobs ls --help).

      --range <from>-<to> only these bytes, counted from 0, both ends included; the
                          last may be left out
${STORE_HELP}`;

async function runCat(args: readonly string[]): Promise<number> {
	if (asksSnapshot(args)) return (await import("../backup/look.js")).catSnapshot(args);
	const { values, positionals } = parsed(args, { ...STORE, range: { type: "string" } });
	const [key, second] = positionals;
	if (key === undefined || second !== undefined) throw new UsageError("cat takes one key");
	if (values.json) throw new UsageError("cat prints bytes: it takes no --json");
	const range = values.range === undefined ? undefined : rangeOf(values.range);
	return reported(values, async () => {
		const { client } = await openStore(values);
		const download = client.download(key, range && { range });
		await pipeline(download, process.stdout, { end: false });
		return 0;
	});
}

/** Inclusive, as in HTTP. */
function rangeOf(text: string): { start: number; end?: number } {
	const [, from, to] = /^(\d{1,15})-(\d{1,15})?$/.exec(text) ?? [];
	if (from === undefined || (to !== undefined && Number(to) < Number(from)))
		throw new UsageError(`--range takes the first and the last byte, as in 0-99 or 100-, not ${text}`);
	return { start: Number(from), ...(to !== undefined && { end: Number(to) + 1 }) };
}

export const get: Command = { help: GET_HELP, run: runGet };
export const cat: Command = { help: CAT_HELP, run: runCat };
