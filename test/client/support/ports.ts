import { nodePorts } from "../../../src/client/node/ports.js";
import type { Ports } from "../../../src/client/platform/ports.js";

/** Node's ports with sleeps that only write down how long they would be, on a clock that they move. */
export function virtualPorts(random = 0.5): Ports & { readonly slept: number[] } {
	const slept: number[] = [];
	let now = 1_800_000_000_000;
	return {
		...nodePorts,
		slept,
		now: () => now,
		monotonic: () => now,
		random: () => random,
		sleep: async (ms, signal) => {
			signal?.throwIfAborted();
			slept.push(ms);
			now += ms;
		},
	};
}

/** Node's ports with sleeps cut down to a few milliseconds. */
export const hastyPorts: Ports = {
	...nodePorts,
	sleep: (ms, signal) => nodePorts.sleep(Math.min(ms, 5), signal),
};
