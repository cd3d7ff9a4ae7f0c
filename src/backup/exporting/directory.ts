import { randomBytes } from "node:crypto";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { syncDirectory } from "../../client/node/sync-directory.js";
import { writeAt } from "../../client/node/write-at.js";
import { checkOptions, EXPORT } from "../checks.js";
import { orFull } from "../full.js";
import { restore } from "../reading/restore.js";
import type { Repository } from "../repository/repository.js";
import { BLOBS, type Document, documentsOf } from "./documents.js";
import type { ExportOptions, ExportResult } from "./tar.js";

/**
 * Writes a snapshot into a directory, with the same files as in the archive of `exportTar`. A second run, for example
 * after a kill or for a later snapshot, writes only what differs. Files that the snapshot does not contain stay.
 * @param id of the snapshot
 */
export async function exportDirectory(
	repository: Repository,
	id: string,
	directory: string,
	options: ExportOptions = {},
): Promise<ExportResult> {
	checkOptions(options, EXPORT);
	const { onFailed, onBytes, signal, prefix = "", owner } = options;
	const target = resolve(directory);
	await mkdir(target, { recursive: true }).catch((error) => {
		throw orFull(error, target);
	});
	const { restored, replaced, unchanged, failed, bytes, missing } = await restore(
		repository,
		id,
		join(target, BLOBS),
		{
			prefix,
			overwrite: true,
			...(owner !== undefined && { owner }),
			...(onBytes && { onBytes }),
			...(signal && { signal }),
			onFile: ({ key, reason }) => {
				if (reason !== undefined) onFailed?.(key, reason);
			},
		},
	);
	for (const document of documentsOf(repository, await repository.read(id), options))
		await write(target, document).catch((error) => {
			throw orFull(error, join(target, document.name), target);
		});
	return { blobs: restored + replaced + unchanged, bytes, failed, missing };
}

async function write(directory: string, { name, read }: Document): Promise<void> {
	const aside = join(directory, `.${name}.${randomBytes(6).toString("hex")}`);
	try {
		const file = await open(aside, "wx", 0o666);
		try {
			// On a full disk a single write may store only some of the bytes.
			let at = 0;
			for await (const piece of read()) {
				await writeAt(file, piece, at);
				at += piece.length;
			}
			await file.sync();
		} finally {
			await file.close();
		}
		await rename(aside, join(directory, name));
		await syncDirectory(directory);
	} finally {
		await rm(aside, { force: true });
	}
}
