import type { ClientContext } from "../../context.js";
import { openSource } from "../../source/open.js";
import type { OpenSource } from "../../source/types.js";
import type { BatchMeter } from "./meter.js";
import type { UploadItem, UploadManyOptions } from "./types.js";

/** What `uploadMany` takes: the files, all at once or one after the other. Those of an array have a total at once. */
export type UploadItems = Iterable<UploadItem> | AsyncIterable<UploadItem>;

/** One of many, as it was found. */
export interface File {
	readonly index: number;
	readonly item: UploadItem;
	/** As it was found, which is what the total was told. */
	readonly size: number | undefined;
	readonly opened: OpenSource | undefined;
}

/** What can be said once for all items. */
const SHARED = ["contentType", "visibility", "metadata"] as const;

/** Finds the files that are to be uploaded, and tells the meter of them: those of an array before the first byte. */
export class Finder {
	readonly #context: ClientContext;
	readonly #meter: BatchMeter;
	readonly #options: UploadManyOptions;

	constructor(context: ClientContext, meter: BatchMeter, options: UploadManyOptions) {
		this.#context = context;
		this.#meter = meter;
		this.#options = options;
	}

	find(items: UploadItems): Iterable<File> | AsyncIterable<File> {
		return Array.isArray(items) ? this.#findAll(items) : this.#findEach(items);
	}

	#findAll(items: readonly UploadItem[]): File[] {
		const files = items.map((item, index) => this.#found(item, index));
		this.#meter.listed();
		return files;
	}

	async *#findEach(items: UploadItems): AsyncGenerator<File> {
		let index = 0;
		for await (const item of items) yield this.#found(item, index++);
	}

	#found(given: UploadItem, index: number): File {
		const item = this.#withDefaults(given);
		let opened: OpenSource | undefined;
		try {
			if (typeof item.source !== "function") opened = openSource(item.source, item.size);
		} catch {
			// What is no source fails when its turn comes, by the same error.
		}
		const told = opened?.size ?? (item as Partial<UploadItem> | undefined)?.size;
		const { encryption, chunkBytes } = this.#context.settings;
		// As many bytes as travel.
		const size = encryption ? encryption.sealedSize(told, item, chunkBytes) : told;
		this.#meter.found(size);
		return { index, item, size, opened };
	}

	/** What holds for all items, where an item says nothing else. */
	#withDefaults(item: UploadItem): UploadItem {
		if (typeof item !== "object" || item === null) return item;
		const shared = { ...item };
		for (const name of SHARED) {
			const value = this.#options[name];
			if (item[name] === undefined && value !== undefined) Object.assign(shared, { [name]: value });
		}
		return shared;
	}
}
