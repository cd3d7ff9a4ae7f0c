import { setTimeout as sleep } from "node:timers/promises";
import * as is from "../../client/arguments.js";
import { isBlobError } from "../../client/errors/errors.js";
import type { BlobClient, Manifest } from "../../client/index.js";
import { CANISTER_SINK, checkArgument, checkOptions } from "../checks.js";
import { BackupError } from "../errors.js";
import { isObjectName, type Sink, type SinkObject } from "../sink.js";

/** The store that holds a repository. */
export interface CanisterSinkOptions {
	/** A client of the store, whose caller may write and delete below the prefix. */
	readonly client: BlobClient;
	/** Name for error messages. Must not contain a secret. */
	readonly name: string;
	/** Keys begin with this prefix and a slash. Nothing else may be below it. @default "" (none) */
	readonly prefix?: string | undefined;
}

const CONTENT_TYPE = "application/octet-stream";

/**
 * Lists of a store are in the order of segments, lists of a sink in the order of bytes. Names consist of `a-z 0-9 . -
 * /`. Replacing three characters makes a name one segment that sorts equally in both orders.
 */
const WRITTEN: Readonly<Record<string, string>> = { "-": "+", ".": ",", "/": "-" };
const READ: Readonly<Record<string, string>> = { "+": "-", ",": ".", "-": "/" };
const written = (name: string): string => name.replace(/[-./]/g, (one) => WRITTEN[one] as string);
const read = (text: string): string => text.replace(/[-+,]/g, (one) => READ[one] as string);

/** How often an object is read again that was replaced during the read. */
const MAX_ATTEMPTS = 50;

/** A repository in a blob store, such as one in a second canister. Each object is a private blob. */
export class CanisterSink implements Sink {
	readonly name: string;
	readonly #client: BlobClient;
	readonly #prefix: string;

	constructor(options: CanisterSinkOptions) {
		checkArgument("options", options, is.object);
		checkOptions(options, CANISTER_SINK);
		checkArgument("client", options.client, is.object);
		checkArgument("name", options.name, is.text);
		const { client, name, prefix = "" } = options;
		this.name = name;
		this.#client = client;
		this.#prefix = prefix === "" ? "" : `${prefix.replace(/^\/+|\/+$/g, "")}/`;
	}

	get(name: string, start: number, length: number): Promise<Uint8Array | undefined> {
		return this.#request(name, async (key) => {
			for (let attempt = 1; ; attempt++) {
				const manifest = await this.#find(key);
				if (manifest === undefined) return undefined;
				const end = Math.min(manifest.size, start + length);
				if (start >= end) return new Uint8Array(0);
				try {
					// The manifest is proven by then, so no further proof is needed.
					return await this.#client.downloadLeased(manifest, { range: { start, end } }).bytes();
				} catch (error) {
					const isGone = isBlobError(error, "blob_replaced") || isBlobError(error, "blob_not_found");
					if (!isGone || attempt === MAX_ATTEMPTS) throw error;
					await sleep(Math.random() * Math.min(1_000, 10 * attempt));
				}
			}
		});
	}

	size(name: string): Promise<number | undefined> {
		return this.#request(name, async (key) => (await this.#find(key))?.size);
	}

	/** A node may lag behind a write of another process: only the subnet can confirm that an object is absent. */
	async #find(key: string): Promise<Manifest | undefined> {
		try {
			return await this.#client.stat(key);
		} catch (error) {
			if (!isBlobError(error, "blob_not_found")) throw error;
		}
		try {
			return await this.#client.stat(key, { trust: "subnet" });
		} catch (error) {
			if (!isBlobError(error, "blob_not_found")) throw error;
			return undefined;
		}
	}

	put(name: string, bytes: Uint8Array): Promise<void> {
		return this.#request(name, async (key) => {
			await this.#upload(key, bytes, {});
		});
	}

	create(name: string, bytes: Uint8Array): Promise<boolean> {
		return this.#request(name, async (key) => {
			try {
				await this.#upload(key, bytes, { ifNoneMatch: "*" });
				return true;
			} catch (error) {
				if (isBlobError(error, "precondition_failed")) return false;
				throw error;
			}
		});
	}

	async #upload(key: string, bytes: Uint8Array, condition: { ifNoneMatch?: "*" }): Promise<void> {
		const source = new Uint8Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length);
		await this.#client.upload(source, {
			key,
			contentType: CONTENT_TYPE,
			visibility: "private",
			// The upload of another process belongs to that process.
			resume: false,
			...condition,
		}).done;
	}

	delete(name: string): Promise<void> {
		return this.#request(name, async (key) => {
			await this.#client.delete(key);
		});
	}

	async *list(prefix: string): AsyncGenerator<SinkObject> {
		const start = this.#prefix + written(prefix);
		try {
			// At trust level subnet: a list must show everything written before the call.
			for await (const listed of this.#client.list({ prefix: start, trust: "subnet" })) {
				if (listed.type !== "blob") continue;
				const name = read(listed.blob.key.slice(this.#prefix.length));
				if (isObjectName(name)) yield { name, size: listed.blob.size };
			}
		} catch (error) {
			throw failed(prefix, error);
		}
	}

	async #request<T>(name: string, request: (key: string) => Promise<T>): Promise<T> {
		if (!isObjectName(name)) throw new RangeError(`${JSON.stringify(name)} is no name of an object`);
		try {
			return await request(this.#prefix + written(name));
		} catch (error) {
			throw failed(name, error);
		}
	}
}

const failed = (object: string, error: unknown): BackupError =>
	new BackupError("sink_failed", { object, reason: (error as Error).message.replace(/\.$/, "") }, error);
