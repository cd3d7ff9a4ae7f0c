import { Ed25519KeyIdentity } from "@dfinity/identity";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { AgentLike, AnyBlobError } from "../../src/client/index.js";
import { BlobClient, type BlobClientOptions, type UploadItem } from "../../src/client/node/index.js";
import type { Conditions } from "../../src/localnet/index.js";
import { MAX_CHUNK_BYTES } from "../../src/protocol/index.js";
import { openStore, type StoreFixture } from "../support/store.js";
import { AGENTS } from "./support/agents.js";
import { pseudoBytes } from "./support/memory-store.js";
import { hastyPorts } from "./support/ports.js";

/** Uploads over HTTP to the built Wasm, with faults of the network. */

const S = 131_072;
const SIZE = 2_064_384 + 100_001;
const bytes = pseudoBytes(SIZE);

const files = (prefix: string, count: number, size: number): UploadItem[] =>
	Array.from({ length: count }, (_, i) => ({ key: `${prefix}/${i}`, source: pseudoBytes(size, i + 1) }));

describe.each(AGENTS)("with $name", (agents) => {
	/** What does not depend on who signs and verifies is tried with one agent. */
	const isFirst = agents === AGENTS[0];
	const owner = Ed25519KeyIdentity.generate();
	let fixture: StoreFixture;
	/** The owner's. */
	let agent: AgentLike;
	let executed: string[] = [];

	beforeAll(async () => {
		fixture = await openStore(
			{ seed: "uploads", onMessage: ({ method, kind }) => kind === "update" && executed.push(method) },
			owner,
		);
		agent = await agentFor();
	});
	afterEach(() => {
		fixture.network.local!.faults.clear();
		fixture.network.local!.setConditions({});
	});
	afterAll(() => fixture.dispose());

	const agentFor = (sessionMs?: number) => {
		const { url: host, rootKey } = fixture.network;
		return agents.agent({ host, rootKey, key: owner, ...(sessionMs !== undefined && { sessionMs }) });
	};
	const client = (options: Partial<BlobClientOptions> = {}) =>
		new BlobClient({
			agent,
			canisterId: fixture.canisterId,
			chunkBytes: S,
			ports: hastyPorts,
			...options,
		});
	const puts = () => executed.filter((method) => method === "blobs_put_many").length;

	describe("under bad conditions", () => {
		const bad: Record<string, Conditions> = {
			"requests and replies that are lost": { requestLoss: 0.15, replyLoss: 0.15 },
			"429 with Retry-After and 503": {
				refusals: [
					{ status: 429, probability: 0.2, retryAfterSeconds: 1 },
					{ status: 503, probability: 0.1 },
				],
			},
		};
		for (const [name, conditions] of Object.entries(bad))
			it(`a blob arrives whole, in spite of ${name}`, async () => {
				fixture.network.local!.setConditions(conditions);
				const blobs = client({ retry: { maxAttempts: 30 } });
				const transfer = blobs.upload(bytes, { key: `bad/${name}` });
				let retries = 0;
				let waitedMs = 0;
				transfer.on("retry", ({ waitMs }) => {
					retries++;
					waitedMs += waitMs;
				});
				const blob = await transfer.done;
				expect(retries).toBe(transfer.progress.retries);
				expect(retries).toBeGreaterThan(0);
				expect(waitedMs).toBeGreaterThan(0);
				expect(transfer.progress.concurrency).toBeGreaterThanOrEqual(2);
				fixture.network.local!.setConditions({});
				expect(Buffer.compare(await blobs.download(blob).bytes(), bytes)).toBe(0);
			});
	});

	describe("a delegation that expires in the middle", () => {
		for (const clock of ["ours", "the network's"])
			it(`by ${clock} clock pauses the upload; a new sign-in goes on with it`, async () => {
				// By ours it is found before anything is sent; a clock that is behind lets the network find it.
				const behindMs = clock === "ours" ? 0 : 20_000;
				const ports = { ...hastyPorts, now: () => Date.now() - behindMs };
				const blobs = client({ agent: await agentFor(1_500), ports });
				const source = {
					size: SIZE,
					read: async (start: number, end: number) => {
						await new Promise((resolve) => setTimeout(resolve, 200));
						return bytes.slice(start, end);
					},
				};
				const transfer = blobs.upload(source, { key: `expires/${clock}` });
				const error = await new Promise<AnyBlobError>((resolve) => transfer.on("error", resolve));
				expect(error.code).toBe("identity_expired");
				expect(transfer.state).toBe("paused");
				await transfer.resume({ agent: await agentFor(60_000) });
				expect((await transfer.done).size).toBe(SIZE);
				expect(Buffer.compare(await client().download(`expires/${clock}`).bytes(), bytes)).toBe(0);
			});
	});

	if (!isFirst) return;

	describe("many files", () => {
		it("are there after any one call of theirs was lost, or its reply, and each was done once", async () => {
			for (const fault of ["request-lost", "reply-lost"] as const)
				for (const nth of [0, 1, 2]) {
					executed = [];
					fixture.network.local!.faults.at(nth, fault === "request-lost" ? "lost" : fault, {
						method: "blobs_put_many",
					});
					// chunkBytes bounds packs, too.
					const blobs = client({ chunkBytes: MAX_CHUNK_BYTES });
					const result = await blobs.uploadMany(files(`${fault}/${nth}`, 60, 80_000)).done;
					expect(result).toMatchObject({ uploaded: 60, failed: 0 });
					expect(puts()).toBe(3);
					const { manifest } = result.items[59] as { manifest: { root: Uint8Array } };
					expect((await blobs.stat(`${fault}/${nth}/59`)).root).toEqual(manifest.root);
					fixture.network.local!.faults.clear();
				}
		});

		it("have the owner that the store says they have", async () => {
			const blobs = client();
			const { items: results } = await blobs.uploadMany(files("owned", 2, 10)).done;
			expect(results.map((result) => result.status === "uploaded" && result.manifest)).toEqual([
				await blobs.stat("owned/0"),
				await blobs.stat("owned/1"),
			]);
		});
	});
});
