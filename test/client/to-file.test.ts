import { type ChildProcess, fork } from "node:child_process";
import {
	link,
	mkdir,
	mkdtemp,
	open,
	readdir,
	readFile,
	rename,
	rm,
	symlink,
	writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { Download } from "../../src/client/download/download.js";
import { ClientError } from "../../src/client/errors/errors.js";
import { isBlobError } from "../../src/client/index.js";
import { toFile } from "../../src/client/node/index.js";
import { startUpload } from "../../src/client/upload/index.js";
import { bundleScript } from "../support/bundle.js";
import { MemoryStore, pseudoBytes } from "./support/memory-store.js";
import { type Order, type Report, CHUNK_BYTES as S, SIZE } from "./support/to-file-process.js";

/** Files that `toFile` leaves in a directory, and its treatment of other files there. */

let directory: string;
let bundled: string;
let script: string;
const children: ChildProcess[] = [];
beforeAll(async () => {
	bundled = await mkdtemp(join(tmpdir(), "blobs-to-file-script-"));
	script = await bundleScript(bundled, "to-file", join(import.meta.dirname, "support/to-file-process.ts"));
});
afterAll(() => rm(bundled, { recursive: true }));
beforeEach(async () => {
	directory = await mkdtemp(join(tmpdir(), "blobs-to-file-"));
});
afterEach(async () => {
	for (const child of children.splice(0)) child.kill("SIGKILL");
	await rm(directory, { recursive: true });
});

/** A store that holds blobs of these seeds, each under its seed as a key. */
async function filled(...seeds: number[]) {
	const store = new MemoryStore();
	const context = store.context({ chunkBytes: S, concurrency: { uploads: 4, downloads: 4 } });
	for (const seed of seeds) await startUpload(context, pseudoBytes(SIZE, seed), { key: `${seed}` }).done;
	store.calls.length = 0;
	return { store, download: (seed = 1) => new Download(context, `${seed}`, {}) };
}

const errnoOf = async (promise: Promise<unknown>) => {
	const error = await promise.then(
		() => undefined,
		(reason: unknown) => reason,
	);
	return isBlobError(error, "file_failed") ? error.details.errno : error;
};
const failAfter = (store: MemoryStore, chunks: number) => {
	store.hooks = {
		before: ({ method, nth }) => {
			if (method === "blobs_get_chunk" && nth >= chunks)
				throw new ClientError("source_changed", { reason: "" });
		},
	};
};
const holds = async (path: string, seed: number) =>
	expect(Buffer.compare(await readFile(path), pseudoBytes(SIZE, seed))).toBe(0);

/** A process that downloads, and what it says, one report after the other. */
class Downloader {
	readonly child: ChildProcess;
	readonly #reports: Report[] = [];
	#wake = () => {};

	constructor() {
		this.child = fork(script, { execArgv: [] });
		children.push(this.child);
		this.child.on("message", (report: Report) => {
			this.#reports.push(report);
			this.#wake();
		});
	}

	async next(): Promise<Report> {
		while (this.#reports.length === 0)
			await new Promise<void>((resolve) => {
				this.#wake = resolve;
			});
		return this.#reports.shift()!;
	}

	order(order: Order | "go"): void {
		this.child.send(order);
	}

	async kill(): Promise<void> {
		const over = new Promise((resolve) => this.child.once("exit", resolve));
		this.child.kill("SIGKILL");
		await over;
	}
}

/** One that has 20 chunks of the first blob, and waits. */
async function stalled(path: string): Promise<Downloader> {
	const downloader = new Downloader();
	expect(await downloader.next()).toEqual({ state: "ready" });
	downloader.order({ path, seed: 1, stallAt: 20 });
	expect(await downloader.next()).toEqual({ state: "stalled" });
	return downloader;
}

describe("the file that a download is written to", () => {
	it("stands beside no file of another key: `disk` and `disk.part` both come down, at the same time", async () => {
		const { download } = await filled(1, 2);
		const [one, two] = [join(directory, "disk"), join(directory, "disk.part")];
		await Promise.all([toFile(download(1), one), toFile(download(2), two)]);
		await holds(one, 1);
		await holds(two, 2);
		expect(await readdir(directory)).toEqual(["disk", "disk.part"]);
	});

	it("has a short name, so that a target's may have 255 bytes", async () => {
		const { store, download } = await filled(1);
		const path = join(directory, `${"é".repeat(127)}x`);
		failAfter(store, 10);
		await errnoOf(toFile(download(), path));
		const [left] = await readdir(directory);
		expect(left).toMatch(/^\.cb-.{1,110}\.part$/);
		store.hooks = {};
		expect((await toFile(download(), path)).reusedBytes).toBeGreaterThan(0);
		await holds(path, 1);
		store.calls.length = 0;
		expect(await errnoOf(toFile(download(), `${path}x`))).toBe("ENAMETOOLONG");
		expect(store.calls).toEqual([]);
	});

	it("is taken up for the same bytes only, and goes when the target is whole", async () => {
		const { store, download } = await filled(1, 2);
		const path = join(directory, "disk");
		failAfter(store, 20);
		await errnoOf(toFile(download(1), path));
		store.hooks = {};
		store.calls.length = 0;
		expect((await toFile(download(2), path)).reusedBytes).toBe(0);
		expect(store.count("blobs_get_chunk")).toBe(40);
		expect(await readdir(directory)).toEqual(["disk"]);
		await holds(path, 2);
	});

	it("is no link that somebody has put there, and no second name of another file", async () => {
		const { store, download } = await filled(1);
		const path = join(directory, "disk");
		const victim = join(directory, "victim");
		failAfter(store, 20);
		await errnoOf(toFile(download(), path));
		const left = join(directory, (await readdir(directory)).find((name) => name.startsWith(".cb-"))!);
		await writeFile(victim, "precious");
		for (const plant of [symlink, link]) {
			await rm(left, { force: true });
			await plant(victim, left);
			store.hooks = {};
			expect((await toFile(download(), path)).reusedBytes).toBe(0);
			expect(await readFile(victim, "utf8")).toBe("precious");
			await holds(path, 1);
		}
	});

	it("takes the place of a link, and does not follow it", async () => {
		const { download } = await filled(1);
		const path = join(directory, "disk");
		await writeFile(join(directory, "victim"), "precious");
		await symlink("victim", path);
		await toFile(download(), path);
		expect(await readFile(join(directory, "victim"), "utf8")).toBe("precious");
		await holds(path, 1);
	});

	it("is not made where the target cannot be: nothing is asked for then", async () => {
		const { store, download } = await filled(1);
		await mkdir(join(directory, "there"));
		expect(await errnoOf(toFile(download(), join(directory, "there")))).toBe("EISDIR");
		expect(await errnoOf(toFile(download(), `${join(directory, "new")}/`))).toBe("EISDIR");
		expect(await errnoOf(toFile(download(), "/dev/null"))).toBe("EEXIST");
		// Links that root could replace, for every process of the machine.
		expect(await errnoOf(toFile(download(), "/dev/stdout"))).toBe("EEXIST");
		await symlink("/dev/null", join(directory, "link"));
		expect(await errnoOf(toFile(download(), join(directory, "link")))).toBe("EEXIST");
		await rm(join(directory, "link"));
		expect(await errnoOf(toFile(download(), join(directory, "none/there")))).toBe("ENOENT");
		const reserved = `.cb-${"0".repeat(16)}-${"0".repeat(32)}-${"0".repeat(12)}-free.part`;
		expect(await errnoOf(toFile(download(), join(directory, reserved)))).toBe("EINVAL");
		expect(store.calls).toEqual([]);
		expect(await readdir(directory)).toEqual(["there"]);
	});

	it("is one at a time for a path in a process: another call is refused, and both ends are what they say", async () => {
		const { download } = await filled(1, 2);
		const path = join(directory, "disk");
		const outcomes = await Promise.allSettled([1, 2].map((seed) => toFile(download(seed), path)));
		const refused = outcomes.filter((outcome) => outcome.status === "rejected");
		expect(refused).toMatchObject([{ reason: { code: "file_failed", details: { errno: "EBUSY" } } }]);
		await holds(path, outcomes[0]?.status === "fulfilled" ? 1 : 2);
		await toFile(download(2), path);
		await holds(path, 2);
	});

	it("is replaced by the bytes of an older version where they are the same, which is only read", async () => {
		const { store, download } = await filled(1);
		const old = pseudoBytes(SIZE, 1);
		old[5 * S] = old[5 * S]! ^ 1;
		await writeFile(join(directory, "old"), old);
		const done = await toFile(download(), join(directory, "disk"), { reuse: join(directory, "old") });
		expect(done.reusedBytes).toBe(SIZE - S);
		expect(store.count("blobs_get_chunk")).toBe(1);
		expect(Buffer.compare(await readFile(join(directory, "old")), old)).toBe(0);
		await toFile(download(), join(directory, "disk"), { reuse: join(directory, "none") });
		await holds(join(directory, "disk"), 1);
	});
});

describe("processes that download into one file", () => {
	it("leave what they had to the next when they are killed", async () => {
		const { store, download } = await filled(1);
		const path = join(directory, "disk");
		const victim = await stalled(path);
		expect(await readdir(directory)).toHaveLength(1);
		await victim.kill();
		expect((await toFile(download(), path)).reusedBytes).toBe(20 * S);
		expect(store.count("blobs_get_chunk")).toBe(20);
		expect(await readdir(directory)).toEqual(["disk"]);
		await holds(path, 1);
	});

	it("keep their own file while they run, which others read at most", async () => {
		const { download } = await filled(1);
		const path = join(directory, "disk");
		const other = await stalled(path);
		const [held] = await readdir(directory);
		const before = await readFile(join(directory, held!));
		expect((await toFile(download(), path)).reusedBytes).toBe(20 * S);
		expect((await readdir(directory)).sort()).toEqual([held, "disk"]);
		expect(Buffer.compare(await readFile(join(directory, held!)), before)).toBe(0);
		other.order("go");
		expect(await other.next()).toMatchObject({ state: "done", isInPlace: true });
		expect(await readdir(directory)).toEqual(["disk"]);
	});

	it("each end with their own bytes in place, or say why not", async () => {
		const path = join(directory, "disk");
		const [one, two] = [new Downloader(), new Downloader()];
		await Promise.all([one.next(), two.next()]);
		const seeds: [number, number][] = [...Array(5).fill([1, 2]), ...Array(3).fill([1, 1])];
		for (const [first, second] of seeds) {
			one.order({ path, seed: first });
			two.order({ path, seed: second });
			const reports = await Promise.all([one.next(), two.next()]);
			expect(reports.some(({ state }) => state === "done")).toBe(true);
			for (const report of reports)
				if (report.state === "failed") expect(report).toMatchObject({ code: "file_failed", errno: "ESTALE" });
			const bytes = await readFile(path);
			expect([first, second].some((seed) => Buffer.compare(bytes, pseudoBytes(SIZE, seed)) === 0)).toBe(true);
			expect((await readdir(directory)).filter((name) => !name.endsWith("-free.part"))).toEqual(["disk"]);
		}
	});

	it("say that another program took their file", async () => {
		const path = join(directory, "disk");
		const { store, download } = await filled(1);
		// Its temporary file is taken away by another program as its last chunk comes.
		store.hooks = {
			before: async ({ method, nth }) => {
				if (method !== "blobs_get_chunk" || nth !== 39) return;
				const [own] = await readdir(directory);
				await rm(join(directory, own!));
				await writeFile(join(directory, own!), "another");
			},
		};
		expect(await errnoOf(toFile(download(), path))).toBe("ESTALE");
		expect(await readdir(directory)).not.toContain("disk");
	});
});

describe("the directory", () => {
	/** Does this in place of every sync of a directory; files are synced. */
	const whenSynced = async (act: () => Promise<void>) => {
		const file = await open(join(directory, "any"), "w");
		const prototype = Object.getPrototypeOf(file) as typeof file;
		const { sync: real } = prototype;
		const sync = vi.spyOn(prototype, "sync");
		sync.mockImplementation(async function (this: typeof file) {
			return (await this.stat()).isDirectory() ? act() : real.call(this);
		});
		await file.close();
		await rm(join(directory, "any"));
		return () => sync.mockRestore();
	};
	const fail = (code: string) => async () => {
		throw Object.assign(new Error(code), { code });
	};

	it("need not be one that can be synced, as some mounts are", async () => {
		const { download } = await filled(1);
		for (const code of ["EINVAL", "ENOTSUP", "EACCES", "EPERM", "EBADF"]) {
			const restore = await whenSynced(fail(code));
			await toFile(download(), join(directory, code)).finally(restore);
			await holds(join(directory, code), 1);
		}
		const restore = await whenSynced(fail("EIO"));
		expect(await errnoOf(toFile(download(), join(directory, "disk")).finally(restore))).toBe("EIO");
	});

	it("may have another program's file in the place by then, which is said and left alone", async () => {
		const { download } = await filled(1);
		const path = join(directory, "disk");
		const restore = await whenSynced(async () => {
			await writeFile(join(directory, "other"), "another");
			await rename(join(directory, "other"), path);
		});
		expect(await errnoOf(toFile(download(), path).finally(restore))).toBe("ESTALE");
		expect(await readFile(path, "utf8")).toBe("another");
	});
});
