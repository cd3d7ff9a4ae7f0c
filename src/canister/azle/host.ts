import { Principal } from "@dfinity/principal";
import { clearTimer, isController, msgCaller, setTimer, time } from "azle";
import type { Host } from "../ports.js";
import type { Sha256 } from "./sha256.js";

/** The canister's surroundings through Azle, with one timer: the earliest moment that the engine asked for. */
export class AzleHost implements Host {
	readonly sha256: Sha256;
	readonly #onWake: () => void;
	#armed: { at: number; timer: bigint } | undefined;

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
		if (this.#armed !== undefined) {
			if (this.#armed.at <= at) return;
			clearTimer(this.#armed.timer);
		}
		const seconds = Math.max(1, Math.ceil((at - this.now()) / 1_000));
		const timer = setTimer(seconds, () => {
			this.#armed = undefined;
			this.#onWake();
		});
		this.#armed = { at, timer };
	}
}
