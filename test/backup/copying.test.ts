import { describe, expect, test } from "vitest";
import { backup, copy, differences, prune, Repository, verify } from "../../src/backup/index.js";
import { deleteBlob } from "../../src/client/blobs/changing.js";
import { startUpload } from "../../src/client/upload/index.js";
import { MemoryStore, pseudoBytes } from "../client/support/memory-store.js";
import { clientOf } from "./support/client.js";
import { contentOf } from "./support/content.js";
import { MemorySink } from "./support/sinks.js";

/** Copies of snapshots between repositories. */

const CANISTER = "aaaaa-aa";
const CHUNK = 600_000;
const HOLDER = { passphrase: "five words of the test", logN: 14 };
const SECRETS = { passphrase: HOLDER.passphrase };

async function sceneOf() {
	const store = new MemoryStore();
	const context = store.context({ chunkBytes: CHUNK });
	const repository = await Repository.init(new MemorySink());
	await startUpload(context, new Uint8Array(pseudoBytes(6 * CHUNK + 7, 1)), { key: "dir/large" }).done;
	await startUpload(context, new Uint8Array(Buffer.from("small")), { key: "small" }).done;
	const take = async () =>
		(await backup(repository, { client: clientOf(store), canister: CANISTER })).summary.id;
	const first = await take();
	await deleteBlob(context, "small");
	await startUpload(context, new Uint8Array(pseudoBytes(2 * CHUNK, 2)), { key: "other" }).done;
	return { store, context, repository, first, second: await take(), take };
}

const holding = (objects: Map<string, Uint8Array>, text: string) =>
	[...objects.values()].filter((bytes) => Buffer.from(bytes).includes(text));

describe("a copy", () => {
	test("is sealed anew for an encrypted repository, and back again; ids, order and contents stay", async () => {
		const { repository, first, second } = await sceneOf();
		const sealed = new MemorySink();
		const other = await Repository.init(sealed, { encryptFor: HOLDER });
		const result = await copy(repository, other, { check: "bytes" });
		expect(result).toMatchObject({ copied: [{ id: first }, { id: second }], there: [], reusedBytes: 0 });
		for (const secret of ["dir/large", "cbpack01"]) expect(holding(sealed.objects, secret)).toEqual([]);
		const opened = await Repository.open(sealed, { secrets: SECRETS });
		expect((await opened.snapshots()).map(({ id }) => id)).toEqual([first, second]);
		for (const id of [first, second])
			expect(await contentOf(opened, id)).toEqual(await contentOf(repository, id));
		expect(await verify(opened)).toMatchObject({ snapshots: 2, damages: 0 });
		const back = new MemorySink();
		await copy(opened, await Repository.init(back), { check: "bytes" });
		expect(holding(back.objects, "cbpack01").length).toBeGreaterThan(0);
		expect(await verify(await Repository.open(back))).toMatchObject({ snapshots: 2, damages: 0 });
	});

	test("has nothing to do where all is there, and shares what another snapshot has brought", async () => {
		const { repository, first, second } = await sceneOf();
		const sink = new MemorySink();
		const other = await Repository.init(sink);
		expect(await copy(repository, other, { ids: [second] })).toMatchObject({ copied: [{ id: second }] });
		const expected = await copy(repository, other, { dryRun: true });
		const written = sink.written;
		const rest = await copy(repository, other);
		expect(rest).toMatchObject({ copied: [{ id: first }], there: [{ id: second }] });
		expect(rest.bytes).toBeLessThan(5_000);
		expect({ items: expected.items, bytes: expected.bytes }).toEqual({
			items: rest.items,
			bytes: rest.bytes,
		});
		expect(sink.written - written).toBeLessThan(20_000);
		// The older one stands before the newer, so that the latest is the latest.
		expect((await other.snapshots()).map(({ id }) => id)).toEqual([first, second]);
		const again = sink.written;
		expect(await copy(repository, other)).toMatchObject({ copied: [], items: 0 });
		expect(sink.written).toBe(again);
		await expect(copy(repository, other, { ids: ["ab".repeat(32)] })).rejects.toMatchObject({
			code: "snapshot_not_found",
		});
	});

	test("is what the next backup goes on from", async () => {
		const { store, repository, second, context } = await sceneOf();
		const other = await Repository.init(new MemorySink());
		await copy(repository, other);
		await startUpload(context, new Uint8Array(Buffer.from("more")), { key: "more" }).done;
		const made = await backup(other, { client: clientOf(store), canister: CANISTER });
		expect(made).toMatchObject({ fetchedBytes: 4, snapshot: { parent: second } });
		const found = [];
		for await (const each of differences(other, second, made.summary.id)) found.push(each);
		expect(found).toEqual([{ key: "more", change: "added" }]);
	});

	test("that is killed at any write goes on, and sends nothing again that was written alone", async () => {
		const { repository, second } = await sceneOf();
		for (let at = 0; ; at++) {
			const sink = new MemorySink();
			await Repository.init(sink);
			let writes = 0;
			let isDead = false;
			const dying = new MemorySink(sink.objects);
			dying.before = (method) => {
				if (isDead || ((method === "put" || method === "create") && writes++ >= at)) {
					isDead = true;
					throw new Error("killed");
				}
			};
			await copy(repository, await Repository.open(dying)).catch(() => {});
			const alone = [...sink.objects.keys()].filter((name) => name.startsWith("chunks/")).length;
			const other = await Repository.open(sink);
			const isMade = (await other.snapshots()).length > 0;
			const { reusedBytes } = await copy(repository, other);
			if (!isMade) expect(reusedBytes).toBeGreaterThanOrEqual(alone * CHUNK);
			expect(await verify(other)).toMatchObject({ snapshots: 2, damages: 0 });
			expect(await contentOf(other, second)).toEqual(await contentOf(repository, second));
			if (!isDead) break;
		}
	});

	test("finds what another process has condemned meanwhile, and writes it again", async () => {
		const { repository, second } = await sceneOf();
		const sink = new MemorySink();
		const other = await Repository.init(sink);
		const notes: string[] = [];
		const pruning = new MemorySink(sink.objects);
		let isPruned = false;
		pruning.before = async (method, name) => {
			if (isPruned || method !== "create" || !name.startsWith("generations/")) return;
			isPruned = true;
			expect((await prune(other, { graceMs: 0 })).deleted).toBeGreaterThan(5);
		};
		await copy(repository, await Repository.open(pruning), { onNote: (text) => notes.push(text) });
		expect(notes).toEqual([expect.stringContaining("it looks again")]);
		expect(await verify(other)).toMatchObject({ snapshots: 2, damages: 0 });
		expect(await contentOf(other, second)).toEqual(await contentOf(repository, second));
	});

	test("of what is damaged is none, and a sink that damages is found", async () => {
		const { repository } = await sceneOf();
		const damaged = new MemorySink(
			new Map(
				[...(repository.sink as MemorySink).objects].map(([name, bytes]) => [name, new Uint8Array(bytes)]),
			),
		);
		const [name] = [...damaged.objects.keys()].filter((each) => each.startsWith("chunks/")) as [string];
		(damaged.objects.get(name) as Uint8Array)[9]! ^= 1;
		const target = new MemorySink();
		const other = await Repository.init(target);
		await expect(copy(await Repository.open(damaged), other)).rejects.toMatchObject({ code: "item_missing" });
		expect(await other.snapshots()).toEqual([]);

		for (const check of ["structure", "bytes"] as const) {
			const lying = new MemorySink();
			await Repository.init(lying);
			const put = lying.put.bind(lying);
			lying.put = async (name, bytes) => {
				const written = new Uint8Array(bytes);
				if (name.startsWith("chunks/")) written[5]! ^= 1;
				await put(name, check === "structure" && name.startsWith("chunks/") ? written.subarray(1) : written);
			};
			const copied = copy(repository, await Repository.open(lying), { check });
			await expect(copied, check).rejects.toMatchObject({ code: "item_missing" });
		}
	});
});
