import type { StableMap } from "../ports.js";
import { Reader, u64Key, Writer } from "./codec.js";
import { COUNTER, type Meta } from "./meta.js";
import type { Taken } from "./tree-changes.js";

const KIND = { public: 0, private: 1, listed: 2 } as const;
const NO_BYTES = new Uint8Array(0);

/** What was changed in lists and tree since a draft of them was opened, which the draft has to follow: a record a message. */
export class DraftLog {
	readonly #map: StableMap;
	readonly #meta: Meta;

	constructor(map: StableMap, meta: Meta) {
		this.#map = map;
		this.#meta = meta;
	}

	get isEmpty(): boolean {
		return this.#meta.get(COUNTER.logFirst) === this.#meta.get(COUNTER.logLast);
	}

	add(taken: Taken): void {
		const record = new Writer();
		for (const { key, content } of taken.public)
			record
				.u8(KIND.public)
				.text(key)
				.bytes(content ?? NO_BYTES);
		for (const { key, label, content } of taken.private)
			record
				.u8(KIND.private)
				.text(key)
				.bytes(label)
				.bytes(content ?? NO_BYTES);
		for (const { owner, key, isIn } of taken.listed)
			record
				.u8(KIND.listed)
				.text(key)
				.bytes(owner)
				.u8(isIn ? 1 : 0);
		this.#map.set(u64Key(this.#meta.add(COUNTER.logLast, 1)), record.u8(END).done());
	}

	/** The oldest, which is in the log no more; undefined where there is none. */
	shift(): Taken | undefined {
		if (this.isEmpty) return undefined;
		const name = u64Key(this.#meta.add(COUNTER.logFirst, 1));
		const record = this.#map.get(name);
		if (record === undefined) throw new Error("a record of what a draft has to follow is missing");
		this.#map.delete(name);
		const taken = { public: [] as Taken["public"][number][], private: [] as Taken["private"][number][] };
		const listed: Taken["listed"][number][] = [];
		const reader = new Reader(record);
		const contentOf = (bytes: Uint8Array) => (bytes.length === 0 ? undefined : bytes);
		for (let kind = reader.u8(); kind !== END; kind = reader.u8()) {
			const key = reader.text();
			if (kind === KIND.public) taken.public.push({ key, content: contentOf(reader.bytes()) });
			else if (kind === KIND.private)
				taken.private.push({ key, label: reader.bytes(), content: contentOf(reader.bytes()) });
			else listed.push({ key, owner: reader.bytes(), isIn: reader.u8() === 1 });
		}
		return { ...taken, listed };
	}

	clear(): void {
		while (this.shift() !== undefined);
	}
}
const END = 255;
