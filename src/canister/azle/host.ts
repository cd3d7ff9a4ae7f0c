import { Principal } from "@dfinity/principal";
import { isController, msgCaller, setTimer, time } from "azle";
import type { Host } from "../ports.js";
import type { Sha256 } from "./sha256.js";

/** A timer that should have gone off so long ago will not go off any more. */
const OVERDUE_MS = 60_000;

/** The canister's surroundings through Azle. */
export class AzleHost implements Host {
	readonly sha256: Sha256;
	readonly #onWake: () => void;
	/**
	 * When timers are set to go off. One that is too late stays set when an earlier one is needed, and finds little
	 * to do: Azle 0.33 traps in clearTimer (it drops a JavaScript callback while the engine is in use).
	 */
	readonly #armed = new Set<number>();

	constructor(sha256: Sha256, onWake: () => void) {
		this.sha256 = sha256;
		this.#onWake = onWake;
	}

	now(): number {
		return Number(time() / 1_000_000n);
	}

	caller(): Uint8Array {
		return msgCaller().toUint8Array();
	}

	isController(who: Uint8Array): boolean {
		return isController(Principal.fromUint8Array(who));
	}

	wakeAt(at: number): void {
		const now = this.now();
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
