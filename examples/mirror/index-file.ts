import { readFile, rename, writeFile } from "node:fs/promises";
import { type Reader, readerRefusal } from "./reader.js";

/** State of a file when the mirror last verified it. */
export interface IndexEntry {
	/** Root of the blob, in hex. */
	readonly root: string;
	readonly size: number;
	readonly modifiedMs: number;
}

/**
 * The mirror's records of its directory, by path. They save work only: a file without an entry is compared by its
 * hashes. They also mark the mirror's own files, so that no other file is ever removed.
 */
export class IndexFile {
	readonly entries: Map<string, IndexEntry>;
	readonly #path: string;
	readonly #mirrored: string;
	readonly #reader: Reader;

	private constructor(path: string, mirrored: string, reader: Reader, entries: Map<string, IndexEntry>) {
		this.#path = path;
		this.#mirrored = mirrored;
		this.#reader = reader;
		this.entries = entries;
	}

	/**
	 * Opens the index of `mirrored`, as read by `reader`.
	 * @param isNewReader whether to accept another reader than the one that made the mirror
	 * @throws if the index is of another store, or of another reader: all its files would seem to be deleted
	 */
	static async open(
		path: string,
		mirrored: string,
		reader: Reader,
		isNewReader: boolean,
	): Promise<IndexFile> {
		let text: string;
		try {
			text = await readFile(path, "utf8");
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
			return new IndexFile(path, mirrored, reader, new Map());
		}
		const kept: { mirrored: string; reader: Reader; files: [string, IndexEntry][] } = JSON.parse(text);
		if (kept.mirrored !== mirrored)
			throw new Error(
				`The directory is a mirror of ${kept.mirrored}, not of ${mirrored}: choose another one.`,
			);
		const refusal = readerRefusal(kept.reader, reader);
		if (refusal && !isNewReader)
			throw new Error(
				`${refusal}: what that caller cannot read would look deleted. Give the first identity, or --new-reader.`,
			);
		return new IndexFile(path, mirrored, reader, new Map(kept.files));
	}

	/** Writes a temporary file and renames it, so that the index is never partial. */
	async save(): Promise<void> {
		const kept = { mirrored: this.#mirrored, reader: this.#reader, files: [...this.entries] };
		const text = JSON.stringify(kept, undefined, "\t");
		await writeFile(`${this.#path}.new`, text);
		await rename(`${this.#path}.new`, this.#path);
	}
}
