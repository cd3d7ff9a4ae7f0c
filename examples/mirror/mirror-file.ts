import { createHash } from "node:crypto";
import type { Stats } from "node:fs";
import { type FileHandle, open, rename } from "node:fs/promises";
import { join } from "node:path";
import { type BlobClient, type Download, type Manifest, toFile } from "canister-blobs/node";
import { placeFor, statOf } from "./directory.js";
import type { IndexEntry } from "./index-file.js";
import { STATE_DIRECTORY } from "./paths.js";

export interface MirroredFile {
	readonly entry: IndexEntry;
	/** `damaged`: the file differed from what the mirror had written, and was downloaded again. */
	readonly outcome: "fetched" | "damaged" | "unchanged";
	readonly fetchedBytes: number;
}

/** Makes the file at `path` below the target equal to the blob of a key. */
export async function mirrorFile(
	client: BlobClient,
	target: string,
	path: string,
	listed: Manifest,
	known: IndexEntry | undefined,
	verify: boolean,
): Promise<MirroredFile> {
	const file = await placeFor(target, path);
	const found = await statOf(file);
	const wasMirrored = known?.root === hex(listed.root);
	if (known && wasMirrored && !verify && found && isSame(found, known))
		return { entry: known, outcome: "unchanged", fetchedBytes: 0 };

	// Reads by key: the subnet certifies that, while the list is the word of one node.
	const download = client.download(listed.key);
	if (found?.isFile() && (await matches(download, file)))
		return { entry: await entryOf(download, file), outcome: "unchanged", fetchedBytes: 0 };

	const fetchedBytes = await fetchFile(download, target, path, found?.isFile() ? file : undefined);
	const outcome = wasMirrored && found ? "damaged" : "fetched";
	return { entry: await entryOf(download, file), outcome, fetchedBytes };
}

/**
 * Downloads to a temporary file and renames it. Chunks that the old file shares with the new one are not downloaded.
 */
async function fetchFile(
	download: Download,
	target: string,
	path: string,
	old: string | undefined,
): Promise<number> {
	const aside = join(target, STATE_DIRECTORY, createHash("sha256").update(path).digest("hex"));
	const { manifest, reusedBytes } = await toFile(download, aside, old === undefined ? {} : { reuse: old });
	await rename(aside, join(target, path));
	return manifest.size - reusedBytes;
}

/** Whether a file has exactly the blob's bytes, chunk by chunk. Downloads only the list of hashes. */
async function matches(download: Download, path: string): Promise<boolean> {
	const file = await open(path, "r");
	try {
		const blob = await download.open();
		if ((await file.stat()).size !== blob.manifest.size) return false;
		for (let index = 0; index < blob.count; index++) {
			const { start, end } = blob.range(index);
			if (!(await blob.matches(index, await readRange(file, start, end)))) return false;
		}
		return true;
	} finally {
		await file.close();
	}
}

async function readRange(file: FileHandle, start: number, end: number): Promise<Uint8Array> {
	const { buffer, bytesRead } = await file.read(new Uint8Array(end - start), 0, end - start, start);
	return buffer.subarray(0, bytesRead);
}

async function entryOf(download: Download, file: string): Promise<IndexEntry> {
	const { root, size } = await download.manifest();
	const { mtimeMs } = (await statOf(file))!;
	return { root: hex(root), size, modifiedMs: mtimeMs };
}

const isSame = (found: Stats, known: IndexEntry): boolean =>
	found.isFile() && found.size === known.size && found.mtimeMs === known.modifiedMs;

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
