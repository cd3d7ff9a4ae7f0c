import { LRUCache } from "lru-cache";
import {
	type BlobClient,
	type ByteRange,
	isBlobError,
	type Manifest,
	type VerifiedBlob,
} from "../../client/index.js";
import { Busy } from "./failures.js";

/** What a key holds, proven. */
export interface Found {
	readonly manifest: Manifest;
	/** Its hashes, fetched and verified once. */
	blob(): Promise<VerifiedBlob>;
}

/** Which part of a blob is read first, by what is claimed of it, and how many of its chunks are fetched beside the proof. */
export interface FirstPart {
	of(claim: Pick<Manifest, "size" | "chunkBytes" | "root">): ByteRange | undefined;
	readonly most: number;
}

interface Entry {
	/** When it was asked for; never, while it is. */
	atMs: number;
	readonly found: Promise<Found | undefined>;
	/** What it has become; undefined while it is asked for. */
	known?: Found | undefined;
}

export interface LookupsOptions {
	/** How long an answer holds. */
	readonly freshMs: number;
	/** Bytes of what is remembered, hashes of chunks above all. */
	readonly indexBytes: number;
	/** Questions under way at a time: of keys asked for before, and as many of others. */
	readonly most: number;
	/** Told of each question to the network. */
	readonly onAsked?: (result: "found" | "absent" | "failed") => void;
}

/** What a manifest with its key and metadata counts for: the longest ones take as much. */
const ENTRY_BYTES = 8_192;
const LEAF_BYTES = 32;
/** Questions that wait, for each that is under way. */
const WAITING_EACH = 16;

/**
 * What keys hold, asked for once for all who ask within `freshMs`. Keys that nobody has asked for before wait in a line of
 * their own: many absent ones do not hold up those that are read.
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
	 * What a key holds; undefined for nothing that the client may read.
	 * @param wanted whether its hashes will be wanted: they are fetched beside the proof, and the first chunks of a part
	 *   as well, where one is named
	 * @throws Busy where too many others are asked for; what the client throws
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

	/** Forgets what a key held. */
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
		// Its failure is that of the manifest, or shows when it is asked for.
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

	/** Set anew rather than weighed when hashes arrive, which they may do at any time. */
	#weigh(key: string, entry: Entry, { size, chunkBytes }: Manifest): void {
		if (this.#entries.peek(key) !== entry) return;
		this.#entries.set(key, entry, { size: this.#sizeOf(Math.ceil(size / chunkBytes)) });
	}

	/** What no cache of this size holds takes all of it. */
	#sizeOf(chunks: number): number {
		return Math.min(ENTRY_BYTES + chunks * LEAF_BYTES, this.#options.indexBytes);
	}
}

/** A blob whose end has come holds nothing, however lately it was asked for. */
const alive = (found: Found | undefined): Found | undefined =>
	found?.manifest.expiresAt && found.manifest.expiresAt.getTime() <= Date.now() ? undefined : found;

const isSame = (a: Manifest, b: Manifest): boolean =>
	a.sequence === b.sequence && a.canisterVersion === b.canisterVersion;

/** So many tasks at a time; a few times as many wait, and what comes then is refused. */
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
