import type { BigIntStats } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { ClientError } from "../errors.js";
import type { RandomAccessSource } from "../source/types.js";

/** Whether a file is the same as before, as far as its directory entry tells. */
const isSame = (a: BigIntStats, b: BigIntStats): boolean =>
	a.ino === b.ino && a.size === b.size && a.mtimeNs === b.mtimeNs;

/**
 * A file as a source: read chunk by chunk, never whole. That it is still the same file of the same size and time of
 * change is checked when it is opened and again before the upload is published.
 * @throws what `fs.stat` throws where there is no such file; ClientError `source_invalid` for what is no file
 */
export async function fromPath(path: string): Promise<RandomAccessSource> {
	const before = await stat(path, { bigint: true });
	if (!before.isFile()) throw new ClientError("source_invalid", { got: `${path}, which is no regular file` });
	let opening: Promise<FileHandle> | undefined;

	const check = async (handle: FileHandle): Promise<void> => {
		if (!isSame(before, await handle.stat({ bigint: true })))
			throw new ClientError("source_changed", { reason: `${path} was written to` });
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

async function readFully(handle: FileHandle, start: number, bytes: Uint8Array, path: string): Promise<void> {
	let filled = 0;
	while (filled < bytes.length) {
		const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, start + filled);
		if (bytesRead === 0) throw new ClientError("source_changed", { reason: `${path} was cut short` });
		filled += bytesRead;
	}
}
