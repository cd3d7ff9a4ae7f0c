import { randomBytes } from "node:crypto";
import { Budget } from "../../client/util/budget.js";
import { encodeIndex, type Location, MAX_INDEX_RECORDS } from "../format/index-file.js";
import { chunkName, indexName, packName, parseChunkName, sha256, unhex } from "../format/names.js";
import {
	ALONE_BYTES,
	asStored,
	encodePack,
	type ItemForm,
	type ItemKind,
	MAX_PACK_ITEMS,
	PACK_BYTES,
} from "../format/pack.js";
import type { Sink } from "../sink.js";
import type { ItemIndex } from "./item-index.js";

/** Maximum number of bytes in flight to the sink. */
const IN_FLIGHT_BYTES = 16 * 2 ** 20;
/** Maximum number of items of this process in no index: after a kill they must be found by listing. */
const MAX_PENDING = 16_384;
/** A pack with this many items is written, however small they are. */
const MAX_ITEMS = Math.min(16_384, MAX_PACK_ITEMS);

interface OpenPack {
	/** Items in their stored form. */
	readonly items: Map<string, ItemForm & { readonly bytes: Uint8Array }>;
	bytes: number;
}

const newPack = (): OpenPack => ({ items: new Map(), bytes: 0 });

export interface WriterOptions {
	/** Random name of this run. */
	readonly run: string;
	/**
	 * Whether pages and snapshots are compressed. Not in an encrypted repository: the compressed length of a page would
	 * let a writer of the store who sees the sizes of objects guess the entries beside its own.
	 */
	readonly compresses: boolean;
	readonly signal: AbortSignal;
}

/** Counters of what a writer has sent to the sink. */
export interface Written {
	objects: number;
	bytes: number;
	/** The part of `bytes` that belongs to chunks. */
	chunkBytes: number;
}

/**
 * Writes items that the repository lacks: large chunks as objects of their own, all others in packs. Pages and chunks
 * go into separate packs, so that reading a tree takes few requests.
 */
export class ItemWriter {
	readonly run: string;
	readonly written: Written = { objects: 0, bytes: 0, chunkBytes: 0 };
	/** Objects of other runs on which the written items rely. */
	readonly relied = new Set<string>();
	readonly #sink: Sink;
	readonly #index: ItemIndex;
	readonly #signal: AbortSignal;
	readonly #compresses: boolean;
	readonly #packs: Record<"chunks" | "pages", OpenPack> = { chunks: newPack(), pages: newPack() };
	/** Items in flight to the sink. */
	readonly #sending = new Set<string>();
	/** Items in the sink that no index names. */
	#pending = new Map<string, Location>();
	readonly #ownPacks = new Set<string>();
	readonly #absent = new Set<string>();
	readonly #budget = new Budget(IN_FLIGHT_BYTES);
	readonly #writes = new Set<Promise<void>>();
	#failure: { readonly error: unknown } | undefined;

	constructor(sink: Sink, index: ItemIndex, { run, compresses, signal }: WriterOptions) {
		this.#sink = sink;
		this.#index = index;
		this.run = run;
		this.#signal = signal;
		this.#compresses = compresses;
	}

	/** Whether an object was written by this writer. */
	isOwn(object: string): boolean {
		return parseChunkName(object)?.run === this.run || this.#ownPacks.has(object);
	}

	/** Names of the packs that were written by this writer. */
	get ownPacks(): ReadonlySet<string> {
		return this.#ownPacks;
	}

	/** Adds items of a killed backup, which no index names. */
	adopt(locations: Iterable<Location>): void {
		for (const location of locations) this.#pending.set(location.sha, location);
	}

	/** Whether an item is in the repository or in flight to it. */
	async has(sha: string): Promise<boolean> {
		if (this.#isNew(sha)) return true;
		const pending = this.#pending.get(sha);
		if (pending) return (await this.#rely(pending)) || this.has(sha);
		for (const { location } of await this.#index.find(sha)) if (await this.#rely(location)) return true;
		return this.#isNew(sha);
	}

	#isNew(sha: string): boolean {
		return this.#sending.has(sha) || this.#packs.chunks.items.has(sha) || this.#packs.pages.items.has(sha);
	}

	/** An object may have been deleted after the index was written: check each object once. */
	async #rely({ object, objectBytes, sha }: Location): Promise<boolean> {
		if (this.isOwn(object) || this.relied.has(object)) return true;
		if (this.#absent.has(object) || (await this.#sink.size(object)) !== objectBytes) {
			this.#absent.add(object);
			if (this.#pending.get(sha)?.object === object) this.#pending.delete(sha);
			return false;
		}
		this.relied.add(object);
		return true;
	}

	/**
	 * Writes an item, unless the repository has it. Once this resolves the caller need not keep the bytes; `flush`
	 * waits until they are in the sink. @returns whether the item was new
	 */
	async add(kind: ItemKind, sha: string, bytes: Uint8Array): Promise<boolean> {
		this.#throwFailure();
		// Another task may have added the item during the look-up.
		if ((await this.has(sha)) || this.#isNew(sha)) return false;
		await this.#add(kind, sha, bytes);
		return true;
	}

	/** Writes an item even if the repository has it: the object that contains it will be deleted. */
	async rewrite(kind: ItemKind, sha: string, bytes: Uint8Array): Promise<void> {
		this.#throwFailure();
		if (!this.#isNew(sha) && !this.isOwn(this.#pending.get(sha)?.object ?? ""))
			await this.#add(kind, sha, bytes);
	}

	async #add(kind: ItemKind, sha: string, bytes: Uint8Array): Promise<void> {
		if (kind === "chunk" && bytes.length >= ALONE_BYTES) {
			this.#sending.add(sha);
			const object = chunkName(sha, this.run);
			const { length } = bytes;
			const location = { sha, kind, isGzip: false, object, objectBytes: length, offset: 0, length };
			await this.#send(object, bytes, [location]);
		} else {
			const which = kind === "chunk" ? "chunks" : "pages";
			const pack = this.#packs[which];
			const stored = asStored(kind, bytes, this.#compresses);
			pack.items.set(sha, stored);
			pack.bytes += stored.bytes.length;
			if (pack.bytes >= PACK_BYTES || pack.items.size >= MAX_ITEMS) await this.#seal(which);
		}
	}

	async #seal(which: "chunks" | "pages"): Promise<void> {
		const { items } = this.#packs[which];
		if (items.size === 0) return;
		this.#packs[which] = newPack();
		for (const sha of items.keys()) this.#sending.add(sha);
		const parts = [...items].map(([sha, stored]) => ({ sha: unhex(sha), ...stored }));
		const pack = encodePack(parts, randomBytes(16));
		const object = packName(sha256(pack).toString("hex"));
		this.#ownPacks.add(object);
		let offset = 0;
		const locations = [...items].map(([sha, { kind, isGzip, bytes }]): Location => {
			const { length } = bytes;
			const location = { sha, kind, isGzip, object, objectBytes: pack.length, offset, length };
			offset += length;
			return location;
		});
		await this.#send(object, pack, locations);
	}

	/** Starts to write an object when enough bytes are no longer in flight. */
	async #send(object: string, bytes: Uint8Array, locations: readonly Location[]): Promise<void> {
		const release = await this.#budget.take(bytes.length, this.#signal);
		const write = this.#sink
			.put(object, bytes)
			.then(() => {
				this.written.objects++;
				this.written.bytes += bytes.length;
				for (const location of locations) {
					if (location.kind === "chunk") this.written.chunkBytes += location.length;
					this.#pending.set(location.sha, location);
					this.#sending.delete(location.sha);
				}
			})
			.catch((error: unknown) => {
				this.#failure ??= { error };
			})
			.finally(() => {
				release();
				this.#writes.delete(write);
			});
		this.#writes.add(write);
		if (this.#pending.size >= MAX_PENDING) await this.writeIndex();
	}

	#throwFailure(): void {
		if (this.#failure) throw this.#failure.error;
	}

	/** Waits until all added items are in the sink and in an index. */
	async flush(): Promise<void> {
		await this.#seal("chunks");
		await this.#seal("pages");
		await this.settle();
		this.#throwFailure();
		await this.writeIndex();
	}

	/** Waits until nothing is in flight. Ignores failures. */
	async settle(): Promise<void> {
		while (this.#writes.size > 0) await Promise.all(this.#writes);
	}

	/** Writes an index of the items in the sink that no index names. */
	async writeIndex(): Promise<void> {
		while (this.#pending.size > 0) {
			const locations = [...this.#pending.values()].slice(0, MAX_INDEX_RECORDS);
			const bytes = encodeIndex(locations);
			const name = indexName(bytes);
			await this.#sink.put(name, bytes);
			this.written.objects++;
			this.written.bytes += bytes.length;
			this.#index.add(name, bytes);
			for (const { sha, object } of locations)
				if (this.#pending.get(sha)?.object === object) this.#pending.delete(sha);
		}
	}
}
