import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { HttpAgent } from "@dfinity/agent";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import { expect, test } from "vitest";
import { isBlobError, type RequestEvent } from "../../src/client/index.js";
import { BlobClient } from "../../src/client/node/index.js";
import { failure } from "./support/transfers.js";

const KEYS = [
	"attempt",
	"error",
	"host",
	"id",
	"kind",
	"method",
	"ms",
	"receivedBytes",
	"sentBytes",
	"status",
];

/** A client of a host that answers each request by this status. */
function clientOf(status: number): BlobClient {
	const agent = HttpAgent.createSync({
		host: "http://user:password@127.0.0.1:4943",
		identity: Ed25519KeyIdentity.generate(),
		fetch: async () => new Response("busy", { status }),
	});
	const retry = { maxAttempts: 3, baseDelayMs: 0, maxDelayMs: 0 };
	return new BlobClient({ agent, canisterId: "7tjcv-pp777-77776-qaaaa-cai", retry });
}

test("C140 each request is told once it has ended, by the client and by the channel, with no secret in it", async () => {
	const client = clientOf(503);
	const told: RequestEvent[] = [];
	const channelled: unknown[] = [];
	const listener = (message: unknown) => channelled.push(message);
	const stop = client.on("request", (request) => told.push(request));
	subscribe("canister-blobs:request", listener);
	const error = await failure(client.mode());
	const update = await failure(client.mode({ trust: "subnet" }));
	unsubscribe("canister-blobs:request", listener);
	expect([isBlobError(error, "http"), isBlobError(update, "http")]).toEqual([true, true]);
	expect(channelled).toEqual(told);
	for (const request of told) expect(Object.keys(request).sort()).toEqual(KEYS);
	const queries = told.filter(({ kind }) => kind === "query");
	expect(queries.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
	expect(queries[0]).toEqual({
		id: expect.stringMatching(/^[0-9a-f]{64}$/),
		kind: "query",
		method: "blobs_status",
		attempt: 1,
		host: "127.0.0.1:4943",
		sentBytes: expect.any(Number),
		receivedBytes: undefined,
		status: 503,
		ms: expect.any(Number),
		error: "http",
	});
	expect(queries[0]!.sentBytes).toBeGreaterThan(100);
	const calls = told.filter(({ kind }) => kind === "call");
	expect(calls.map(({ method, attempt }) => [method, attempt])).toEqual(
		[1, 2, 3].map((n) => ["blobs_status", n]),
	);
	// The very same message is sent again.
	expect(new Set(calls.map(({ id }) => id)).size).toBe(1);
	expect(JSON.stringify(told)).not.toMatch(/password|sig|key/i);
	const count = told.length;
	stop();
	await failure(client.mode());
	expect(told).toHaveLength(count);
});

test("a listener that throws fails no request", async () => {
	const client = clientOf(503);
	const seen: unknown[] = [];
	const caught = process.listeners("uncaughtException");
	process.removeAllListeners("uncaughtException");
	process.on("uncaughtException", (error) => seen.push(error));
	try {
		client.on("request", () => {
			throw new Error("a fault of the listener");
		});
		expect(isBlobError(await failure(client.mode()), "http")).toBe(true);
		await new Promise((resolve) => setImmediate(resolve));
		expect(seen.length).toBeGreaterThanOrEqual(3);
	} finally {
		process.removeAllListeners("uncaughtException");
		for (const listener of caught) process.on("uncaughtException", listener);
	}
});
