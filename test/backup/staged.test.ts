import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { expect, test } from "vitest";
import { hex, sha256 } from "../../src/backup/format/names.js";
import { backup, Repository, restore, verify } from "../../src/backup/index.js";
import { startUpload } from "../../src/client/upload/index.js";
import { put, remove } from "../canister/engine/staged-store.js";
import { MemoryStore, pseudoBytes } from "../client/support/memory-store.js";
import { newId } from "../support/store.js";
import { clientOf } from "./support/client.js";
import { contentOf } from "./support/content.js";
import { MemorySink } from "./support/sinks.js";

/** Snapshots during the preparation and reveal of a staged batch: each shows the state before or after it. */

const CHUNK = 65_536;
const digest = (bytes: Uint8Array) => hex(sha256(Buffer.from(bytes)));
type Content = Record<string, string>;
const OLD = 6;
const bytesOf = (n: number, isNew: boolean) =>
	pseudoBytes(n % 4 === 0 && !isNew ? 2 * CHUNK + n : 100 + n, n + (isNew ? 100 : 1));
const keyOf = (n: number) => `site/${String(n).padStart(2, "0")}`;

const BEFORE: Content = {};
const AFTER: Content = {};
for (let n = 0; n < OLD; n++) BEFORE[keyOf(n)] = digest(bytesOf(n, false));
for (let n = 0; n < 2 * OLD; n++)
	if (n >= 3) AFTER[keyOf(n)] = digest(n < OLD && n % 2 === 1 ? bytesOf(n, false) : bytesOf(n, true));
/** Deletes the first three, replaces every second one of the others, and adds as many as there were. */
const items = Array.from({ length: 2 * OLD }, (_, n) => n)
	.filter((n) => n < 3 || n >= OLD || n % 2 === 0)
	.map((n) => (n < 3 ? remove(keyOf(n)) : put(keyOf(n), bytesOf(n, true))));

class Scene {
	readonly store = new MemoryStore();
	readonly batch = newId();

	static async make(): Promise<Scene> {
		const scene = new Scene();
		const context = scene.store.context({ chunkBytes: CHUNK });
		for (let n = 0; n < OLD; n++) await startUpload(context, bytesOf(n, false), { key: keyOf(n) }).done;
		scene.step();
		await scene.store.direct("blobs_stage", { id: newId(), batch: scene.batch, items });
		return scene;
	}

	step(): void {
		this.store.host.time += 1_000;
		this.store.engine.clean();
	}

	async state(): Promise<string> {
		return ((await this.store.direct("blobs_staged_batch", { batch: this.batch })) as { state: string })
			.state;
	}

	/** All items are ready: the next step reveals them. */
	async prepare(): Promise<void> {
		await this.store.direct("blobs_reveal", { id: newId(), batch: this.batch });
		this.step();
		expect(await this.state()).toBe("preparing");
	}

	async backup(repository: Repository): Promise<Content> {
		const { summary } = await backup(repository, { client: clientOf(this.store), canister: "aaaaa-aa" });
		expect(summary.missing).toBe(0);
		return contentOf(repository, summary.id);
	}
}

test("C135 incremental snapshots before, during and after a reveal hold what keys held, and restore to that", async () => {
	const scene = await Scene.make();
	const repository = await Repository.init(new MemorySink());
	expect(await scene.backup(repository)).toEqual(BEFORE);
	await scene.prepare();
	expect(await scene.backup(repository)).toEqual(BEFORE);
	await startUpload(scene.store.context(), pseudoBytes(9), { key: "else" }).done;
	const other = { else: digest(pseudoBytes(9)) };
	expect(await scene.backup(repository)).toEqual({ ...BEFORE, ...other });
	// What the backups' leases and the upload changed meanwhile is followed first.
	for (let steps = 0; steps < 3 && (await scene.state()) !== "revealed"; steps++) scene.step();
	expect(await scene.state()).toBe("revealed");
	const { summary } = await backup(repository, { client: clientOf(scene.store), canister: "aaaaa-aa" });
	expect(await contentOf(repository, summary.id)).toEqual({ ...AFTER, ...other });
	for (let steps = 0; steps < 5; steps++) scene.step();
	expect(await scene.backup(repository)).toEqual({ ...AFTER, ...other });
	expect(await verify(repository)).toMatchObject({ damages: 0, snapshots: 5 });

	const target = await mkdtemp(join(tmpdir(), "canister-blobs-staged-"));
	try {
		await restore(repository, summary.id, target);
		const restored: Content = {};
		for (const name of await readdir(target, { recursive: true, withFileTypes: true }))
			if (name.isFile()) {
				const path = join(name.parentPath, name.name);
				restored[relative(target, path)] = digest(await readFile(path));
			}
		expect(restored).toEqual({ ...AFTER, ...other });
	} finally {
		await rm(target, { recursive: true });
	}
});

/** Calls of a snapshot, the first one of its repository or the next. `before` is called before each. */
async function snapshot(isNext: boolean, before: (scene: Scene) => () => void): Promise<[Content, number]> {
	const scene = await Scene.make();
	const repository = await Repository.init(new MemorySink());
	if (isNext) await scene.backup(repository);
	await scene.prepare();
	scene.store.calls.length = 0;
	scene.store.hooks.before = before(scene);
	const content = await scene.backup(repository);
	return [content, scene.store.calls.length];
}

test.each([
	["the first", false],
	["the next", true],
])("C135 %s snapshot is whole wherever in it the reveal comes", async (_, isNext) => {
	const [undisturbed, calls] = await snapshot(isNext, () => () => {});
	expect(undisturbed).toEqual(BEFORE);
	expect(calls).toBeGreaterThan(0);
	const seen = new Set<string>();
	for (let nth = 0; nth < calls; nth += Math.ceil(calls / 20)) {
		const [content] = await snapshot(isNext, (scene) => {
			let count = 0;
			// What was there goes in the steps after it.
			return () => {
				if (count++ >= nth) scene.step();
			};
		});
		const isBefore = JSON.stringify(content) === JSON.stringify(BEFORE);
		seen.add(isBefore ? "before" : "after");
		if (!isBefore) expect(content, `revealed before call ${nth}`).toEqual(AFTER);
	}
	expect(seen).toContain("after");
});
