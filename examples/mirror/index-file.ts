import { readFile, rename, writeFile } from "node:fs/promises";

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

	private constructor(path: string, mirrored: string, entries: Map<string, IndexEntry>) {
		this.#path = path;
		this.#mirrored = mirrored;
		this.entries = entries;
	}

	/** `mirrored` says what is mirrored. @throws if the index is of something else: it would all seem to be gone. */
	static async open(path: string, mirrored: string): Promise<IndexFile> {
		let text: string;
		try {
			text = await readFile(path, "utf8");
		} catch (error) {
			if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
			return new IndexFile(path, mirrored, new Map());
		}
		const kept: { mirrored: string; files: [string, IndexEntry][] } = JSON.parse(text);
		if (kept.mirrored !== mirrored)
			throw new Error(
				`The directory is a mirror of ${kept.mirrored}, not of ${mirrored}: choose another one.`,
			);
		return new IndexFile(path, mirrored, new Map(kept.files));
	}

	/** Written aside and renamed, so that it is never half an index. */
	async save(): Promise<void> {
		const text = JSON.stringify({ mirrored: this.#mirrored, files: [...this.entries] }, undefined, "\t");
		await writeFile(`${this.#path}.new`, text);
		await rename(`${this.#path}.new`, this.#path);
	}
}
