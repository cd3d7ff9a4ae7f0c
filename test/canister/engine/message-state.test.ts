import { expect, test, vi } from "vitest";
import { State } from "../../../src/canister/engine/state.js";
import { FakeHost, MapStorage } from "./surroundings.js";

/**
 * A part that is forgotten or written by nobody would leak from one message into the next. The calls stand one after
 * the other in state.ts: a list of the parts would cost each message some thousand instructions.
 */

test.each([
	["begin", "forget"],
	["flush", "flush"],
] as const)("%s does `%s` of every part that has it, once", (whole, each) => {
	const state = new State(new MapStorage(), new FakeHost(Uint8Array.of(1)));
	const spies = Object.entries(state).flatMap(([name, part]) =>
		typeof part?.[each] === "function" ? [{ name, spy: vi.spyOn(part, each) }] : [],
	);
	state[whole]();
	expect(spies.length).toBeGreaterThan(5);
	expect(spies.filter(({ spy }) => spy.mock.calls.length !== 1).map(({ name }) => name)).toEqual([]);
});
