import { expect, test, vi } from "vitest";
import { fillOf, OWNER, TestStore } from "./store.js";

/** Stable memory of this version under a made-up next one. */

test("a next layout is reached in a step that reads no blob, whatever is stored", async () => {
	const store = new TestStore();
	for (let n = 0; n < 50; n++) store.putBlob(OWNER, `k${n}`, fillOf(n, 10));
	const step = vi.fn();
	vi.resetModules();
	vi.doMock("../../../src/canister/host/memory.js", async (original) => ({
		...(await original<object>()),
		LAYOUT_VERSION: 7,
	}));
	vi.doMock("../../../src/canister/engine/base/layout-steps.js", () => ({ STEPS: { 6: step } }));
	const { Engine } = await import("../../../src/canister/engine/index.js");
	const { writes } = store.storage;
	new Engine(store.storage, store.host).start();
	expect(step).toHaveBeenCalledTimes(1);
	expect(store.storage.writes - writes).toBeLessThan(5);
	new Engine(store.storage, store.host).start();
	expect(step).toHaveBeenCalledTimes(1);
	expect(() => store.upgrade()).toThrow("has layout version 7, from which no step leads to version 6");
});
