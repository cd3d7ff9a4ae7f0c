import { Principal } from "@dfinity/principal";
import { describe, expect, it } from "vitest";
import { deleteBlob } from "../../src/client/blobs/changing.js";
import { stat } from "../../src/client/blobs/stat.js";
import { admitted } from "../../src/client/call/admittance.js";
import { exchange } from "../../src/client/call/http.js";
import { NetworkTime } from "../../src/client/call/network-time.js";
import { Download } from "../../src/client/download/download.js";
import { ClientError, isBlobError } from "../../src/client/errors/errors.js";
import { startUpload } from "../../src/client/upload/index.js";
import { RECEIPT_LIFE_MS } from "../../src/protocol/index.js";
import { MemoryStore, OTHER, pseudoBytes } from "./support/memory-store.js";
import { virtualPorts } from "./support/ports.js";
import { ProvingStore } from "./support/proving.js";
import { failure } from "./support/transfers.js";

/** Setting the system clock during an operation changes no duration. */

const HOUR = 3_600_000;
const MINUTE = 60_000;

/** Ports whose wall clock shows this much more or less from now on. */
function settable() {
	const ports = virtualPorts();
	const clock = { setMs: 0, now: () => ports.monotonic() + clock.setMs };
	return { clock, ports: { ...ports, now: clock.now } };
}

describe("a clock that is set back", () => {
	it("lengthens no wait for a role to be seen", async () => {
		const { clock, ports } = settable();
		const refusal = new ClientError("rejected", {
			rejectCode: 4,
			rejectMessage: "Canister rejected the message",
			errorCode: "IC0406",
			isCertified: false,
			method: "blobs_delete",
		});
		let calls = 0;
		const refuse = async () => {
			if (++calls === 3) clock.setMs = -HOUR;
			if (calls > 20) throw new Error("tried for ever");
			throw refusal;
		};
		const account = async () =>
			({ who: Principal.anonymous(), roles: [], administers: [false], granted: [] }) as never;
		const options = { method: "blobs_delete", ports, signal: undefined, onRetry: undefined, account };
		expect(isBlobError(await failure(admitted(refuse, options)), "not_admitted")).toBe(true);
		expect(calls).toBe(11);
	});

	it("makes nothing last that was learned about the caller", async () => {
		const { clock, ports } = settable();
		const proving = new ProvingStore();
		const { store } = proving;
		store.host.sender = OTHER;
		const context = proving.context({ ports });
		const missing = (key: string) => failure(stat(context, key));
		for (const key of ["1", "2"]) await missing(key);
		store.calls.length = 0;
		await missing("3");
		expect(store.calls.map(({ kind }) => kind)).toEqual(["query"]);
		clock.setMs = -HOUR;
		await ports.sleep(6 * MINUTE);
		await missing("4");
		expect(store.calls.map(({ kind }) => kind)).toContain("update");
	});

	it("hides no change that was made, its answer lost while the machine slept", async () => {
		const store = new MemoryStore();
		const clock = { setMs: 0 };
		const ports = { now: () => store.host.time + clock.setMs, monotonic: () => store.host.time };
		const context = store.context({ ports });
		await startUpload(context, pseudoBytes(100), { key: "a/b" }).done;
		store.hooks = {
			answer: () => {
				store.hooks = {};
				store.host.time += RECEIPT_LIFE_MS + 5 * MINUTE;
				clock.setMs = -HOUR;
				store.engine.clean();
				throw new ClientError("network", { url: "https://icp-api.io" });
			},
		};
		expect(await deleteBlob(context, "a/b")).toMatchObject({ deleted: true });
	});
});

describe.each([
	["back", -HOUR],
	["forward", HOUR],
])("progress by a clock that is set %s", (_, setMs) => {
	it("goes on at the same rate, up and down", async () => {
		const { clock, ports } = settable();
		const store = new MemoryStore();
		const chunk = 65_536;
		const bytes = pseudoBytes(40 * chunk);
		const context = store.context({
			chunkBytes: chunk,
			concurrency: { uploads: 1, downloads: 1 },
			minConcurrency: { uploads: 1 },
			ports,
		});
		let method = "blobs_put_chunk";
		store.hooks = {
			before: async (call) => {
				const { nth } = call;
				if (call.method !== method) return;
				if (nth === 37) clock.setMs = setMs;
				await ports.sleep(1_000);
			},
		};
		const transfer = startUpload(context, bytes, { key: "a/b" });
		await transfer.done;
		expect(transfer.progress.bytesPerSecond).toBeGreaterThan(0.9 * chunk);
		expect(transfer.progress.bytesPerSecond).toBeLessThan(1.1 * chunk);
		clock.setMs = 0;
		method = "blobs_get_chunk";
		const download = new Download(context, "a/b", {});
		expect(Buffer.compare(await download.bytes(), bytes)).toBe(0);
		expect(download.progress?.bytesPerSecond).toBeGreaterThan(0.9 * chunk);
		expect(download.progress?.bytesPerSecond).toBeLessThan(1.1 * chunk);
	});
});

it("a date in Retry-After counts from that of the answer", async () => {
	const headers = {
		date: "Mon, 30 Nov 2026 12:00:00 GMT",
		"retry-after": "Mon, 30 Nov 2026 12:00:30 GMT",
	};
	const refuse = async () => new Response("busy", { status: 503, headers });
	const options = { timeoutMs: 1_000, ports: { now: () => Date.parse(headers.date) - HOUR } };
	const error = await failure(exchange(refuse, new URL("https://icp-api.io"), {}, options));
	expect(isBlobError(error, "http") && error.details.retryAfterMs).toBe(30_000);
});

it("a clock that is set right soon after the network's time was asked for is asked about again", async () => {
	let [wall, mono] = [1_800_003_600_000, 0];
	const certifiedTime = async () => 1_800_000_000_000 + mono;
	const time = new NetworkTime({ ports: { now: () => wall, monotonic: () => mono }, certifiedTime });
	expect([await time.refused(0), time.offsetMs]).toEqual([true, -3_600_000]);
	mono += 5_000;
	wall += 5_000 - 3_600_000;
	expect([await time.refused(time.settings), time.offsetMs]).toEqual([true, 0]);
});
