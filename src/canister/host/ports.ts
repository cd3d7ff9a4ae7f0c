import type { Principal } from "@dfinity/principal";
import type { Hashing } from "./hashing.js";

/**
 * What the engine needs from its surroundings. Inside a canister these are Azle's (azle/host.ts, azle/storage.ts), in the engine's
 * own tests a JavaScript Map and a clock of the test's.
 */

/** An ordered map of bytes to bytes that survives upgrades. It has no way to seek: only single keys. */
export interface StableMap {
	get(key: Uint8Array): Uint8Array | undefined;
	has(key: Uint8Array): boolean;
	/** Answers what the key held. The map may keep `value` only as a copy: the caller reuses its buffers. */
	set(key: Uint8Array, value: Uint8Array): Uint8Array | undefined;
	delete(key: Uint8Array): void;
}

export interface Storage {
	/** The map of this number; the same map each time it is asked for. Numbers are in memory.ts. */
	map(id: number): StableMap;
}

export interface Host {
	/** Milliseconds since 1970. */
	now(): number;
	/** The system's number of the canister's state, which no rollback and no installation lowers. */
	canisterVersion(): bigint;
	/** The principal that sent the message, in bytes. */
	caller(): Uint8Array;
	/** A principal as code of the application knows it. */
	principal(bytes: Uint8Array): Principal;
	/** Whether this principal controls the canister. */
	isController(who: Uint8Array): boolean;
	/** Asks that the engine's `clean` be called at this time (milliseconds since 1970), or a little later. */
	wakeAt(time: number, now: number): void;
	readonly hashing: Hashing;
	/** Which SHA-256 that is, for statistics. */
	readonly sha256Name: string;
	/** Size of stable memory in pages of 64 KiB; undefined where that cannot be known. */
	stablePages(): number | undefined;
	/** All cycles of the canister. */
	cycles(): number;
	/** Cycles that the canister can spend before it freezes; undefined where that cannot be known. */
	liquidCycles(): number | undefined;
	/** Whether the network charges cycles; undefined where its prices cannot be asked for. */
	isPaid(): boolean | undefined;
	/** Sets the certified data: 32 bytes. */
	certify(root: Uint8Array): void;
	/** The system's certificate of the certified data; in queries only. */
	certificate(): Uint8Array | undefined;
	/** Whether this message is executed by all nodes: an update or a timer, not a query. */
	isReplicated(): boolean;
	/** Random bytes that callers cannot foresee; in updates only. */
	random(length: number): Uint8Array;
	/** Instructions that this message has taken so far. */
	instructions(): number;
}
