import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { link, lstat, mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import * as is from "../../client/arguments.js";
import { syncDirectory } from "../../client/node/sync-directory.js";
import { checkArgument } from "../checks.js";
import { BackupError } from "../errors.js";
import { whyFull } from "../full.js";
import { isObjectName, type Sink, type SinkObject } from "../sink.js";

/** Directory of unfinished objects. No object has this name. */
const ASIDE = ".tmp";
/** Unfinished objects older than this belong to a killed process. Only disk space depends on it. */
const STALE_MS = 24 * 3_600_000;

const errnoOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

/** A repository in a directory of a file system with hard links. */
export class DirectorySink implements Sink {
	readonly name: string;
	readonly #root: string;
	/** Directories known to exist, with their names on disk. */
	readonly #made = new Map<string, Promise<void>>();

	/** @param path of the directory, which is made on the first write */
	constructor(path: string) {
		checkArgument("path", path, is.text);
		this.#root = resolve(path);
		this.name = this.#root;
	}

	async get(name: string, start: number, length: number): Promise<Uint8Array | undefined> {
		return this.#failing(name, async () => {
			const file = await open(this.#path(name), constants.O_RDONLY | constants.O_NONBLOCK).catch(ifAbsent);
			if (file === undefined) return undefined;
			try {
				const { size } = await file.stat();
				const bytes = Buffer.allocUnsafe(Math.max(0, Math.min(length, size - start)));
				let read = 0;
				while (read < bytes.length) {
					const { bytesRead } = await file.read(bytes, read, bytes.length - read, start + read);
					if (bytesRead === 0) break;
					read += bytesRead;
				}
				return bytes.subarray(0, read);
			} finally {
				await file.close();
			}
		});
	}

	async size(name: string): Promise<number | undefined> {
		return this.#failing(name, async () => {
			const found = await lstat(this.#path(name)).catch(ifAbsent);
			return found?.isFile() ? found.size : undefined;
		});
	}

	async put(name: string, bytes: Uint8Array): Promise<void> {
		await this.#failing(name, () => this.#write(name, bytes, rename));
	}

	async create(name: string, bytes: Uint8Array): Promise<boolean> {
		return this.#failing(name, async () => {
			try {
				await this.#write(name, bytes, async (aside, path) => {
					await link(aside, path);
					await rm(aside, { force: true });
				});
				return true;
			} catch (error) {
				if (errnoOf(error) === "EEXIST") return false;
				throw error;
			}
		});
	}

	async delete(name: string): Promise<void> {
		await this.#failing(name, async () => {
			await rm(this.#path(name), { force: true });
		});
	}

	async *list(prefix: string): AsyncGenerator<SinkObject> {
		const top = prefix.slice(0, prefix.lastIndexOf("/") + 1);
		if (top !== "" && !isObjectName(top.slice(0, -1))) return;
		yield* this.#walk(top, prefix);
	}

	async *#walk(folder: string, prefix: string): AsyncGenerator<SinkObject> {
		const found = await this.#failing(folder, () =>
			readdir(join(this.#root, folder), { withFileTypes: true }).catch(ifAbsent),
		);
		const names = (found ?? [])
			.filter((each) => each.isFile() || each.isDirectory())
			.map((each) => `${folder}${each.name}${each.isDirectory() ? "/" : ""}`)
			// Names are ASCII, so that the order of strings is the order of bytes.
			.sort((a, b) => (a < b ? -1 : 1));
		for (const name of names) {
			if (name.endsWith("/")) {
				if (isObjectName(name.slice(0, -1)) && (name.startsWith(prefix) || prefix.startsWith(name)))
					yield* this.#walk(name, prefix);
				continue;
			}
			if (!isObjectName(name) || !name.startsWith(prefix)) continue;
			const size = await this.size(name);
			if (size !== undefined) yield { name, size };
		}
	}

	async tidy(): Promise<void> {
		await this.#failing(ASIDE, async () => {
			const aside = join(this.#root, ASIDE);
			for (const name of (await readdir(aside).catch(ifAbsent)) ?? []) {
				const found = await lstat(join(aside, name)).catch(ifAbsent);
				if (found && Date.now() - found.mtimeMs > STALE_MS) await rm(join(aside, name), { force: true });
			}
		});
	}

	#path(name: string): string {
		if (!isObjectName(name)) throw new RangeError(`${JSON.stringify(name)} is no name of an object`);
		return join(this.#root, name);
	}

	/** Writes an unfinished object to disk; `publish` gives it its name. */
	async #write(
		name: string,
		bytes: Uint8Array,
		publish: (aside: string, path: string) => Promise<void>,
	): Promise<void> {
		const path = this.#path(name);
		const folder = join(this.#root, ASIDE);
		await this.#make(folder);
		const aside = join(folder, randomBytes(12).toString("hex"));
		try {
			const file = await open(aside, "wx", 0o666);
			try {
				await file.writeFile(bytes);
				await file.sync();
			} finally {
				await file.close();
			}
			await this.#make(dirname(path));
			await publish(aside, path);
			await syncDirectory(dirname(path));
		} catch (error) {
			await rm(aside, { force: true });
			// Another process may have removed an empty folder.
			this.#made.clear();
			throw error;
		}
	}

	#make(folder: string): Promise<void> {
		let made = this.#made.get(folder);
		if (made === undefined) {
			made = this.#makeNew(folder);
			this.#made.set(folder, made);
			made.catch(() => this.#made.delete(folder));
		}
		return made;
	}

	async #makeNew(folder: string): Promise<void> {
		const first = await mkdir(folder, { recursive: true });
		// The name of each new folder must be on disk, too.
		for (let path = folder; first !== undefined; path = dirname(path)) {
			await syncDirectory(dirname(path));
			if (path === first) break;
		}
	}

	async #failing<T>(object: string, work: () => Promise<T>): Promise<T> {
		try {
			return await work();
		} catch (error) {
			if (error instanceof RangeError) throw error;
			const reason = whyFull(error, this.#root) ?? (error as Error).message;
			throw new BackupError("sink_failed", { object, reason }, error);
		}
	}
}

function ifAbsent(error: NodeJS.ErrnoException): undefined {
	if (error.code !== "ENOENT" && error.code !== "ENOTDIR") throw error;
}
