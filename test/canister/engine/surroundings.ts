import { createHash, randomBytes } from "node:crypto";
import { Principal } from "@dfinity/principal";
import { hashingOf } from "../../../src/canister/host/hashing.js";
import type { Host, StableMap, Storage } from "../../../src/canister/host/ports.js";

/** Stable maps in a JavaScript Map, which copy what they are given, as stable memory does. */
export class MapStorage implements Storage {
	readonly #maps = new Map<number, StableMap & { readonly entries: Map<string, Uint8Array> }>();
	writes = 0;
	/** Of any kind. */
	accesses = 0;

	map(id: number): StableMap {
		let map = this.#maps.get(id);
		if (map === undefined) {
			const entries = new Map<string, Uint8Array>();
			const name = (key: Uint8Array) =>
				Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString("latin1");
			map = {
				entries,
				get: (key) => {
					this.accesses++;
					return entries.get(name(key))?.slice();
				},
				has: (key) => {
					this.accesses++;
					return entries.has(name(key));
				},
				set: (key, value) => {
					this.accesses++;
					this.writes++;
					const before = entries.get(name(key));
					entries.set(name(key), value.slice());
					return before;
				},
				delete: (key) => {
					this.accesses++;
					this.writes++;
					entries.delete(name(key));
				},
			};
			this.#maps.set(id, map);
		}
		return map;
	}

	/** What a snapshot of the canister holds of it. */
	copy(): MapStorage {
		const copy = new MapStorage();
		copy.load(this);
		return copy;
	}

	/** Goes back to what another holds. */
	load(snapshot: MapStorage): void {
		for (const { entries } of this.#maps.values()) entries.clear();
		for (const [id, { entries }] of snapshot.#maps) {
			this.map(id);
			for (const [key, value] of entries) this.#maps.get(id)!.entries.set(key, value.slice());
		}
	}

	/** How many entries of a map hold any bytes. */
	filled(id: number): number {
		return [...(this.#maps.get(id)?.entries.values() ?? [])].filter((value) => value.length > 0).length;
	}

	/** Every entry of a map, its key as it is. */
	each(id: number, look: (key: Uint8Array, value: Uint8Array) => void): void {
		for (const [name, value] of this.#maps.get(id)?.entries ?? []) look(Buffer.from(name, "latin1"), value);
	}

	size(id: number): number {
		return this.#maps.get(id)?.entries.size ?? 0;
	}
}

/** A host whose clock and caller the test sets. */
export class FakeHost implements Host {
	time = 1_800_000_000_000;
	/** The canister's version: each message that asks for it finds another state. */
	version = 1n;
	sender: Uint8Array;
	controller: Uint8Array;
	woken: number | undefined;

	constructor(controller: Uint8Array) {
		this.controller = controller;
		this.sender = controller;
	}

	now = () => this.time;
	canisterVersion = () => ++this.version;
	caller = () => this.sender;
	principal = (bytes: Uint8Array) => Principal.fromUint8Array(bytes);
	isController = (who: Uint8Array) => Buffer.compare(who, this.controller) === 0;
	wakeAt = (at: number) => {
		this.woken = Math.min(at, this.woken ?? Number.POSITIVE_INFINITY);
	};
	hashing = hashingOf((bytes) => new Uint8Array(createHash("sha256").update(bytes).digest()));
	sha256Name = "node";
	stablePages = () => undefined;
	balance = 1e15;
	cycles = () => this.balance;
	liquidCycles = (): number | undefined => this.balance;
	isPaid = (): boolean | undefined => true;
	certified: Uint8Array | undefined;
	certify = (root: Uint8Array) => {
		this.certified = root.slice();
	};
	/** Stands for the system's certificate: what it certifies. */
	certificate = (): Uint8Array | undefined => this.certified;
	isReplicated = () => true;
	random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
	instructions = (): number => 0;
}
