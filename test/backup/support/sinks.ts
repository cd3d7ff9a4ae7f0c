import type { Sink, SinkObject } from "../../../src/backup/sink.js";
import { isObjectName } from "../../../src/backup/sink.js";

/** A fast sink in memory, checked like every other. */
export class MemorySink implements Sink {
	readonly name = "memory";
	readonly objects: Map<string, Uint8Array>;
	/** Bytes written so far. */
	written = 0;
	/** Called before each request. May throw. */
	before: (method: keyof Sink, name: string) => void | Promise<void> = () => {};

	/** @param objects shared by all that open the same place */
	constructor(objects: Map<string, Uint8Array> = new Map()) {
		this.objects = objects;
	}

	async #request(method: keyof Sink, name: string): Promise<void> {
		if (method !== "list" && !isObjectName(name)) throw new RangeError(name);
		await this.before(method, name);
		// Somebody else's turn, as there always is.
		await new Promise((resolve) => setImmediate(resolve));
	}

	async get(name: string, start: number, length: number): Promise<Uint8Array | undefined> {
		await this.#request("get", name);
		return this.objects.get(name)?.slice(start, start + length);
	}

	async size(name: string): Promise<number | undefined> {
		await this.#request("size", name);
		return this.objects.get(name)?.length;
	}

	async put(name: string, bytes: Uint8Array): Promise<void> {
		await this.#request("put", name);
		this.written += bytes.length;
		// A copy: `slice` of a Buffer is none.
		this.objects.set(name, new Uint8Array(bytes));
	}

	async create(name: string, bytes: Uint8Array): Promise<boolean> {
		await this.#request("create", name);
		if (this.objects.has(name)) return false;
		this.written += bytes.length;
		// A copy: `slice` of a Buffer is none.
		this.objects.set(name, new Uint8Array(bytes));
		return true;
	}

	async delete(name: string): Promise<void> {
		await this.#request("delete", name);
		this.objects.delete(name);
	}

	async *list(prefix: string): AsyncGenerator<SinkObject> {
		await this.#request("list", prefix);
		const names = [...this.objects.keys()].filter((name) => name.startsWith(prefix)).sort();
		for (const name of names) {
			const size = this.objects.get(name)?.length;
			if (size !== undefined) yield { name, size };
		}
	}
}
