import { mkdtemp, open, readdir, readFile, rm, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hex, sha256 } from "../../src/backup/format/names.js";
import {
	type BackupHold,
	backup,
	blobsIn,
	copy,
	DirectorySink,
	forget,
	prune,
	Repository,
	restore,
	type Sink,
	verify,
} from "../../src/backup/index.js";
import { entriesOf } from "../../src/backup/tree/cursor.js";
import { mode } from "../../src/client/account.js";
import { changeRole } from "../../src/client/administration/administration.js";
import { runBatch } from "../../src/client/batching/batch.js";
import type { BatchItem } from "../../src/client/batching/types.js";
import { deleteBlob, moveBlob, updateBlob } from "../../src/client/blobs/changing.js";
import { changes } from "../../src/client/feed/changes.js";
import { startUpload } from "../../src/client/upload/index.js";
import { clientOf } from "../backup/support/client.js";
import { contentOf } from "../backup/support/content.js";
import { MemorySink } from "../backup/support/sinks.js";
import { MemoryStore, pseudoBytes } from "../client/support/memory-store.js";
import { seeded } from "../support/seeded.js";

/** Random histories of a store and its backups, with all that goes wrong; after each step the backups are what they must be. */

export interface SoakOptions {
	readonly seed: number;
	readonly steps: number;
	/** A directory of a small file system, for a disk that gets full. Undefined: no disk gets full. */
	readonly smallDisk?: string | undefined;
}

/** How often each thing happened. */
export type SoakCounts = Record<
	"changes" | "upgrades" | "snapshots" | "failed" | "killed" | "full" | "prunes" | "copies" | "restores",
	number
>;

const CHUNK = 65_536;
const KEYS = ["a", "a/b", "a/c", "d/e/f", "g", "h/i", "h/j", "k", "ä/ключ", "z"];
const SOMEBODY = "2chl6-4hpzw-vqaaa-aaaaa-c";
const CANISTER = "aaaaa-aa";
const HOLDS: readonly BackupHold[] = ["lease", "feed", "maintenance"];

/** Thrown by a wire that is cut, or at which the process dies. */
class Fault extends Error {}

/** A sink whose requests fail by chance, before or after they are done, and all of them from a certain one on. */
function faulty(sink: Sink, fails: () => boolean): Sink {
	const through = async <T>(work: () => Promise<T>): Promise<T> => {
		if (fails()) throw new Fault("the sink does not answer");
		const result = await work();
		if (fails()) throw new Fault("the answer of the sink is lost");
		return result;
	};
	return {
		name: sink.name,
		get: (...args) => through(() => sink.get(...args)),
		size: (...args) => through(() => sink.size(...args)),
		put: (...args) => through(() => sink.put(...args)),
		create: (...args) => through(() => sink.create(...args)),
		delete: (...args) => through(() => sink.delete(...args)),
		list: async function* (prefix) {
			if (fails()) throw new Fault("the sink does not answer");
			yield* sink.list(prefix);
		},
	};
}

class Soak {
	readonly counts: SoakCounts = {
		...{ changes: 0, upgrades: 0, snapshots: 0, failed: 0, killed: 0, full: 0 },
		...{ prunes: 0, copies: 0, restores: 0 },
	};
	readonly #random: () => number;
	readonly #store = new MemoryStore();
	readonly #context = this.#store.context({ chunkBytes: CHUNK });
	readonly #sink: Sink;
	readonly #other = new MemorySink();
	readonly #small: string | undefined;
	/** While a backup reads, others write. */
	#isDisturbed = false;

	constructor({ seed, smallDisk }: SoakOptions) {
		this.#random = seeded(seed);
		this.#small = smallDisk;
		this.#sink =
			smallDisk === undefined ? new MemorySink() : new DirectorySink(join(smallDisk, "repository"));
	}

	async run(steps: number): Promise<SoakCounts> {
		await Repository.init(this.#sink);
		await Repository.init(this.#other, { encryptFor: { passphrase: "soak", logN: 14 } });
		for (let step = 0; step < steps; step++) await this.#step();
		await this.#snapshot("lease", () => false);
		await this.#check();
		return this.counts;
	}

	#below(count: number): number {
		return Math.floor(this.#random() * count);
	}

	#one<T>(of: readonly T[]): T {
		return of[this.#below(of.length)] as T;
	}

	async #step(): Promise<void> {
		const what = this.#random();
		if (what < 0.55) await this.#change();
		else if (what < 0.6) {
			this.#store.upgrade();
			this.counts.upgrades++;
		} else if (what < 0.85) await this.#backUp();
		else if (what < 0.93) await this.#tidy();
		else await this.#copy();
	}

	async #change(): Promise<void> {
		this.counts.changes++;
		const [key, other] = [this.#one(KEYS), this.#one(KEYS)];
		const bytes = () =>
			pseudoBytes(this.#one([0, 1, 5_000, CHUNK, 3 * CHUNK + 7, 9 * CHUNK]), 1 + this.#below(9));
		const context = this.#context;
		// What a key holds is not looked at before: that it holds nothing is an answer, too.
		const ignoring = (work: Promise<unknown>) => work.catch(() => {});
		switch (this.#below(7)) {
			case 0:
				return void (await ignoring(deleteBlob(context, key)));
			case 1:
				return void (await ignoring(moveBlob(context, "blobs_rename", key, other)));
			case 2:
				return void (await ignoring(moveBlob(context, "blobs_copy", key, other)));
			case 3:
				return void (await ignoring(updateBlob(context, key, { contentType: `text/x-${this.#below(99)}` })));
			case 4: {
				const items: BatchItem[] = [
					{ type: "put", key, source: pseudoBytes(1 + this.#below(3_000), 3), allowEmpty: true },
					...(other === key ? [] : [{ type: "delete", key: other } as const]),
				];
				return void (await ignoring(runBatch(context, items, {})));
			}
			case 5: {
				const method = this.#random() < 0.5 ? "blobs_grant_role" : "blobs_revoke_role";
				return void (await ignoring(changeRole(context, method, SOMEBODY, this.#one(["reader", "writer"]))));
			}
			default:
				return void (await ignoring(startUpload(context, bytes(), { key, allowEmpty: true }).done));
		}
	}

	/** A chance of faults on both wires, or a request from which on nothing works any more. */
	#faults(): { readonly fails: () => boolean; readonly isKilled: () => boolean } {
		const kind = this.#random();
		if (kind < 0.4) return { fails: () => false, isKilled: () => false };
		if (kind < 0.7) return { fails: () => this.#random() < 0.01, isKilled: () => false };
		let left = this.#below(120);
		return { fails: () => left-- <= 0, isKilled: () => left < 0 };
	}

	async #backUp(): Promise<void> {
		const { fails, isKilled } = this.#faults();
		const hold = this.#one(HOLDS);
		if (this.#small !== undefined && this.#random() < 0.2) await this.#backUpOnFullDisk();
		else if (!(await this.#snapshot(hold, fails))) {
			if (isKilled()) this.counts.killed++;
			else this.counts.failed++;
		}
		await this.#check();
	}

	/** @returns whether it was made */
	async #snapshot(hold: BackupHold, fails: () => boolean): Promise<boolean> {
		this.#isDisturbed = this.#random() < 0.5;
		let disturbances = this.#isDisturbed ? 4 : 0;
		let isWithin = false;
		this.#store.hooks.before = async () => {
			if (fails()) throw new Fault("the store does not answer");
			if (isWithin || disturbances === 0 || this.#random() < 0.8) return;
			disturbances--;
			// Its own calls are not disturbed.
			isWithin = true;
			await this.#change().finally(() => {
				isWithin = false;
			});
		};
		try {
			const repository = await Repository.open(faulty(this.#sink, fails), { writes: true });
			const client = clientOf(this.#store);
			const made = await backup(repository, { client, canister: CANISTER, hold, drainMs: 5 });
			this.#store.hooks = {};
			this.counts.snapshots++;
			await this.#compare(made.summary.id, BigInt(made.snapshot.sequence), made.snapshot.missingCount);
			return true;
		} catch (error) {
			if (!isFault(error)) throw error;
			return false;
		} finally {
			this.#store.hooks = {};
		}
	}

	/** Fills the small disk, so that the next backup has no room; frees it, and the one after has. */
	async #backUpOnFullDisk(): Promise<void> {
		const filler = join(this.#small as string, "filler");
		const file = await open(filler, "w");
		const { bavail, bsize } = await statfs(this.#small as string);
		const left = this.#below(300_000);
		for (let bytes = bavail * bsize - left; bytes > 0; bytes -= 1 << 20)
			await file.write(new Uint8Array(Math.min(bytes, 1 << 20)));
		await file.close();
		try {
			const repository = await Repository.open(this.#sink, { writes: true });
			await startUpload(this.#context, pseudoBytes(7 * CHUNK, 100 + this.counts.full), { key: "large" }).done;
			await backup(repository, { client: clientOf(this.#store), canister: CANISTER });
			this.counts.snapshots++;
		} catch (error) {
			if (!/ENOSPC/.test(`${error} ${(error as Error).cause}`)) throw error;
			this.counts.full++;
		} finally {
			await rm(filler);
		}
	}

	/** What the snapshot has is what keys held by that change, and a full backup has the same tree. */
	async #compare(id: string, sequence: bigint, missing: number): Promise<void> {
		const roots = new Map<string, string>();
		for await (const change of changes(this.#context)) {
			if (change.sequence > sequence) break;
			if (change.type === "published" || change.type === "restored" || change.type === "given")
				roots.set(change.manifest.key, hex(change.manifest.root));
			else if (change.type === "deleted" || change.type === "expired") roots.delete(change.key);
		}
		const repository = await Repository.open(this.#sink);
		const found = new Map<string, string>();
		for await (const { key, root } of blobsIn(repository, id)) found.set(key, root);
		same("snapshot", [...found].sort(), [...roots].sort());
		same("missing", missing, 0);
		if (this.#isDisturbed) return;
		const options = { client: clientOf(this.#store), canister: CANISTER, hold: "feed" } as const;
		const fresh = await Repository.init(new MemorySink());
		const full = await backup(fresh, options);
		same("full backup", (await repository.read(id)).blobs.root, full.snapshot.blobs.root);
		same("settings", await settingsIn(repository, id), await settingsIn(fresh, full.summary.id));
	}

	/** All snapshots there are are whole, the store is live, and files of the newest one are what it says. */
	async #check(): Promise<void> {
		// What a killed process has left the next backup undoes.
		const { mode: now } = await mode(this.#context);
		if (now !== "live") await this.#snapshot("feed", () => false);
		same("mode", (await mode(this.#context)).mode, "live");
		const repository = await Repository.open(this.#sink);
		const lines: string[] = [];
		await verify(repository, { onDamage: ({ key, reason }) => lines.push(`${key}: ${reason}`) });
		same("damages", lines, []);
		const newest = (await repository.snapshots()).at(-1);
		if (!newest || this.#random() < 0.7) return;
		this.counts.restores++;
		const folder = await mkdtemp(join(tmpdir(), "canister-blobs-soak-"));
		try {
			const expected = await contentOf(repository, newest.id);
			const { failed, missing } = await restore(repository, newest.id, folder);
			const names = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((each) =>
				each.isFile(),
			);
			// A key below a key that is a file cannot be one.
			same(
				"files",
				{ files: names.length, missing },
				{ files: Object.keys(expected).length - failed, missing: 0 },
			);
			for (const { parentPath, name } of names.slice(0, 3)) {
				const path = join(parentPath, name);
				same(path, hex(sha256(await readFile(path))), expected[path.slice(folder.length + 1)]);
			}
		} finally {
			await rm(folder, { recursive: true, force: true });
		}
	}

	async #tidy(): Promise<void> {
		const { fails } = this.#faults();
		try {
			const repository = await Repository.open(faulty(this.#sink, fails), { writes: true });
			if (this.#random() < 0.5) await forget(repository, { keep: { last: 1 + this.#below(3) } });
			await prune(repository, { graceMs: this.#random() < 0.5 ? 0 : 1_000_000 });
			this.counts.prunes++;
		} catch (error) {
			if (!isFault(error)) throw error;
			this.counts.failed++;
		}
		await this.#check();
	}

	async #copy(): Promise<void> {
		const { fails } = this.#faults();
		try {
			const from = await Repository.open(faulty(this.#sink, fails));
			const secrets = { passphrase: "soak" };
			const to = await Repository.open(faulty(this.#other, fails), { writes: true, secrets });
			await copy(from, to, { check: "bytes" });
			this.counts.copies++;
			const copied = (await to.snapshots()).at(-1);
			if (copied) same("copy", await contentOf(to, copied.id), await contentOf(from, copied.id));
		} catch (error) {
			if (!isFault(error)) throw error;
			this.counts.failed++;
		}
	}
}

/** But for the mode, which a backup in maintenance has switched itself. */
async function settingsIn(repository: Repository, id: string): Promise<string[]> {
	const found: string[] = [];
	const { settings } = await repository.read(id);
	for await (const { key, value } of entriesOf(repository.settings, settings.root))
		if (key !== "mode") found.push(`${key} ${JSON.stringify(value)}`);
	return found;
}

const isFault = (error: unknown): boolean => {
	for (let each: unknown = error; each instanceof Error; each = each.cause)
		if (each instanceof Fault) return true;
	// A wire that is cut in a commit, or in switching the mode back, is told by its text.
	return /does not answer|is lost/.test((error as Error).message);
};

function same(what: string, found: unknown, expected: unknown): void {
	const [a, b] = [JSON.stringify(found), JSON.stringify(expected)];
	if (a !== b) throw new Error(`${what}: ${a} where ${b} is expected`);
}

/** @throws what was not as it must be, with the seed that brings it back */
export async function soak(options: SoakOptions): Promise<SoakCounts> {
	try {
		return await new Soak(options).run(options.steps);
	} catch (error) {
		throw new Error(`seed ${options.seed}, ${options.steps} steps: ${(error as Error).message}`, {
			cause: error,
		});
	}
}
