import { vi } from "vitest";
import type { Network } from "../../../src/localnet/index.js";
import type { Time } from "./time.js";

/** The time of the machine, which other processes have too, until it is told to jump: from then on it stands still. */
export class RealTime implements Time {
	network: Network | undefined;

	readonly clock = (): bigint => BigInt(Date.now()) * 1_000_000n;

	async run<T>(operation: PromiseLike<T>): Promise<T> {
		return operation;
	}

	jump(ms: number): void {
		const now = Date.now();
		if (!vi.isFakeTimers()) vi.useFakeTimers({ toFake: ["Date"] });
		vi.setSystemTime(now + ms);
	}

	async pass(ms: number): Promise<void> {
		this.jump(ms);
		// Timers of canisters that are due go off in the next blocks.
		for (let block = 0; block < 3; block++) this.network?.tick();
	}

	dispose(): void {
		vi.useRealTimers();
	}
}
