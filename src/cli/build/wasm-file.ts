import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { gunzipSync, gzipSync } from "node:zlib";
import { LinkError } from "../../canister/native/link.js";
import { UsageError } from "../command.js";
import { whyNotWritten } from "../disk.js";

/** Wasm files: read plain or compressed, and written whole or not at all. */

const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

/** Position of the gzip header's operating system: 3 on Linux, 19 on a Mac. */
const SYSTEM_AT = 9;
const SYSTEM_UNKNOWN = 255;

/** Compresses to the same bytes on every system. */
function compress(bytes: Uint8Array): Uint8Array {
	const compressed = gzipSync(bytes, { level: 9 });
	compressed[SYSTEM_AT] = SYSTEM_UNKNOWN;
	return compressed;
}

/** @throws {UsageError} */
export async function readInput(path: string): Promise<Buffer> {
	try {
		return await readFile(path);
	} catch (cause) {
		throw new UsageError(`cannot read ${path}: ${(cause as NodeJS.ErrnoException).code}`, { cause });
	}
}

/** @throws {LinkError}, {UsageError} */
export async function readWasm(path: string): Promise<Uint8Array> {
	const bytes = await readInput(path);
	try {
		return isGzip(bytes) ? gunzipSync(bytes) : bytes;
	} catch (cause) {
		throw new LinkError(`${path}: the gzip data is damaged: build it again`, { cause });
	}
}

/** Writes a Wasm, compressed if the name ends in .gz. @throws {LinkError} */
export const writeWasm = (path: string, wasm: Uint8Array): Promise<void> =>
	writeWhole(path, path.endsWith(".gz") ? compress(wasm) : wasm);

/** Writes a temporary file and renames it, so that no process reads a partial file. @throws {LinkError} */
export async function writeWhole(path: string, bytes: Uint8Array | string): Promise<void> {
	const aside = `${path}.${process.pid}.part`;
	try {
		await writeFile(aside, bytes);
		await rename(aside, path);
	} catch (cause) {
		await rm(aside, { force: true });
		throw new LinkError(whyNotWritten(cause, path) ?? `cannot write ${path}: ${(cause as Error).message}`, {
			cause,
		});
	}
}
