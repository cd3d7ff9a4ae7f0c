import { readFile, rename, writeFile } from "node:fs/promises";
import { type Reader, readerRefusal } from "./reader.js";

/** What a file was when the mirror last saw it right. */
export interface IndexEntry {
	/** Root of the blob, in hex. */
	readonly root: string;
	readonly size: number;
	readonly modifiedMs: number;
}

/**
 * What a mirror knows of its directory, by path. Only a hint: without an entry a file is compared by its hashes. But
 * it says which files are the mirror's own, so that no other is ever removed.
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
	 * Opens the index of what is `mirrored`, as seen by `reader`.
	 * @param isNewReader whether another reader than the mirror was made with is wanted
	 * @throws if the index is of something else, or of another reader: it would all seem to be gone
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

	/** Written aside and renamed, so that it is never half an index. */
	async save(): Promise<void> {
		const kept = { mirrored: this.#mirrored, reader: this.#reader, files: [...this.entries] };
		const text = JSON.stringify(kept, undefined, "\t");
		await writeFile(`${this.#path}.new`, text);
		await rename(`${this.#path}.new`, this.#path);
	}
}
