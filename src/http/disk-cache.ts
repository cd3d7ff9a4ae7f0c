import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { invalid } from "./options.js";

/** Where chunks are kept on disk. */
export interface DiskCacheOptions {
	/** A directory for this alone. It is made where it is not there; several processes may share it. */
	directory: string;
	/**
	 * Bytes that the files may have together, whichever of up to three processes wrote them; each further one may add a
	 * twentieth. At least 67,108,864 (64 MiB).
	 */
	maxBytes: number;
	/** Whether chunks of private blobs are kept, too: as they are, for who may read this user's files. @default false */
	private?: boolean;
}

const LEAST_BYTES = 2 ** 26;
/** What one process may write before it looks through the directory. */
const STEP = 1 / 20;
/** Over this much, of a directory that three processes fill, the oldest files go until it holds the other. */
const FULL = 17 / 20;
const EMPTIED = 16 / 20;
/** A file takes whole blocks. */
const BLOCK = 4_096;
/** Writes under way: what comes then is not kept. */
const MOST_WRITES = 8;
/** Room for chunks to be read into, that is kept for the next ones. */
const SPARE_BYTES = 2 ** 24;
/** A file that is read is as new as one that was written, if that is so long ago. */
const TOUCH_MS = 60_000;
/** A file of a process that died in the middle of writing it. */
const LEFT_MS = 600_000;

const PART = /\.part$/;
const NOFOLLOW = constants.O_NOFOLLOW ?? 0;

/**
 * Chunks as files by name. Nothing in it is believed: whoever reads a chunk holds it against its leaf. So a file that is
 * torn by a crash does no harm, and nothing has to wait for the disk.
 */
export class DiskCache {
	readonly #directory: string;
	readonly #maxBytes: number;
	/** Whether private blobs may be kept. */
	readonly private: boolean;
	readonly #writes = new Set<Promise<void>>();
	#bytes = 0;
	/** Written since the directory was looked through; until it is, nothing is. */
	#since = Number.POSITIVE_INFINITY;
	#tidying: Promise<void> | undefined;
	#failures = 0;
	/**
	 * What chunks are read into, given back: to get new room for each, and to have it collected, takes as long as to hash
	 * them.
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

	/** Bytes that the files had when they were looked through last, and what was written since. */
	get bytes(): number {
		return this.#bytes;
	}

	/** Chunks that could not be written. */
	get failures(): number {
		return this.#failures;
	}

	/**
	 * What is there under a name, whatever it is; undefined for nothing, and for another length. To be given back by
	 * `recycle` when it is no longer in use.
	 */
	async read(name: string, length: number): Promise<Uint8Array | undefined> {
		const file = await open(this.#path(name), constants.O_RDONLY | NOFOLLOW).catch(() => undefined);
		if (file === undefined) return undefined;
		try {
			const { size, mtimeMs } = await file.stat();
			if (size !== length) return undefined;
			// All of it is written to by the read, or dropped.
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

	/** Bytes that `read` answered, and that from now on another chunk may be read into. All others are left alone. */
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

	/** Removes what is there under a name. */
	async remove(name: string): Promise<void> {
		await rm(this.#path(name), { force: true }).catch(() => {});
	}

	/** Keeps a chunk, unless the disk is behind. */
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

	/** Resolves when all that was begun is done. */
	async settle(): Promise<void> {
		while (this.#writes.size > 0 || this.#tidying) await Promise.all([...this.#writes, this.#tidying]);
	}

	async #write(name: string, bytes: Uint8Array): Promise<void> {
		const path = this.#path(name);
		const part = `${path}.${randomBytes(6).toString("hex")}.part`;
		try {
			await mkdir(join(path, ".."), { recursive: true, mode: 0o700 });
			// The name shows only what is whole.
			await writeFile(part, bytes, { flag: "wx", mode: 0o600 });
			await rename(part, path);
		} catch {
			this.#failures++;
			await rm(part, { force: true }).catch(() => {});
		}
	}

	/** Looks through the directory, and removes what was not read for the longest time where there is too much. */
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
		// What was written meanwhile may have been seen or not.
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

/** All files but parts that a process left, which are removed. */
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
