import { createHash } from "node:crypto";

/** Names of the objects in a repository, and the hash that names bytes. */

/** Identifies the repository and the version of its format. */
export const REPOSITORY = "repository.json";
export const PACKS = "packs/";
export const CHUNKS = "chunks/";
export const INDEXES = "index/";
export const GENERATIONS = "generations/";
/** Markers of running or killed backups, whose objects may not be in an index yet. */
export const RUNS = "runs/";
/** Where a backup notes that it has switched a store's mode. */
const MODES = "modes/";

/** Generations in one folder. Folders let a reader find the newest generation by listing one of them. */
export const GENERATIONS_PER_FOLDER = 1_000;
const DIGITS = 12;

export const sha256 = (bytes: Uint8Array): Buffer => createHash("sha256").update(bytes).digest();

export const hex = (bytes: Uint8Array): string =>
	Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");

export const unhex = (text: string): Buffer => Buffer.from(text, "hex");

export const isSha256Hex = (text: unknown): text is string =>
	typeof text === "string" && /^[0-9a-f]{64}$/.test(text);

export const packName = (sha: string): string => `${PACKS}${sha.slice(0, 2)}/${sha}`;

/** A chunk stored alone. The run makes the name unique forever: see docs/BACKUP.md on deleting. */
export const chunkName = (sha: string, run: string): string => `${CHUNKS}${sha.slice(0, 2)}/${sha}.${run}`;

/** Name of an index, derived from its bytes. */
export const indexName = (bytes: Uint8Array): string => `${INDEXES}${hex(sha256(bytes))}`;
export const runName = (run: string): string => `${RUNS}${run}`;
export const modeName = (canister: string): string => `${MODES}${canister}`;

const digits = (number: number): string => String(number).padStart(DIGITS, "0");

export const generationFolder = (folder: number): string => `${GENERATIONS}${digits(folder)}/`;

export const generationName = (generation: number): string =>
	`${generationFolder(Math.floor(generation / GENERATIONS_PER_FOLDER))}${digits(generation)}`;

const CHUNK = /^chunks\/([0-9a-f]{2})\/(([0-9a-f]{2})[0-9a-f]{62})\.([0-9a-f]{16})$/;
const PACK = /^packs\/([0-9a-f]{2})\/(([0-9a-f]{2})[0-9a-f]{62})$/;

/** SHA-256 and run of a chunk that is stored alone; undefined for any other name. */
export function parseChunkName(name: string): { readonly sha: string; readonly run: string } | undefined {
	const [, folder, sha, start, run] = CHUNK.exec(name) ?? [];
	return sha !== undefined && run !== undefined && folder === start ? { sha, run } : undefined;
}

/** SHA-256 of a pack; undefined for any other name. */
export function parsePackName(name: string): string | undefined {
	const [, folder, sha, start] = PACK.exec(name) ?? [];
	return folder === start ? sha : undefined;
}
