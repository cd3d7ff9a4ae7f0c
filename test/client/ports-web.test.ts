import { createHash, randomBytes } from "node:crypto";
import { afterEach, describe, expect, it, vi } from "vitest";
import { webPorts } from "../../src/client/platform/web.js";

afterEach(() => vi.unstubAllGlobals());

describe("the ports of a browser", () => {
	it("hash without WebCrypto, and let other tasks in between", async () => {
		vi.stubGlobal("crypto", {});
		for (const length of [0, 1, 4_095, 4_096, 262_144, 262_145, 2_080_768]) {
			const bytes = new Uint8Array(randomBytes(length));
			const expected = createHash("sha256").update(bytes).digest("hex");
			expect(Buffer.from(await webPorts.sha256(bytes)).toString("hex")).toBe(expected);
		}
		let isOver = false;
		let tasks = 0;
		const count = () => {
			tasks++;
			if (!isOver) setImmediate(count);
		};
		setImmediate(count);
		await webPorts.sha256(new Uint8Array(2_080_768));
		isOver = true;
		expect(tasks).toBeGreaterThan(2);
	});

	it("sleep no longer than until there is a network again", async () => {
		const page = new EventTarget();
		const removed = vi.fn(page.removeEventListener.bind(page));
		vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
		vi.stubGlobal("removeEventListener", removed);
		vi.stubGlobal("navigator", { onLine: false });
		expect(webPorts.isOnline()).toBe(false);
		const sleeping = webPorts.sleep(3_600_000);
		page.dispatchEvent(new Event("online"));
		await sleeping;

		await webPorts.sleep(1);
		const over = new AbortController();
		const aborted = webPorts.sleep(3_600_000, over.signal);
		over.abort();
		await expect(aborted).rejects.toMatchObject({ code: "aborted" });
		expect(removed).toHaveBeenCalledTimes(3);
	});

	it("send what is long as a Blob, of exactly the bytes that are meant", async () => {
		const buffer = new Uint8Array(randomBytes(100_000));
		const short = buffer.subarray(0, 1_000);
		expect(webPorts.requestBody(short, true)).toEqual({ body: short });
		const { body } = webPorts.requestBody(buffer.subarray(10_000), true);
		expect(body).toBeInstanceOf(Blob);
		expect(new Uint8Array(await (body as Blob).arrayBuffer())).toEqual(buffer.subarray(10_000));
	});
});
