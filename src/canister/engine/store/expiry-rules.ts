import type { StableMap } from "../../host/ports.js";
import { Writer } from "../base/codec.js";
import { COUNTER, type Counters } from "../base/counters.js";
import { RecordVersions } from "../base/record-versions.js";

/** How long blobs live that are published under a prefix. */
export interface ExpiryRule {
	readonly prefix: string;
	readonly lifeMs: number;
}

/** In the map of blobs that end, whose other keys have 16 bytes. */
const KEY = Uint8Array.of(0);

const VERSIONS = new RecordVersions<ExpiryRule[]>("expiry rules", (reader) =>
	Array.from({ length: reader.u32() }, () => ({ lifeMs: reader.u64(), prefix: reader.text() })),
);

/**
 * The rules by which blobs end. Kept in the heap from message to message, since each publication asks: a trap takes heap
 * and stable memory back together. A store without rules looks at a counter.
 */
export class ExpiryRules {
	readonly #map: StableMap;
	readonly #counters: Counters;
	#rules: readonly ExpiryRule[] | undefined;

	constructor(map: StableMap, counters: Counters) {
		this.#map = map;
		this.#counters = counters;
	}

	/** Reads what is kept from message to message: what a query reads is forgotten when it ends. */
	open(): void {
		this.#rules = this.#read();
	}

	/** In the order of prefixes. */
	get all(): readonly ExpiryRule[] {
		if (this.#counters.get(COUNTER.expiryRules) === 0) return [];
		this.#rules ??= this.#read();
		return this.#rules;
	}

	set(rules: readonly ExpiryRule[]): void {
		this.#rules = rules;
		this.#counters.set(COUNTER.expiryRules, rules.length);
		if (rules.length === 0) {
			this.#map.delete(KEY);
			return;
		}
		const record = new Writer().u8(VERSIONS.newest).u32(rules.length);
		for (const { lifeMs, prefix } of rules) record.u64(lifeMs).text(prefix);
		this.#map.set(KEY, record.done());
	}

	/** How long what is published under the key may live: the longest prefix decides. Undefined: for ever. */
	lifeOf(key: string): number | undefined {
		if (this.#counters.get(COUNTER.expiryRules) === 0) return undefined;
		let found: ExpiryRule | undefined;
		for (const rule of this.all)
			if (key.startsWith(rule.prefix) && rule.prefix.length >= (found?.prefix.length ?? 0)) found = rule;
		return found?.lifeMs;
	}

	#read(): readonly ExpiryRule[] {
		const record = this.#counters.get(COUNTER.expiryRules) === 0 ? undefined : this.#map.get(KEY);
		return record === undefined ? [] : VERSIONS.read(record);
	}
}
