import type { FileHandle } from "node:fs/promises";

/** Writes all bytes at a place of a file: a single write may take only some of them. */
export async function writeAt(file: FileHandle, bytes: Uint8Array, start: number): Promise<void> {
	for (let written = 0; written < bytes.length; ) {
		const { bytesWritten } = await file.write(bytes, written, bytes.length - written, start + written);
		written += bytesWritten;
	}
}
