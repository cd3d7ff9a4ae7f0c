import { createTarPacker } from "modern-tar";
import { refusalOf } from "../../client/node/place.js";
import { follow, throwIfAborted } from "../../client/util/abort.js";
import { checkOptions, EXPORT } from "../checks.js";
import { BackupError } from "../errors.js";
import { bytesOf, leavesOf } from "../reading/blob-reader.js";
import type { Repository } from "../repository/repository.js";
import type { BlobEntry } from "../tree/entry.js";
import { BLOBS, type BlobFilter, blobsOf, documentsOf } from "./documents.js";

/** Options of an export. */
export interface ExportOptions extends BlobFilter {
	/** Called for each blob that could not be exported. */
	readonly onFailed?: ((key: string, reason: string) => void) | undefined;
	/** Called with the number of bytes of blobs that were exported. */
	readonly onBytes?: ((bytes: number) => void) | undefined;
	/** Aborts the export. */
	readonly signal?: AbortSignal | undefined;
}

/** Result of an export. */
export interface ExportResult {
	/** Exported blobs. */
	readonly blobs: number;
	/** Size of the exported blobs in bytes. */
	readonly bytes: number;
	/** Blobs that could not be exported. */
	readonly failed: number;
	/** Blobs that the snapshot lacks. */
	readonly missing: number;
}

/**
 * Writes a snapshot as a tar archive: `snapshot.json`, `settings.jsonl`, `blobs.jsonl` with the facts of each blob, and
 * the blobs as files below `blobs/`. Verifies every byte against its hash before writing it.
 * @param id of the snapshot
 * @param into is closed at the end. It is aborted if a blob turns out to be damaged halfway, since a tar cannot revoke
 * an entry
 */
export async function exportTar(
	repository: Repository,
	id: string,
	into: WritableStream<Uint8Array>,
	options: ExportOptions = {},
): Promise<ExportResult> {
	checkOptions(options, EXPORT);
	const { onFailed, onBytes } = options;
	const { controller, release } = follow(options.signal);
	const { signal } = controller;
	const { readable, controller: packer } = createTarPacker();
	const piped = readable.pipeTo(into, { signal });
	// The reader closed the stream: the pending write fails by that, too.
	piped.catch(() => controller.abort());
	const snapshot = await repository.read(id);
	const at = new Date(snapshot.at);
	const counts = { blobs: 0, bytes: 0, failed: 0, missing: snapshot.missingCount };
	const files = new FilesAbove();
	try {
		for (const { name, read } of documentsOf(repository, snapshot, options)) {
			let size = 0;
			for await (const piece of read()) size += piece.length;
			await writeFile(packer.add({ name, size, mtime: at, mode: 0o644, type: "file" }), read(), signal);
		}
		for await (const entry of blobsOf(repository, snapshot, options)) {
			throwIfAborted(signal);
			const reason = files.refusalOf(entry.key) ?? (await refusal(repository, entry));
			if (reason !== undefined) {
				counts.failed++;
				onFailed?.(entry.key, reason);
				continue;
			}
			const { key, size, modifiedAt } = entry;
			const header = { name: `${BLOBS}${key}`, size, mtime: new Date(modifiedAt), mode: 0o644 };
			const body = packer.add({ ...header, type: "file" });
			await writeFile(body, bytesOf(repository.items, entry), signal, onBytes);
			files.add(key);
			counts.blobs++;
			counts.bytes += size;
		}
		packer.finalize();
		await piped;
		return counts;
	} catch (error) {
		packer.error(error);
		await piped.catch((failure: unknown) => {
			// The first failure.
			if (!controller.signal.aborted || options.signal?.aborted) return;
			throw failure;
		});
		throw error;
	} finally {
		release();
	}
}

async function writeFile(
	body: WritableStream<Uint8Array>,
	pieces: AsyncIterable<Uint8Array>,
	signal: AbortSignal,
	onBytes?: (bytes: number) => void,
): Promise<void> {
	const writer = body.getWriter();
	for await (const piece of pieces) {
		throwIfAborted(signal);
		await writer.write(piece);
		onBytes?.(piece.length);
	}
	await writer.close();
}

/** The files on the path to a key. Keys come in order, and below a file there can be no other file. */
class FilesAbove {
	readonly #above: string[] = [];

	add(key: string): void {
		this.#above.push(key);
	}

	refusalOf(key: string): string | undefined {
		// Keys with a common prefix are neighbours: past the last one, a key has no more descendants.
		while (this.#above.length > 0 && !key.startsWith(this.#above.at(-1)!)) this.#above.pop();
		const above = this.#above.find((file) => key.startsWith(`${file}/`));
		return above === undefined
			? undefined
			: `the key ${JSON.stringify(above)} is a file there, not a directory`;
	}
}

/** Why a blob cannot become a file of an archive; undefined if its key is a valid path and all its chunks exist. */
async function refusal({ items, index, sink }: Repository, entry: BlobEntry): Promise<string | undefined> {
	const name = refusalOf(entry.key, "linux");
	if (name !== undefined) return name;
	try {
		for (const leaf of await leavesOf(items, entry)) {
			let isThere = false;
			for (const { location } of await index.find(leaf))
				isThere ||= (await sink.size(location.object)) === location.objectBytes;
			if (!isThere) throw new BackupError("item_missing", { sha256: leaf });
		}
		return undefined;
	} catch (error) {
		if (!(error instanceof BackupError) || error.code === "sink_failed") throw error;
		return error.message;
	}
}
