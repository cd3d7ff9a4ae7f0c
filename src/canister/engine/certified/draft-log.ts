import type { StableMap } from "../../host/ports.js";
import { Reader, u64Key, Writer } from "../base/codec.js";
import { COUNTER, type Counters } from "../base/counters.js";
import type { ListChange, PrivateChange, PublicChange, Taken } from "./tree-changes.js";

const KIND = { public: 0, private: 1, listed: 2, again: 3 } as const;
const END = 255;
const NO_BYTES = new Uint8Array(0);

/** What a draft has to follow, of one label; or a key that has to be made ready again in it. */
export type Noted =
	| ({ readonly kind: "public" } & PublicChange)
	| ({ readonly kind: "private" } & PrivateChange)
	| ({ readonly kind: "listed" } & ListChange)
	| { readonly kind: "again"; readonly key: string };

/** What was changed in lists and tree since a draft of them was opened, which the draft has to follow: a record a message. */
export class DraftLog {
	readonly #map: StableMap;
	readonly #counters: Counters;

	constructor(map: StableMap, counters: Counters) {
		this.#map = map;
		this.#counters = counters;
	}

	get isEmpty(): boolean {
		return this.#counters.get(COUNTER.logFirst) === this.#counters.get(COUNTER.logLast);
	}

	add(taken: Taken): void {
		const noted: Noted[] = [];
		for (const change of taken.public) noted.push({ kind: "public", ...change });
		for (const change of taken.private) noted.push({ kind: "private", ...change });
		for (const change of taken.listed) noted.push({ kind: "listed", ...change });
		this.#map.set(u64Key(this.#counters.add(COUNTER.logLast, 1)), encode(noted));
	}

	/** The oldest record, which is in the log no more; undefined where there is none. */
	shift(): Noted[] | undefined {
		if (this.isEmpty) return undefined;
		const name = u64Key(this.#counters.add(COUNTER.logFirst, 1));
		const record = this.#map.get(name);
		if (record === undefined) throw new Error("a record of what a draft has to follow is missing");
		this.#map.delete(name);
		return decode(record);
	}

	/** Puts what was not followed before all else that there is. */
	putBack(noted: readonly Noted[]): void {
		if (noted.length === 0) return;
		this.#map.set(u64Key(this.#counters.get(COUNTER.logFirst)), encode(noted));
		this.#counters.add(COUNTER.logFirst, -1);
	}

	clear(): void {
		while (!this.isEmpty) this.#map.delete(u64Key(this.#counters.add(COUNTER.logFirst, 1)));
	}
}

function encode(noted: readonly Noted[]): Uint8Array {
	const record = new Writer();
	for (const change of noted) {
		record.u8(KIND[change.kind]).text(change.key);
		if (change.kind === "private") record.bytes(change.label);
		if (change.kind === "listed") record.bytes(change.owner).u8(change.isIn ? 1 : 0);
		else if (change.kind !== "again") record.bytes(change.content ?? NO_BYTES);
	}
	return record.u8(END).done();
}

function decode(record: Uint8Array): Noted[] {
	const noted: Noted[] = [];
	const reader = new Reader(record);
	const content = () => {
		const bytes = reader.bytes();
		return bytes.length === 0 ? undefined : bytes;
	};
	for (let kind = reader.u8(); kind !== END; kind = reader.u8()) {
		const key = reader.text();
		if (kind === KIND.public) noted.push({ kind: "public", key, content: content() });
		else if (kind === KIND.private)
			noted.push({ kind: "private", key, label: reader.bytes(), content: content() });
		else if (kind === KIND.listed)
			noted.push({ kind: "listed", key, owner: reader.bytes(), isIn: reader.u8() === 1 });
		else noted.push({ kind: "again", key });
	}
	return noted;
}
