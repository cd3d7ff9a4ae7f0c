import { vi } from "vitest";
import type { StoreFixture } from "./store.js";

/** Sets the clock that the tests have in hand ahead. Timers that are due go off in the next blocks. */
export function passTime({ network }: StoreFixture, ms: number): void {
	vi.setSystemTime(Date.now() + ms);
	for (let block = 0; block < 3; block++) network.local!.tick();
}
