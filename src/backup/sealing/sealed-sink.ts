import type { MasterKey } from "../../encryption/index.js";
import { damaged } from "../errors.js";
import { CHUNKS, INDEXES, PACKS, REPOSITORY } from "../format/names.js";
import type { Sink, SinkObject } from "../sink.js";
import { KEYS } from "./keys.js";
import { ObjectNames } from "./object-names.js";
import { PLAIN_BYTES, plainSize, SEGMENT_BYTES, Segments } from "./segments.js";

/** Objects that are not sealed: the configuration, and the key files. */
const isOpen = (name: string): boolean => name === REPOSITORY || name.startsWith(KEYS);

/** Objects whose readers verify each byte against a hash and report damage. */
const isHashed = (name: string): boolean =>
	[CHUNKS, PACKS, INDEXES].some((folder) => name.startsWith(folder));

/**
 * A sink as an encrypted repository sees it: seals objects on writing, opens them on reading, and translates their
 * names. The rest of the code needs no knowledge of encryption.
 */
export class SealedSink implements Sink {
	readonly name: string;
	readonly #sink: Sink;
	readonly #names: ObjectNames;
	readonly #segments: Segments;

	private constructor(sink: Sink, names: ObjectNames, segments: Segments) {
		this.name = sink.name;
		this.#sink = sink;
		this.#names = names;
		this.#segments = segments;
	}

	static async of(sink: Sink, master: MasterKey): Promise<SealedSink> {
		const names = new ObjectNames(await master.derive("object names", 64));
		return new SealedSink(sink, names, new Segments(await master.derive("objects", 32)));
	}

	/**
	 * Returns a modified segment as zeros if the bytes are also verified against a hash, so that the intact rest of the
	 * object stays readable.
	 */
	async get(name: string, start: number, length: number): Promise<Uint8Array | undefined> {
		if (isOpen(name)) return this.#sink.get(name, start, length);
		const first = Math.floor(start / PLAIN_BYTES);
		const end = Math.ceil((start + length) / PLAIN_BYTES);
		// One more byte shows whether the object ends here.
		const wanted = Math.max(1, end - first) * SEGMENT_BYTES;
		const sealed = await this.#sink.get(this.#names.seal(name), first * SEGMENT_BYTES, wanted + 1);
		if (sealed === undefined) return undefined;
		const isToEnd = sealed.length <= wanted;
		const segments = this.#segments.open(name, first, sealed.subarray(0, wanted), isToEnd);
		const plain = segments.map((segment, index) => {
			if (segment) return segment;
			if (!isHashed(name)) throw damaged(name, "it is not what was sealed there");
			const bytes = Math.min(SEGMENT_BYTES, sealed.length - index * SEGMENT_BYTES);
			return Buffer.alloc(plainSize(bytes));
		});
		const from = start - first * PLAIN_BYTES;
		return Buffer.concat(plain).subarray(from, from + length);
	}

	async size(name: string): Promise<number | undefined> {
		if (isOpen(name)) return this.#sink.size(name);
		const sealed = await this.#sink.size(this.#names.seal(name));
		return sealed === undefined ? undefined : plainSize(sealed);
	}

	async put(name: string, bytes: Uint8Array): Promise<void> {
		await this.#sink.put(this.#names.seal(name), this.#sealed(name, bytes));
	}

	async create(name: string, bytes: Uint8Array): Promise<boolean> {
		return this.#sink.create(this.#names.seal(name), this.#sealed(name, bytes));
	}

	async delete(name: string): Promise<void> {
		await this.#sink.delete(this.#names.seal(name));
	}

	/**
	 * Takes whole folders only. Yields the order of sealed names, which is the order of names in folders without
	 * hashes.
	 */
	async *list(prefix: string): AsyncGenerator<SinkObject> {
		for await (const { name: sealed, size } of this.#sink.list(prefix)) {
			const name = this.#names.open(sealed);
			if (name !== undefined) yield { name, size: isOpen(name) ? size : plainSize(size) };
		}
	}

	async tidy(): Promise<void> {
		await this.#sink.tidy?.();
	}

	#sealed(name: string, bytes: Uint8Array): Uint8Array {
		return isOpen(name) ? bytes : this.#segments.seal(name, bytes);
	}
}
