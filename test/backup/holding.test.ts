import { Principal } from "@dfinity/principal";
import { describe, expect, test, vi } from "vitest";
import { hex } from "../../src/backup/format/names.js";
import { type BackupOptions, backup, blobsIn, Repository, verify } from "../../src/backup/index.js";
import { mode as modeOf } from "../../src/client/account.js";
import { abortUpload, changeRole, setMode } from "../../src/client/administration/administration.js";
import { deleteBlob, moveBlob, updateBlob } from "../../src/client/blobs/changing.js";
import { CanisterError } from "../../src/client/errors/errors.js";
import { changes } from "../../src/client/feed/changes.js";
import { listLeases, takeLease } from "../../src/client/feed/leases.js";
import { startPreparing, startUpload } from "../../src/client/upload/index.js";
import { MemoryStore, pseudoBytes } from "../client/support/memory-store.js";
import { clientOf } from "./support/client.js";
import { MemorySink } from "./support/sinks.js";

/** How a backup keeps a snapshot at one position of the feed while callers write. */

const CANISTER = "aaaaa-aa";
const CHUNK = 65_536;

async function sceneOf() {
	const store = new MemoryStore();
	const context = store.context({ chunkBytes: CHUNK });
	const sink = new MemorySink();
	const repository = await Repository.init(sink);
	const put = (key: string, bytes: Uint8Array | string) =>
		startUpload(context, new Uint8Array(Buffer.from(bytes)), { key }).done;
	const notes: string[] = [];
	return {
		...{ store, context, sink, repository, put, notes },
		delete: (key: string) => deleteBlob(context, key),
		mode: async () => (await modeOf(context)).mode,
		backup: (options: Partial<BackupOptions> = {}, into = repository) =>
			backup(into, {
				...{ client: clientOf(store), canister: CANISTER },
				onNote: (text) => notes.push(text),
				...options,
			}),
	};
}
type Scene = Awaited<ReturnType<typeof sceneOf>>;

async function rootsIn({ repository }: Scene, id: string): Promise<Map<string, string>> {
	const roots = new Map<string, string>();
	for await (const { key, root } of blobsIn(repository, id)) roots.set(key, root);
	return roots;
}

/** Contents of all keys after a change, from the feed. */
async function rootsAt({ context }: Scene, sequence: bigint): Promise<Map<string, string>> {
	const roots = new Map<string, string>();
	for await (const change of changes(context)) {
		if (change.sequence > sequence) break;
		if (change.type === "published") roots.set(change.manifest.key, hex(change.manifest.root));
		else if (change.type === "deleted") roots.delete(change.key);
	}
	return new Map([...roots].sort());
}

/** The change by which the last backup took its lease. */
async function leaseIn({ context }: Scene): Promise<bigint> {
	let taken = 0n;
	for await (const change of changes(context))
		if (change.type === "lease" && change.endsAt) taken = change.sequence;
	return taken;
}

describe("C49 a lease holds one place of the feed", () => {
	/** While bytes are fetched, what is still to be fetched is replaced, deleted, renamed and updated. */
	const disturb = (scene: Scene, method: string) => {
		let turn = 0;
		scene.store.hooks.before = async (call) => {
			if (call.method !== method || turn >= 9) return;
			const at = turn++;
			await scene.put(`blob-${(at + 4) % 10}`, `replaced ${at}`);
			await scene.delete(`blob-${(at + 6) % 10}`);
			if (at === 0) {
				await moveBlob(scene.context, "blobs_rename", "blob-11", "renamed");
				await updateBlob(scene.context, "blob-10", { contentType: "text/other" });
			}
		};
	};

	test("of a store that is written to all the time, for the feed", async () => {
		const scene = await sceneOf();
		for (let index = 0; index < 12; index++) await scene.put(`blob-${index}`, pseudoBytes(2_000, index + 1));
		disturb(scene, "blobs_leaves");
		const { summary, snapshot, hold } = await scene.backup();
		scene.store.hooks = {};
		expect({ hold, sequence: snapshot.sequence }).toEqual({
			hold: "lease",
			sequence: `${await leaseIn(scene)}`,
		});
		expect(snapshot.missingCount).toBe(0);
		const held = await rootsIn(scene, summary.id);
		expect(held.size).toBe(12);
		expect(held).toEqual(await rootsAt(scene, BigInt(snapshot.sequence)));
		expect(await verify(scene.repository)).toMatchObject({ damages: 0 });
		expect(await listLeases(scene.context)).toEqual([]);
		// Each write since is in the next one, once.
		const next = await scene.backup();
		expect(await rootsIn(scene, next.summary.id)).toEqual(
			await rootsAt(scene, BigInt(next.snapshot.sequence)),
		);
		expect(scene.notes).toEqual([]);
	});

	test("and for lists, where the feed was pruned", async () => {
		const scene = await sceneOf();
		for (let index = 0; index < 12; index++) await scene.put(`blob-${index}`, pseudoBytes(2_000, index + 1));
		await scene.backup();
		for (let index = 0; index < 12; index++) await scene.put(`blob-${index}`, pseudoBytes(2_000, index + 21));
		const client = clientOf(scene.store);
		const read = client.changes.bind(client);
		let isFirst = true;
		client.changes = async function* (options) {
			if (isFirst) {
				isFirst = false;
				throw new CanisterError({ cursor_pruned: { first: 7n } });
			}
			yield* read(options);
		};
		disturb(scene, "blobs_list");
		const { summary, snapshot, hold } = await scene.backup({ client });
		scene.store.hooks = {};
		expect({ hold, method: snapshot.method, sequence: snapshot.sequence }).toEqual({
			hold: "lease",
			method: "lists",
			sequence: `${await leaseIn(scene)}`,
		});
		expect(await rootsIn(scene, summary.id)).toEqual(await rootsAt(scene, BigInt(snapshot.sequence)));
		expect(await verify(scene.repository)).toMatchObject({ damages: 0 });
	});

	test("that breaks: the feed is read on, to a place at which all is there", async () => {
		const scene = await sceneOf();
		for (let index = 0; index < 6; index++) await scene.put(`blob-${index}`, pseudoBytes(2_000, index + 1));
		const administrator = clientOf(scene.store);
		const broken = async () => {
			for (const { id } of await listLeases(scene.context)) await administrator.releaseLease(id);
			await scene.put("blob-4", "replaced");
			await scene.delete("blob-5");
		};
		let breaking: Promise<void> | undefined;
		scene.store.hooks.before = ({ method }) => {
			if (method !== "blobs_leaves") return undefined;
			breaking ??= broken();
			return breaking;
		};
		const { summary, snapshot, hold } = await scene.backup();
		expect(hold).toBe("feed");
		expect(scene.notes).toEqual([expect.stringContaining("the feed is read on")]);
		expect(snapshot.missingCount).toBe(0);
		expect(await rootsIn(scene, summary.id)).toEqual(await rootsAt(scene, BigInt(snapshot.sequence)));
	});

	test("that the store does not give: said, and the feed is read on", async () => {
		const scene = await sceneOf();
		await scene.put("a", "some bytes");
		for (let index = 0; index < 2; index++) await takeLease(scene.context);
		expect(await scene.backup()).toMatchObject({ hold: "feed", summary: { blobs: 1, missing: 0 } });
		expect(scene.notes).toEqual([expect.stringContaining("gives no lease")]);
	});

	test("only where bytes are to be fetched, and not where it is not wanted", async () => {
		const scene = await sceneOf();
		await scene.put("a", "some bytes");
		await scene.put("b", "others");
		await scene.backup({ hold: "feed" });
		await scene.delete("a");
		await scene.backup();
		await scene.backup();
		expect(scene.store.count("blobs_take_lease")).toBe(0);
		await scene.put("c", "more");
		expect(await scene.backup()).toMatchObject({ changes: 1, hold: "lease" });
		expect(await scene.backup()).toMatchObject({ changes: 0, hold: "feed" });
		expect(scene.store.count("blobs_take_lease")).toBe(1);
	});

	test("however long the backup takes: it is extended before it ends", async () => {
		vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
		try {
			const scene = await sceneOf();
			await scene.put("a", "some bytes");
			let extended = 0;
			scene.store.hooks.before = async ({ method }) => {
				if (method === "blobs_extend_lease") extended++;
				if (method !== "blobs_get_chunk" || extended > 0) return;
				await vi.advanceTimersByTimeAsync(3_600_000);
			};
			expect(await scene.backup()).toMatchObject({ hold: "lease" });
			expect(extended).toBeGreaterThanOrEqual(4);
			expect(vi.getTimerCount()).toBe(0);
		} finally {
			vi.useRealTimers();
		}
	});
});

describe("in maintenance", () => {
	test("uploads are waited for, then nobody writes; and the store is live again", async () => {
		const scene = await sceneOf();
		await scene.put("a", "some bytes");
		const open = await startPreparing(scene.context, pseudoBytes(3 * CHUNK), { key: "open" }).done;
		const modes: string[] = [];
		scene.store.hooks.before = async ({ method, nth }) => {
			if (method === "blobs_stats" && nth === 1) {
				modes.push(await scene.mode());
				await abortUpload(
					scene.context,
					Principal.fromUint8Array(scene.store.owner),
					Buffer.from(open.id, "hex"),
				);
			}
			if (method === "blobs_leaves" || method === "blobs_get_chunk") modes.push(await scene.mode());
		};
		expect(await scene.backup({ hold: "maintenance", drainMs: 5_000 })).toMatchObject({
			hold: "maintenance",
			summary: { blobs: 1, missing: 0 },
		});
		expect([...new Set(modes)]).toEqual(["draining", "maintenance"]);
		expect(await scene.mode()).toBe("live");
		expect(scene.store.count("blobs_take_lease")).toBe(0);
		expect(scene.notes).toEqual([]);
		expect([...scene.sink.objects.keys()].filter((name) => name.startsWith("modes/"))).toEqual([]);
	});

	test("uploads that stay open are waited for only so long, and told", async () => {
		const scene = await sceneOf();
		await startPreparing(scene.context, pseudoBytes(3 * CHUNK), { key: "open" }).done;
		await scene.backup({ hold: "maintenance", drainMs: 10 });
		expect(scene.notes).toEqual([expect.stringContaining("1 uploads are still open")]);
		expect(await scene.mode()).toBe("live");
	});

	test.each(["error", "abort"])("the store is live again after an %s", async (how) => {
		const scene = await sceneOf();
		await scene.put("a", "some bytes");
		const controller = new AbortController();
		scene.sink.before = (method, name) => {
			if (method !== "put" || !name.startsWith("packs/")) return;
			if (how === "error") throw new Error("the disk is full");
			controller.abort(new Error("interrupted"));
		};
		const made = scene.backup({ hold: "maintenance", signal: controller.signal });
		await expect(made).rejects.toThrow(how === "error" ? "disk is full" : "interrupted");
		expect(await scene.mode()).toBe("live");
		scene.sink.before = () => {};
		expect(await scene.backup()).toMatchObject({ summary: { blobs: 1 } });
	});

	test("what a killed process leaves is undone by the next backup, at whatever call it was killed", async () => {
		const left = new Set<string>();
		for (let at = 0; ; at++) {
			const scene = await sceneOf();
			await scene.put("a", "some bytes");
			let calls = 0;
			const die = () => {
				if (calls++ >= at) throw new Error("killed");
			};
			const dying = new MemorySink(scene.sink.objects);
			dying.before = (method) => {
				if (method === "put" || method === "delete" || method === "create") die();
			};
			const client = clientOf(scene.store);
			const dies = <Of extends object>(of: Of, name: keyof Of) => {
				const method = (of[name] as (...args: unknown[]) => Promise<never>).bind(of);
				of[name] = (async (...args: unknown[]) => {
					die();
					const answer = await method(...args);
					die();
					return answer;
				}) as never;
			};
			dies(client, "latestCursor");
			dies(client.admin, "setMode");
			dies(client.admin, "statistics");
			const read = client.changes.bind(client);
			client.changes = async function* (options) {
				die();
				yield* read(options);
			};
			const opened = await Repository.open(dying);
			const ended = await scene.backup({ hold: "maintenance", client }, opened).then(
				() => true,
				() => false,
			);
			left.add(await scene.mode());
			scene.notes.length = 0;
			expect(await scene.backup()).toMatchObject({ summary: { blobs: 1, missing: 0 } });
			expect(await scene.mode()).toBe("live");
			expect(scene.notes).toEqual([]);
			if (ended) break;
		}
		expect(left).toEqual(new Set(["live", "draining", "maintenance"]));
	});

	test("that somebody else has switched on stays on", async () => {
		const scene = await sceneOf();
		await scene.put("a", "some bytes");
		const { generation } = await modeOf(scene.context);
		const { generation: next } = await setMode(scene.context, "maintenance", generation);
		await expect(scene.backup({ hold: "maintenance" })).rejects.toMatchObject({ code: "store_not_live" });
		expect(await scene.backup()).toMatchObject({ summary: { blobs: 1 } });
		expect(await scene.mode()).toBe("maintenance");
		await setMode(scene.context, "live", next);
		// In the middle of a backup: it is not for the backup to switch it back.
		const other = Uint8Array.of(7, 7, 7, 2);
		await changeRole(scene.context, "blobs_grant_role", Principal.fromUint8Array(other), "admin");
		let isSwitched = false;
		scene.sink.before = async (method, name) => {
			if (method !== "create" || !name.startsWith("generations/") || isSwitched) return;
			isSwitched = true;
			scene.store.host.sender = other;
			await setMode(scene.context, "draining", (await modeOf(scene.context)).generation);
			scene.store.host.sender = scene.store.owner;
		};
		await scene.put("b", "others");
		expect(await scene.backup({ hold: "maintenance" })).toMatchObject({ summary: { blobs: 2 } });
		expect(scene.notes).toEqual([expect.stringContaining("Somebody else")]);
		expect(await scene.mode()).toBe("draining");
	});
});
