import type { BigIntStats } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { ClientError, sourceInvalid } from "../errors/errors.js";
import { sourceErrors } from "../source/failure.js";
import type { RandomAccessSource } from "../source/types.js";
import { mediaTypeOfName } from "./media-type.js";

/** Whether a file is unchanged, judged by its metadata. */
const isSame = (a: BigIntStats, b: BigIntStats): boolean =>
	a.ino === b.ino && a.size === b.size && a.mtimeNs === b.mtimeNs;

/**
 * A file as a source, read chunk by chunk. Size and modification time are checked when it is opened and again before
 * the upload is published. A non-empty file for which the system reports 0 bytes (such as those of /proc) is read as a
 * stream. The media type follows from the file extension.
 * @throws ClientError `source_failed` if the file does not exist or cannot be read; `source_invalid` if it is not a
 * regular file
 */
export async function fromPath(path: string): Promise<RandomAccessSource | AsyncIterable<Uint8Array>> {
	const before = await sourceErrors(() => stat(path, { bigint: true }));
	if (before.isDirectory())
		throw sourceInvalid(`${path}, a directory: uploadDirectory() uploads the files in one`);
	if (!before.isFile()) throw sourceInvalid(`${path}, which is no regular file`);
	if (before.size === 0n && (await sourceErrors(() => hasBytes(path)))) return partsOf(path);
	const contentType = mediaTypeOfName(path);
	let opening: Promise<FileHandle> | undefined;

	const check = async (handle: FileHandle): Promise<void> => {
		const now = await handle.stat({ bigint: true });
		if (isSame(before, now)) return;
		const size = now.size === before.size ? {} : { size: Number(now.size) };
		throw new ClientError("source_changed", { reason: `${path} was written to`, ...size });
	};
	const handleOf = () => {
		opening ??= open(path, "r").then(async (handle) => {
			await check(handle).catch(async (error) => {
				await handle.close();
				throw error;
			});
			return handle;
		});
		return opening;
	};

	return {
		size: Number(before.size),
		...(contentType && { contentType }),
		read: async (start, end) => {
			const bytes = new Uint8Array(end - start);
			await readFully(await handleOf(), start, bytes, path);
			return bytes;
		},
		readInto: async (start, target) => readFully(await handleOf(), start, target, path),
		check: async () => check(await handleOf()),
		close: async () => {
			const handle = await opening?.catch(() => undefined);
			opening = undefined;
			await handle?.close();
		},
	};
}

/** Whether a file has at least one byte, whatever size the system reports. */
export async function hasBytes(path: string): Promise<boolean> {
	const handle = await open(path, "r");
	try {
		return (await handle.read(new Uint8Array(1), 0, 1, 0)).bytesRead > 0;
	} finally {
		await handle.close();
	}
}

const PART_BYTES = 65_536;

/** A file from its beginning to its end, as parts. */
const partsOf = (path: string): AsyncIterable<Uint8Array> & { readonly path: string } => ({
	path,
	async *[Symbol.asyncIterator]() {
		const handle = await open(path, "r");
		try {
			for (;;) {
				const { bytesRead, buffer } = await handle.read(new Uint8Array(PART_BYTES), 0, PART_BYTES, null);
				if (bytesRead === 0) return;
				yield buffer.subarray(0, bytesRead);
			}
		} finally {
			await handle.close();
		}
	},
});

async function readFully(handle: FileHandle, start: number, bytes: Uint8Array, path: string): Promise<void> {
	let filled = 0;
	while (filled < bytes.length) {
		const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, start + filled);
		if (bytesRead === 0)
			throw new ClientError("source_changed", { reason: `${path} was cut short`, size: start + filled });
		filled += bytesRead;
	}
}
