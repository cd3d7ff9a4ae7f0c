import { randomBytes } from "node:crypto";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import { afterAll, beforeAll, expect, test } from "vitest";
import { installWasm } from "../../examples/support/deploy.js";
import { BlobClient, type Change, type StagedItem } from "../../src/client/node/index.js";
import { codeOf } from "../support/outcome.js";
import { openStore, type StoreFixture } from "../support/store.js";

/** Staged batches over HTTP to the built Wasm. */

let fixture: StoreFixture;
let blobs: BlobClient;
let reader: BlobClient;
beforeAll(async () => {
	fixture = await openStore({ seed: "staging" });
	blobs = clientOf();
	reader = clientOf(await fixture.network.agent(Ed25519KeyIdentity.generate()));
});
afterAll(() => fixture.dispose());

const clientOf = (agent = fixture.agent) => new BlobClient({ canisterId: fixture.canisterId, agent });
const put = (key: string, source: Uint8Array, parts = {}): StagedItem => ({
	type: "put",
	key,
	source,
	visibility: "public",
	...parts,
});
async function keysOf(client: BlobClient, prefix: string): Promise<string[]> {
	const keys: string[] = [];
	for await (const entry of client.list({ prefix, visibility: "public" }))
		if (entry.type === "blob") keys.push(`${entry.blob.key} ${entry.blob.size}`);
	return keys;
}

test("C100 C103 a site of any size is staged through an upgrade, and readers see before or after, proven", async () => {
	await blobs.uploadMany(
		Array.from({ length: 30 }, (_, n) => ({
			key: `site/${n}`,
			source: Uint8Array.of(1),
			visibility: "public" as const,
		})),
	).done;
	const large = new Uint8Array(randomBytes(3_000_000));
	const film = await blobs.prepareUpload(large, { key: "site/film", visibility: "public" }).done;
	const { batch } = await blobs.stage(
		Array.from({ length: 40 }, (_, n) => put(`site/${n}`, Uint8Array.of(2, 2))),
	);
	await installWasm(fixture.agent, fixture.canisterId, fixture.wasm, "upgrade");
	const staged = await blobs.stage(
		[
			{ type: "commit", upload: film },
			{ type: "delete", key: "site/7" },
		],
		{ batch },
	);
	expect(staged).toMatchObject({
		state: "open",
		items: 41,
		owner: (await fixture.agent.getPrincipal()).toText(),
	});
	const before = await keysOf(reader, "site/");
	expect(before).toHaveLength(30);

	const seen = new Set<string>();
	let isOver = false;
	const reading = (async () => {
		while (!isOver) {
			const keys = await keysOf(reader, "site/");
			seen.add(`${keys.length} ${new Set(keys.map((key) => key.split(" ")[1])).size}`);
		}
	})();
	const version = await blobs.reveal(batch);
	await keysOf(reader, "site/");
	isOver = true;
	await reading;
	// 30 of one byte; then 39 of two, and the film.
	for (const pages of seen) expect(["30 1", "40 2"]).toContain(pages);
	expect(await keysOf(blobs, "site/")).toHaveLength(40);
	expect(Buffer.compare(await reader.download("site/film").bytes(), large)).toBe(0);
	expect(await codeOf(reader.stat("site/7", { trust: "subnet" }))).toBe("blob_not_found");

	const changes: Change[] = [];
	for await (const change of blobs.changes()) changes.push(change);
	const its = changes.filter(({ sequence }) => sequence === version.sequence);
	expect(its.map(({ type }) => type)).toEqual([...Array(40).fill("published"), "deleted"]);
	expect(its.map(({ inBatch }) => inBatch?.index)).toEqual(its.map((_, index) => index));
	// Who stops within it begins with all of it again.
	const after: Change[] = [];
	for await (const change of blobs.changes({ after: its[5]!.cursor })) after.push(change);
	expect(after).toHaveLength(its.length);
	expect(await blobs.listBatches()).toEqual([]);
});

test("C101 a batch that cannot be revealed says for which key, and goes on once that is put right", async () => {
	const { batch } = await blobs.stage([
		put("fix/a", Uint8Array.of(1)),
		put("fix/b", Uint8Array.of(1), { ifNoneMatch: "*" }),
	]);
	await blobs.upload(Uint8Array.of(9), { key: "fix/b", visibility: "public" }).done;
	await expect(blobs.reveal(batch)).rejects.toMatchObject({
		code: "batch_broken",
		details: { key: "fix/b", error: { code: "precondition_failed" } },
	});
	expect(await keysOf(reader, "fix/")).toEqual(["fix/b 1"]);
	const keys: string[] = [];
	for await (const { key } of blobs.listStaged(batch)) keys.push(key);
	expect(keys).toEqual(["fix/a", "fix/b"]);
	await blobs.unstage(batch, ["fix/b"]);
	await blobs.reveal(batch);
	expect(await keysOf(blobs, "fix/")).toEqual(["fix/a 1", "fix/b 1"]);
	const dropped = await blobs.stage([put("fix/c", Uint8Array.of(1))]);
	await blobs.dropBatch(dropped.batch);
	expect(await codeOf(blobs.reveal(dropped.batch))).toBe("batch_finished");
});
