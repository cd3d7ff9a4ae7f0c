import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isBlobError, type UploadOptions } from "../../src/client/index.js";
import { startUpload } from "../../src/client/upload/index.js";
import { Transfer } from "../../src/client/upload/transfer.js";
import { MemoryStore, pseudoBytes } from "./support/memory-store.js";

/** Which failures of a transfer become unhandled rejections, as the platform reports them. */

let unhandled: unknown[];
let listeners: NodeJS.UnhandledRejectionListener[];
beforeEach(() => {
	unhandled = [];
	listeners = process.listeners("unhandledRejection");
	process.removeAllListeners("unhandledRejection");
	process.on("unhandledRejection", (error) => unhandled.push(error));
});
afterEach(() => {
	process.removeAllListeners("unhandledRejection");
	for (const listener of listeners) process.on("unhandledRejection", listener);
});

const failing = (options: Partial<UploadOptions> = {}) => {
	const store = new MemoryStore();
	store.hooks = {
		before: async () => {
			await settled();
			throw new TypeError("a fault");
		},
	};
	return startUpload(store.context(), pseudoBytes(10), { key: "a", ...options });
};
/** All that is due has run, what the platform tells of rejections included. */
const settled = async () => {
	for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
};

describe("a transfer that fails", () => {
	it("is an unhandled rejection where no caller looks at it", async () => {
		const transfer = failing();
		await settled();
		await settled();
		expect(transfer.state).toBe("failed");
		expect(unhandled).toHaveLength(1);
	});

	it("is one for a caller who looks at its progress only", async () => {
		failing().on("progress", () => {});
		await settled();
		await settled();
		expect(unhandled).toHaveLength(1);
	});

	it("is none for a caller who awaits it, iterates it or listens", async () => {
		const told: unknown[] = [];
		failing().on("error", (error) => told.push(error));
		failing().on("state", (state) => told.push(state));
		failing().done.catch((error) => told.push(error));
		const iterated = (async () => {
			for await (const _ of failing());
		})().catch((error) => told.push(error));
		await settled();
		await settled();
		await iterated;
		expect(told).toHaveLength(4);
		expect(unhandled).toEqual([]);
	});

	it("keeps its handle where an async function returns it", async () => {
		const transfer = await (async () => failing())();
		expect(transfer).toBeInstanceOf(Transfer);
		expect(isBlobError(await transfer.done.catch((error) => error), "internal")).toBe(true);
		await settled();
		expect(unhandled).toEqual([]);
	});

	it("is none where it was aborted", async () => {
		const controller = new AbortController();
		const bySignal = failing({ signal: controller.signal });
		const byCall = failing();
		controller.abort();
		await byCall.abort();
		await settled();
		expect([bySignal.state, byCall.state]).toEqual(["aborted", "aborted"]);
		expect(unhandled).toEqual([]);
		const error = await bySignal.done.catch((reason) => reason);
		expect(isBlobError(error, "aborted")).toBe(true);
	});
});
