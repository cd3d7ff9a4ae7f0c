import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { backup, DirectorySink, Repository, restoreStore, verify } from "canister-blobs/backup";
import { BlobClient } from "canister-blobs/node";
import { deployCanister } from "../../examples/support/deploy.js";
import type { Figures } from "../figures.js";
import { NetworkProcess } from "../uploads/network-process.js";
import { madeUpClient } from "./source.js";

const run = promisify(execFile);
/** 1 GB, in blobs of 16 chunks. */
const CHUNK = 2_080_768;
const BLOBS = 30;
const BLOB_BYTES = 16 * CHUNK;
/** Turns of ours and theirs, whose sums are compared. */
const ROUNDS = 2;

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
	const begun = performance.now();
	await work();
	return (performance.now() - begun) / 1_000;
}

async function withFolder<T>(directory: string, work: (folder: string) => Promise<T>): Promise<T> {
	const folder = await mkdtemp(join(directory, "backup-"));
	try {
		return await work(folder);
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}

/** Runs in a process of its own. */
async function writer(...args: string[]): Promise<{ cpuMs: number; grownMB: number }> {
	const main = join(import.meta.dirname, "writer-main.ts");
	const { stdout } = await run(process.execPath, ["--expose-gc", "--import", "tsx", main, ...args]);
	return JSON.parse(stdout);
}

/** Time of a first backup over downloads of the same blobs, and of a restore over uploads of them, in turns. */
async function rates(wasm: Uint8Array, folder: string) {
	const network = await NetworkProcess.start(folder);
	try {
		const { client, agent, canisterId } = await network.store(wasm);
		const content = (index: number) => {
			const bytes = new Uint8Array(BLOB_BYTES);
			for (let at = 0; at < BLOB_BYTES; at += CHUNK) bytes.set([index, at / CHUNK, 7], at);
			return bytes;
		};
		const items = Array.from({ length: BLOBS }, (_, index) => ({
			key: `blob-${index}`,
			source: content(index),
		}));
		// The first round is slower, since its code is not compiled yet; it is not counted.
		await client.upload(content(200), { key: "warm" }).done;
		const upload = await secondsOf(() => client.uploadMany(items).done);
		const downloads = async () => {
			for (const { key } of items) for await (const _ of client.download(key));
		};
		await client.download("warm").bytes();
		const download = await secondsOf(downloads);
		const repository = await Repository.init(new DirectorySink(join(folder, "rates")));
		const canister = canisterId.toText();
		let id = "";
		const first = await secondsOf(async () => {
			id = (await backup(repository, { client, canister })).summary.id;
		});
		const empty = await deployCanister(agent, wasm);
		const into = new BlobClient({ agent, canisterId: empty });
		const restored = await secondsOf(() => restoreStore(repository, id, into));
		// One blob more than in the timed rounds.
		const share = (BLOBS + 1) / BLOBS;
		return {
			backupFirstVersusDownload: (download * share) / first,
			restoreVersusUpload: (upload * share) / restored,
		};
	} finally {
		await network.stop();
	}
}

async function filesBelow(folder: string): Promise<string[]> {
	const found = await readdir(folder, { recursive: true, withFileTypes: true });
	return found.filter((each) => each.isFile()).map((each) => join(each.parentPath, each.name));
}

/** 512 MB of chunks in a directory, in the system's file cache. */
async function verifying(folder: string) {
	const place = join(folder, "verified");
	const repository = await Repository.init(new DirectorySink(place));
	const pieces = Array.from({ length: 256 }, (_, index) => {
		const bytes = randomBytes(CHUNK);
		return { key: `blob-${index}`, size: CHUNK, bytes: async () => bytes };
	});
	await backup(repository, { client: madeUpClient(() => pieces), canister: "aaaaa-aa", hold: "feed" });
	const files = [...(await filesBelow(join(place, "chunks"))), ...(await filesBelow(join(place, "packs")))];
	await run("sha256sum", files, { maxBuffer: 2 ** 24 });
	let [theirs, ours] = [0, 0];
	for (let round = 0; round < ROUNDS; round++) {
		theirs += await secondsOf(() => run("sha256sum", files, { maxBuffer: 2 ** 24 }));
		ours += await secondsOf(async () => {
			const { damages } = await verify(await Repository.open(new DirectorySink(place)));
			if (damages > 0) throw new Error("the repository is damaged");
		});
	}
	return { verifyVersusSha256sum: theirs / ours };
}

async function bytesBelow(folder: string): Promise<number> {
	const sizes = await Promise.all((await filesBelow(folder)).map(async (path) => (await stat(path)).size));
	return sizes.reduce((sum, size) => sum + size, 0);
}

/** Bytes and CPU of our backup of a tree over restic's, both without compression. Empty without an installed restic. */
async function againstRestic(folder: string): Promise<Partial<Figures>> {
	const files = join(folder, "files");
	await mkdir(files);
	for (let index = 0; index < 200; index++)
		await writeFile(join(files, `large-${index}`), randomBytes(2_000_000));
	for (let index = 0; index < 2_000; index++)
		await writeFile(join(files, `small-${index}`), randomBytes(20_000));
	const sums = { theirCpu: 0, ourCpu: 0, theirBytes: 0, ourBytes: 0 };
	for (let round = 0; round < ROUNDS; round++) {
		const theirs = await resticOn(folder, files);
		if (theirs === undefined) return {};
		sums.theirCpu += theirs.cpuMs;
		sums.theirBytes += theirs.bytes;
		const { cpuMs } = await writer("files", folder);
		sums.ourCpu += cpuMs;
		const ours = join(folder, "repository");
		sums.ourBytes += await bytesBelow(ours);
		await rm(ours, { recursive: true });
	}
	return {
		repositoryWriterBytesVersusRestic: sums.ourBytes / sums.theirBytes,
		repositoryWriterVersusRestic: sums.ourCpu / sums.theirCpu,
	};
}

async function resticOn(
	folder: string,
	files: string,
): Promise<{ cpuMs: number; bytes: number } | undefined> {
	const repository = join(folder, "restic");
	const env = { ...process.env, RESTIC_PASSWORD: "bench", RESTIC_CACHE_DIR: join(folder, "cache") };
	try {
		await run("restic", ["init", "--repository-version", "2", "-r", repository], { env });
	} catch (error) {
		console.error(
			`repositoryWriterVersusRestic: there is no restic (${(error as Error).message.split("\n")[0]})`,
		);
		return undefined;
	}
	const script = 'TIMEFORMAT="%U %S"; time restic -q backup --compression off -r "$0" "$1"';
	const { stderr } = await run("bash", ["-c", script, repository, files], { env });
	const seconds = stderr.trim().split(/\s+/).slice(-2).map(Number);
	const bytes = await bytesBelow(repository);
	await rm(repository, { recursive: true });
	return { cpuMs: seconds.reduce((sum, each) => sum + each, 0) * 1_000, bytes };
}

/** What a process grows by. */
export async function measureGrowth(directory: string) {
	const grown = async (kind: string, count: number) =>
		withFolder(directory, async (folder) => (await writer(kind, folder, String(count))).grownMB);
	return { backupGrowthMB: Math.max(await grown("chunks", 4_806), await grown("entries", 1_000_000)) };
}

export const measureVerify = (directory: string) => withFolder(directory, verifying);
export const measureWriter = (directory: string) => withFolder(directory, againstRestic);
export const measureRates = (wasm: Uint8Array, directory: string) =>
	withFolder(directory, (folder) => rates(wasm, folder));
