import { knownVersion, Reader } from "./codec.js";

/**
 * The versions that a kind of record has had, by the number in its first byte, from 1 on. Each that was ever released is
 * read and stays here as it is; the newest is written. So a record gets its newest version when it is next written
 * (docs/UPGRADING.md).
 */
export class RecordVersions<T> {
	readonly #name: string;
	/** Each reads what stands behind the version. */
	readonly readers: readonly ((reader: Reader) => T)[];

	constructor(name: string, ...readers: readonly ((reader: Reader) => T)[]) {
		this.#name = name;
		this.readers = readers;
	}

	/** The version that is written. */
	get newest(): number {
		return this.readers.length;
	}

	/** @throws where a later release wrote the record */
	read(record: Uint8Array): T {
		const reader = new Reader(record);
		return this.readers[knownVersion(this.#name, reader.u8(), this.newest) - 1]!(reader);
	}
}
