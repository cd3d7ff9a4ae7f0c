import { randomBytes } from "node:crypto";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { installWasm } from "../../examples/support/deploy.js";
import { type BatchItem, BlobClient, type Change } from "../../src/client/node/index.js";
import { codeOf } from "../support/outcome.js";
import { isNamed, openStore, type StoreFixture } from "../support/store.js";

/** Batches over HTTP to the built Wasm: all changes are made or none, whatever happens in between. */

let fixture: StoreFixture;
let blobs: BlobClient;
beforeAll(async () => {
	fixture = await openStore({ seed: "batch" });
	blobs = clientOf();
});
afterEach(() => fixture.network.local?.faults.clear());
afterAll(() => fixture.dispose());

const clientOf = (agent = fixture.agent) => new BlobClient({ canisterId: fixture.canisterId, agent });
const put = (key: string, source: Uint8Array, parts = {}): BatchItem => ({
	type: "put",
	key,
	source,
	visibility: "public",
	...parts,
});
const large = new Uint8Array(randomBytes(5_000_000));
async function changesOf(): Promise<Change[]> {
	const all: Change[] = [];
	for await (const change of blobs.changes()) all.push(change);
	return all;
}

test("C77 a site is published at once: large files sent beforehand, through an upgrade, small ones with it", async () => {
	await blobs.upload(Uint8Array.of(1), { key: "site/old.html", visibility: "public" }).done;
	const film = await blobs.prepareUpload(large, {
		key: "site/film",
		visibility: "public",
		contentType: "video/mp4",
	}).done;
	await installWasm(fixture.agent, fixture.canisterId, fixture.wasm, "upgrade");
	expect(await codeOf(blobs.stat("site/film"))).toBe("blob_not_found");
	const done = await blobs.batch([
		{ type: "commit", upload: film },
		put("site/index.html", Uint8Array.of(2), { contentType: "text/html" }),
		{ type: "rename", from: "site/old.html", to: "archive/old.html" },
		{ type: "delete", key: "site/never" },
	]);
	expect(Buffer.compare(await blobs.download("site/film").bytes(), large)).toBe(0);
	const shown: string[] = [];
	for await (const entry of blobs.list()) if (entry.type === "blob") shown.push(entry.blob.key);
	expect(shown).toEqual(["archive/old.html", "site/film", "site/index.html"]);

	const changes = await changesOf();
	const its = changes.filter(({ inBatch }) => inBatch !== undefined);
	expect(its.map(({ type, inBatch }) => [type, inBatch])).toEqual(
		["published", "published", "deleted", "published"].map((type, index) => [type, { index, count: 4 }]),
	);
	expect(its.map(({ sequence }) => sequence - its[0]!.sequence)).toEqual([0n, 1n, 2n, 3n]);
	expect(done.map(({ version }) => version?.sequence)).toEqual([
		its[0]!.sequence,
		its[1]!.sequence,
		its[3]!.sequence,
		undefined,
	]);
});

test("C77 where one item is refused nothing is done, and the error says which and why", async () => {
	const before = (await changesOf()).length;
	const refused = blobs.batch([
		put("refused/a", Uint8Array.of(1)),
		put("site/index.html", Uint8Array.of(3), { ifNoneMatch: "*" }),
	]);
	await expect(refused).rejects.toMatchObject({
		code: "batch_refused",
		action: "give_up",
		details: { item: 1, error: { code: "precondition_failed" } },
	});
	expect(await codeOf(blobs.stat("refused/a"))).toBe("blob_not_found");
	expect((await changesOf()).length).toBe(before);
});

test("C77 readers see before or after: lists and proofs, while two keys change places again and again", async () => {
	const [one, two] = [Uint8Array.of(1), Uint8Array.of(2, 2)];
	await blobs.batch([put("flip/a", one), put("flip/b", two)]);
	const reader = clientOf(await fixture.network.agent(Ed25519KeyIdentity.generate()));
	let isOver = false;
	const seen = new Set<string>();
	const reading = (async () => {
		while (!isOver) {
			const sizes: number[] = [];
			for await (const entry of reader.list({ prefix: "flip/", visibility: "public" }))
				if (entry.type === "blob") sizes.push(entry.blob.size);
			seen.add(sizes.join());
		}
	})();
	for (let n = 0; n < 12; n++) {
		const [a, b] = n % 2 === 0 ? [two, one] : [one, two];
		await blobs.batch([put("flip/a", a), put("flip/b", b)]);
	}
	isOver = true;
	await reading;
	expect([...seen].sort()).toEqual(["1,2", "2,1"]);
});

test.skipIf(isNamed)(
	"C77 a batch whose request or reply is lost, or that is handed in twice, is made once",
	async () => {
		const { faults } = fixture.network.local!;
		for (const fault of ["lost", "reply-lost", "duplicate"] as const) {
			faults.at(0, fault, { method: "blobs_batch" });
			const { last } = await blobs.mode({ trust: "subnet" });
			const [done] = await blobs.batch([
				put(`once/${fault}`, Uint8Array.of(7)),
				{ type: "delete", key: `never/${fault}` },
			]);
			expect(done?.version?.sequence).toBe(last.sequence + 1n);
			expect((await blobs.mode({ trust: "subnet" })).last.sequence).toBe(last.sequence + 1n);
		}
	},
);
