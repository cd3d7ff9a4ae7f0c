import { LRUCache } from "lru-cache";
import {
	type BlobClient,
	type ByteRange,
	isBlobError,
	type Manifest,
	type VerifiedBlob,
} from "../../client/index.js";
import { Busy } from "./failures.js";

/** The proven content of a key. */
export interface Found {
	readonly manifest: Manifest;
	/** The verified blob with its hashes, which are fetched once. */
	blob(): Promise<VerifiedBlob>;
}

/**
 * The part of a blob to read first, computed from the unproven manifest, and how many of its chunks are fetched
 * together with the proof.
 */
export interface FirstPart {
	of(claim: Pick<Manifest, "size" | "chunkBytes" | "root">): ByteRange | undefined;
	readonly most: number;
}

interface Entry {
	/** Time of the request to the network; infinite while it is pending. */
	atMs: number;
	readonly found: Promise<Found | undefined>;
	/** The result; undefined while it is pending. */
	known?: Found | undefined;
}

export interface LookupsOptions {
	/** How long a result stays fresh, in milliseconds. */
	readonly freshMs: number;
	/** Maximum size of cached manifests and hashes, in bytes. */
	readonly indexBytes: number;
	/** Maximum number of concurrent look-ups of known keys, and the same number of new keys. */
	readonly most: number;
	/** Called with the result of each look-up on the network. */
	readonly onAsked?: (result: "found" | "absent" | "failed") => void;
}

/** Size of a manifest with key and metadata for the limit: that of the longest ones. */
const ENTRY_BYTES = 8_192;
const LEAF_BYTES = 32;
/** Maximum number of waiting look-ups per running one. */
const WAITING_EACH = 16;

/**
 * The contents of keys, looked up once for all requests within `freshMs`. New keys wait in a separate queue, so that
 * many absent keys do not delay keys that are in use.
 */
export class Lookups {
	readonly #client: BlobClient;
	readonly #options: LookupsOptions;
	readonly #entries: LRUCache<string, Entry>;
	readonly #known: Line;
	readonly #unknown: Line;

	constructor(client: BlobClient, options: LookupsOptions) {
		this.#client = client;
		this.#options = options;
		this.#entries = new LRUCache({ maxSize: options.indexBytes });
		this.#known = new Line(options.most);
		this.#unknown = new Line(options.most);
	}

	/**
	 * The content of a key; undefined if the client may read none.
	 * @param wanted whether the hashes will be needed: they are fetched together with the proof, and with a `FirstPart`
	 * the first chunks of that part as well
	 * @throws Busy if too many look-ups wait; any error of the client
	 */
	async find(key: string, wanted: boolean | FirstPart): Promise<Found | undefined> {
		const before = this.#entries.get(key);
		if (before && performance.now() - before.atMs < this.#options.freshMs) return alive(await before.found);
		const line = before?.known ? this.#known : this.#unknown;
		const askedMs = performance.now();
		const entry: Entry = {
			atMs: Number.POSITIVE_INFINITY,
			found: line.run(() => this.#ask(key, wanted, before?.known)),
		};
		this.#entries.set(key, entry, { size: this.#sizeOf(0) });
		try {
			entry.known = await entry.found;
			entry.atMs = askedMs;
		} catch (error) {
			if (this.#entries.peek(key) === entry) this.#entries.delete(key);
			throw error;
		}
		if (entry.known) this.#weigh(key, entry, entry.known.manifest);
		return alive(entry.known);
	}

	/** Forgets the content of a key. */
	forget(key: string): void {
		this.#entries.delete(key);
	}

	async #ask(
		key: string,
		wanted: boolean | FirstPart,
		before: Found | undefined,
	): Promise<Found | undefined> {
		const download = this.#client.download(key);
		const open = () =>
			typeof wanted === "object" ? download.openPart(wanted.of, wanted.most) : download.open();
		const opened = wanted && before === undefined ? open() : undefined;
		// A failure is the manifest's, or is reported when the blob is used.
		opened?.catch(() => {});
		try {
			const manifest = await download.manifest();
			this.#options.onAsked?.("found");
			if (before && isSame(before.manifest, manifest)) return { manifest, blob: before.blob };
			return { manifest, blob: () => download.open() };
		} catch (error) {
			const isAbsent = isBlobError(error, "blob_not_found") || isBlobError(error, "invalid_argument");
			this.#options.onAsked?.(isAbsent ? "absent" : "failed");
			if (isAbsent) return undefined;
			throw error;
		}
	}

	/** Stores the entry again with its size: the hashes may arrive at any time. */
	#weigh(key: string, entry: Entry, { size, chunkBytes }: Manifest): void {
		if (this.#entries.peek(key) !== entry) return;
		this.#entries.set(key, entry, { size: this.#sizeOf(Math.ceil(size / chunkBytes)) });
	}

	/** An entry larger than the cache counts as the whole cache. */
	#sizeOf(chunks: number): number {
		return Math.min(ENTRY_BYTES + chunks * LEAF_BYTES, this.#options.indexBytes);
	}
}

/** An expired blob is absent, even within `freshMs`. */
const alive = (found: Found | undefined): Found | undefined =>
	found?.manifest.expiresAt && found.manifest.expiresAt.getTime() <= Date.now() ? undefined : found;

const isSame = (a: Manifest, b: Manifest): boolean =>
	a.sequence === b.sequence && a.canisterVersion === b.canisterVersion;

/** Runs a limited number of tasks; a multiple of it may wait, and further tasks are refused. */
class Line {
	readonly #most: number;
	readonly #waiting: (() => void)[] = [];
	#running = 0;

	constructor(most: number) {
		this.#most = most;
	}

	async run<T>(task: () => Promise<T>): Promise<T> {
		if (this.#running >= this.#most) {
			if (this.#waiting.length >= this.#most * WAITING_EACH) throw new Busy("lookups");
			await new Promise<void>((resolve) => this.#waiting.push(resolve));
		} else this.#running++;
		try {
			return await task();
		} finally {
			const next = this.#waiting.shift();
			if (next) next();
			else this.#running--;
		}
	}
}
