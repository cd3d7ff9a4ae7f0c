import { randomFillSync } from "node:crypto";
import { open } from "node:fs/promises";

const BLOCK_BYTES = 8 << 20;

/** Writes a file of random bytes in blocks. */
export async function writeRandomFile(path: string, size: number): Promise<void> {
	const file = await open(path, "w");
	const block = Buffer.alloc(BLOCK_BYTES);
	try {
		for (let at = 0; at < size; at += BLOCK_BYTES)
			await file.write(randomFillSync(block), 0, Math.min(BLOCK_BYTES, size - at));
	} finally {
		await file.close();
	}
}
