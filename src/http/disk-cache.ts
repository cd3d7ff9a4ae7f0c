import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { invalid } from "./options.js";

/** Options of the cache on disk. */
export interface DiskCacheOptions {
	/** Directory for this cache only. It is created if it does not exist. Several processes may share it. */
	directory: string;
	/**
	 * Maximum size of all files in bytes, for up to three processes together; each further process may add a twentieth.
	 * At least 67,108,864 (64 MiB).
	 */
	maxBytes: number;
	/**
	 * Whether to cache chunks of private blobs, too. They are stored unencrypted, readable by this user only. @default
	 * false
	 */
	private?: boolean;
}

const LEAST_BYTES = 2 ** 26;
/** Share of the size that one process may write before it checks the directory. */
const STEP = 1 / 20;
/** Share of the size to which cleaning reduces the directory, with three processes writing. */
const FULL = 17 / 20;
const EMPTIED = 16 / 20;
/** Files occupy whole blocks. */
const BLOCK = 4_096;
/** Maximum number of concurrent writes. Further chunks are not cached. */
const MOST_WRITES = 8;
/** Maximum size of unused buffers that are kept for later reads. */
const SPARE_BYTES = 2 ** 24;
/** Reading a file updates its time if it is older than this. */
const TOUCH_MS = 60_000;
/** Age from which an unfinished file belongs to a killed process. */
const LEFT_MS = 600_000;

const PART = /\.part$/;
const NOFOLLOW = constants.O_NOFOLLOW ?? 0;

/**
 * Chunks as files by name. The content is not trusted: readers verify each chunk against its leaf. So a file that a
 * crash has damaged does no harm, and no write needs to be synced.
 */
export class DiskCache {
	readonly #directory: string;
	readonly #maxBytes: number;
	/** Whether to cache private blobs. */
	readonly private: boolean;
	readonly #writes = new Set<Promise<void>>();
	#bytes = 0;
	/**
	 * Bytes written since the last check of the directory. Infinite before the first check, when nothing is written.
	 */
	#since = Number.POSITIVE_INFINITY;
	#tidying: Promise<void> | undefined;
	#failures = 0;
	/**
	 * Recycled buffers: allocating and collecting a new one for each chunk takes as long as hashing it.
	 */
	readonly #spare: Uint8Array[] = [];
	#spareBytes = 0;
	readonly #lent = new WeakSet<Uint8Array>();

	/** @throws ClientError `option_invalid` */
	constructor({ directory, maxBytes, private: isPrivate = false }: DiskCacheOptions) {
		if (typeof directory !== "string" || directory === "")
			throw invalid("cache.directory", "it must be a path");
		if (!Number.isSafeInteger(maxBytes) || maxBytes < LEAST_BYTES)
			throw invalid("cache.maxBytes", `it must be a whole number from ${LEAST_BYTES}`);
		this.#directory = directory;
		this.#maxBytes = maxBytes;
		this.private = isPrivate;
		this.#tidying = this.#tidy();
	}

	/** Size of the files at the last check, plus what was written since. */
	get bytes(): number {
		return this.#bytes;
	}

	/** Number of chunks that could not be written. */
	get failures(): number {
		return this.#failures;
	}

	/**
	 * The unverified content of a name; undefined if it is absent or has another length. Return it with `recycle` after
	 * use.
	 */
	async read(name: string, length: number): Promise<Uint8Array | undefined> {
		const file = await open(this.#path(name), constants.O_RDONLY | NOFOLLOW).catch(() => undefined);
		if (file === undefined) return undefined;
		try {
			const { size, mtimeMs } = await file.stat();
			if (size !== length) return undefined;
			// The read overwrites all of it, or it is dropped.
			const buffer = this.#room(length);
			const { bytesRead } = await file.read(buffer, 0, length, 0);
			if (Date.now() - mtimeMs > TOUCH_MS) await file.utimes(new Date(), new Date()).catch(() => {});
			if (bytesRead !== length) return undefined;
			this.#lent.add(buffer);
			return buffer;
		} catch {
			return undefined;
		} finally {
			await file.close().catch(() => {});
		}
	}

	/** Allows a later `read` to reuse bytes that an earlier one returned. Ignores all others. */
	recycle(bytes: Uint8Array): void {
		if (!this.#lent.delete(bytes) || this.#spareBytes + bytes.length > SPARE_BYTES) return;
		this.#spare.push(bytes);
		this.#spareBytes += bytes.length;
	}

	#room(length: number): Uint8Array {
		const at = this.#spare.findIndex((bytes) => bytes.length === length);
		if (at < 0) return Buffer.allocUnsafeSlow(length);
		this.#spareBytes -= length;
		return this.#spare.splice(at, 1)[0]!;
	}

	/** Removes the file of a name. */
	async remove(name: string): Promise<void> {
		await rm(this.#path(name), { force: true }).catch(() => {});
	}

	/** Writes a chunk, unless too many writes are pending. */
	write(name: string, bytes: Uint8Array): void {
		const size = blocksOf(bytes.length);
		const isOver = this.#since + size > this.#maxBytes * STEP;
		if (isOver) this.#tidying ??= this.#tidy();
		if (isOver || this.#writes.size >= MOST_WRITES) return;
		this.#since += size;
		this.#bytes += size;
		const write = this.#write(name, bytes).finally(() => this.#writes.delete(write));
		this.#writes.add(write);
	}

	/** Resolves when all pending work is done. */
	async settle(): Promise<void> {
		while (this.#writes.size > 0 || this.#tidying) await Promise.all([...this.#writes, this.#tidying]);
	}

	async #write(name: string, bytes: Uint8Array): Promise<void> {
		const path = this.#path(name);
		const part = `${path}.${randomBytes(6).toString("hex")}.part`;
		try {
			await mkdir(join(path, ".."), { recursive: true, mode: 0o700 });
			// Only whole files get their final name.
			await writeFile(part, bytes, { flag: "wx", mode: 0o600 });
			await rename(part, path);
		} catch {
			this.#failures++;
			await rm(part, { force: true }).catch(() => {});
		}
	}

	/** Checks the directory, and removes the least recently read files if it is too large. */
	async #tidy(): Promise<void> {
		const before = Number.isFinite(this.#since) ? this.#since : 0;
		const files = await filesIn(this.#directory);
		let bytes = files.reduce((sum, { size }) => sum + size, 0);
		if (bytes > this.#maxBytes * FULL) {
			files.sort((a, b) => a.mtimeMs - b.mtimeMs);
			for (const { path, size } of files) {
				if (bytes <= this.#maxBytes * EMPTIED) break;
				await rm(path, { force: true }).catch(() => {});
				bytes -= size;
			}
		}
		// The listing may contain some of the writes made meanwhile.
		this.#since = Number.isFinite(this.#since) ? this.#since - before : 0;
		this.#bytes = bytes + this.#since;
		this.#tidying = undefined;
	}

	#path(name: string): string {
		return join(this.#directory, name.slice(0, 2), name);
	}
}

const blocksOf = (bytes: number): number => Math.ceil(bytes / BLOCK) * BLOCK;

interface CachedFile {
	readonly path: string;
	readonly size: number;
	readonly mtimeMs: number;
}

/** All files, except unfinished ones of killed processes, which it removes. */
async function filesIn(directory: string): Promise<CachedFile[]> {
	const found: CachedFile[] = [];
	for (const folder of await readdir(directory).catch(() => []))
		for (const name of await readdir(join(directory, folder)).catch(() => [])) {
			const path = join(directory, folder, name);
			const stats = await stat(path).catch(() => undefined);
			if (!stats?.isFile()) continue;
			if (PART.test(name) && Date.now() - stats.mtimeMs > LEFT_MS)
				await rm(path, { force: true }).catch(() => {});
			else found.push({ path, size: blocksOf(stats.size), mtimeMs: stats.mtimeMs });
		}
	return found;
}
