import { aessiv } from "@noble/ciphers/aes.js";
import {
	CHUNKS,
	chunkName,
	hex,
	INDEXES,
	PACKS,
	packName,
	parseChunkName,
	parsePackName,
	unhex,
} from "../format/names.js";

const HASH_BYTES = 32;

/** Folders whose names contain a hash, which is sealed. All other names are the same in the sink. */
const FOLDERS = [CHUNKS, PACKS, INDEXES] as const;
type Folder = (typeof FOLDERS)[number];

/**
 * Names of objects in an encrypted repository. AES-SIV seals the hashes in them, so that a reader of the names cannot
 * test for known content, while a holder of the key finds each object by its own name.
 */
export class ObjectNames {
	readonly #key: Uint8Array;

	/** @param key 64 bytes */
	constructor(key: Uint8Array) {
		this.#key = key;
	}

	/** The sink's name for a name of the repository. */
	seal(name: string): string {
		const folder = folderOf(name);
		if (folder === undefined) return name;
		const sealed = hex(this.#siv(folder).encrypt(told(folder, name)));
		return folder === INDEXES ? `${folder}${sealed}` : `${folder}${sealed.slice(0, 2)}/${sealed}`;
	}

	/** The reverse of `seal`; undefined for a name that this repository cannot have. */
	open(sealed: string): string | undefined {
		const folder = folderOf(sealed);
		if (folder === undefined) return sealed;
		const [, digits = ""] = /\/([0-9a-f]{32,})$/.exec(sealed) ?? [];
		try {
			const bytes = this.#siv(folder).decrypt(unhex(digits));
			const name = nameOf(folder, hex(bytes.subarray(0, HASH_BYTES)), hex(bytes.subarray(HASH_BYTES)));
			return this.seal(name) === sealed ? name : undefined;
		} catch {
			return undefined;
		}
	}

	#siv(folder: Folder) {
		return aessiv(this.#key, Buffer.from(folder));
	}
}

const folderOf = (name: string): Folder | undefined => FOLDERS.find((folder) => name.startsWith(folder));

/** The secret part of a name: the hash, and for a chunk also its run. */
function told(folder: Folder, name: string): Buffer {
	if (folder === INDEXES) return unhex(name.slice(INDEXES.length));
	const chunk = parseChunkName(name);
	return chunk ? unhex(chunk.sha + chunk.run) : unhex(parsePackName(name) ?? "");
}

function nameOf(folder: Folder, sha: string, run: string): string {
	if (folder === CHUNKS) return chunkName(sha, run);
	return folder === PACKS ? packName(sha) : `${INDEXES}${sha}`;
}
