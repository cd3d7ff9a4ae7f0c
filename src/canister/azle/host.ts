import { Principal } from "@dfinity/principal";
import {
	canisterCycleBalance,
	canisterVersion,
	certifiedDataSet,
	dataCertificate,
	inReplicatedExecution,
	isController,
	msgCaller,
	performanceCounter,
	setTimer,
	time,
} from "azle";
import { type Hashing, hashingOf, type Sha256 } from "../host/hashing.js";
import type { Host } from "../host/ports.js";
import { isPaid, liquidCycles, nativeHashing, stablePages } from "./kernel.js";

/** Azle's, seeded by the subnet's `raw_rand` a round after each install and upgrade. */
declare const crypto: { getRandomValues(bytes: Uint8Array): Uint8Array };

/** A timer that should have gone off so long ago will not go off any more. */
const OVERDUE_MS = 60_000;

/** The canister's surroundings through Azle. */
export class AzleHost implements Host {
	readonly hashing: Hashing;
	readonly sha256Name: string;
	readonly #isNative: boolean;
	readonly #onWake: () => void;
	/**
	 * When timers are set to go off. One that is too late stays set when an earlier one is needed, and finds little
	 * to do: Azle 0.33 traps in clearTimer (it drops a JavaScript callback while the engine is in use).
	 */
	readonly #armed = new Set<number>();

	/** Without a SHA-256 the kernel's is used, which must have been attached. */
	constructor(sha256: Sha256 | undefined, onWake: () => void) {
		this.hashing = sha256 === undefined ? nativeHashing : hashingOf(sha256);
		this.sha256Name = sha256 === undefined ? "native" : "javascript";
		this.#isNative = sha256 === undefined;
		this.#onWake = onWake;
	}

	now(): number {
		return Number(time() / 1_000_000n);
	}

	canisterVersion(): bigint {
		return canisterVersion();
	}

	caller(): Uint8Array {
		return msgCaller().toUint8Array();
	}

	principal(bytes: Uint8Array): Principal {
		return Principal.fromUint8Array(bytes);
	}

	isController(who: Uint8Array): boolean {
		return isController(Principal.fromUint8Array(who));
	}

	stablePages(): number | undefined {
		return this.#isNative ? stablePages() : undefined;
	}

	cycles(): number {
		return Number(canisterCycleBalance());
	}

	liquidCycles(): number | undefined {
		return this.#isNative ? liquidCycles() : undefined;
	}

	isPaid(): boolean | undefined {
		return this.#isNative ? isPaid() : undefined;
	}

	certify(root: Uint8Array): void {
		certifiedDataSet(root);
	}

	certificate(): Uint8Array | undefined {
		return dataCertificate();
	}

	isReplicated(): boolean {
		return inReplicatedExecution();
	}

	random(length: number): Uint8Array {
		return crypto.getRandomValues(new Uint8Array(length));
	}

	instructions(): number {
		return Number(performanceCounter(0));
	}

	wakeAt(at: number, now: number): void {
		for (const time of this.#armed) {
			// The trap of a cleaning step takes back that its timer went off, and the timer is gone all the same.
			if (time < now - OVERDUE_MS) this.#armed.delete(time);
			else if (time <= at) return;
		}
		this.#armed.add(at);
		setTimer(Math.max(1, Math.ceil((at - now) / 1_000)), () => {
			this.#armed.delete(at);
			this.#onWake();
		});
	}
}
