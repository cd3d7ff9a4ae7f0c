import type { ClientContext } from "../context.js";
import { concurrencyRange } from "../options.js";
import { Lane } from "./lane.js";

/** The client's lane of one direction, or one of its own where a number of its own is asked for. */
export function laneFor(
	{ settings, lanes }: ClientContext,
	direction: keyof ClientContext["lanes"],
	concurrency: number | undefined,
): Lane {
	if (concurrency === undefined) return lanes[direction];
	const { floor } = settings.concurrency[direction];
	return new Lane(concurrencyRange(direction, concurrency, Math.min(floor, concurrency)), settings.ports);
}
